/**
 * What there is, told from the tables that requests are routed by, as text: `?help=1` and HELP (vault-api 1.9; S50).
 *
 * Pure: a mount and a path in, the answer out. The same as a document for programs is `openapi.ts`.
 */
import type { JsonObject } from '../json/index.ts'
import { type Backend, type Field, pathTemplates, type PathShape, unsupportedPath } from '../logical/index.ts'
import { documentOf, type DescribedMount } from './openapi.ts'

/** In Vault's shape. @throws {LogicalError} 404 when the backend has no such path */
export function helpFor(mount: DescribedMount, rest: string): JsonObject {
  const { routes = [] } = mount.backend.handle
  const found =
    rest === '' ? routes : routes.filter(({ pattern }) => new RegExp(`^(?:${pattern.source})$`).test(rest)).slice(0, 1)
  const [route] = found
  if (route === undefined) throw unsupportedPath()
  const hasOperations = found.some(({ operations }) => Object.keys(operations).length > 0)
  return {
    help: `${rest === '' || !hasOperations ? helpOfMount(mount, found) : helpOfRoute(mount, rest, route)}\n`,
    see_also: null,
    openapi: hasOperations ? documentOf([{ mount, routes: found }]) : null,
  }
}

function helpOfMount({ path, backend }: DescribedMount, routes: readonly PathShape[]): string {
  const lines = routes
    .filter(({ operations }) => Object.keys(operations).length > 0)
    .map((route) => [
      ...pathTemplates(route.pattern).map((template) => `    ${path}${template}: ${operationsOf(route)}`),
      ...(route.about === undefined ? [] : [`        ${route.about}`]),
    ])
  return [
    `Mount: ${path} (${backend.type})`,
    aboutMount(backend),
    ...(lines.length === 0 ? [] : ['## PATHS', lines.map((of) => of.join('\n')).join('\n\n')]),
  ].join('\n\n')
}

function aboutMount({ about, type }: Backend): string {
  return about ?? `A backend of type ${type}.`
}

function helpOfRoute({ path, backend }: DescribedMount, rest: string, route: PathShape): string {
  const templates = pathTemplates(route.pattern).map((template) => `${path}${template}`)
  const fields = Object.entries(route.fields ?? {})
  return [
    `Request: ${path}${rest}\nRoute:   ${templates.join('\n         ')}\nMount:   ${path} (${backend.type})`,
    ...(route.about === undefined ? [] : [route.about]),
    ...(fields.length === 0 && route.arbitrary !== true ? [] : ['## PARAMETERS']),
    ...fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(parameter),
    ...(route.arbitrary === true ? ['    any others: they are what is kept or sent on.'] : []),
    '## OPERATIONS',
    `    ${operationsOf(route)}`,
  ].join('\n\n')
}

function parameter([name, { type, about, deprecated, ...field }]: [string, Field]): string {
  const where = field.in === 'path' || field.in === 'query' ? `, ${field.in}` : ''
  return `    ${name} (${type}${where}${deprecated === true ? ', deprecated' : ''})\n        ${about}`
}

function operationsOf({ operations }: PathShape): string {
  return Object.keys(operations).join(', ')
}
