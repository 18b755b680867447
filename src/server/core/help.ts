/**
 * What there is, told from the tables that requests are routed by: `?help=1` and the OpenAPI document (vault-api 1.9,
 * 3.5; S50). Paths and operations; no prose and no parameters of bodies.
 *
 * Pure: mounts in, documents out. Who may see a mount is decided by the caller.
 */
import type { JsonObject } from '../json/index.ts'
import { type Backend, type Operation, pathTemplates, type PathShape, unsupportedPath } from '../logical/index.ts'
import { VAULT_VERSION } from './vault-version.ts'

export interface DescribedMount {
  /** `secret/` */
  readonly path: string
  readonly backend: Backend
}

/** @throws {LogicalError} 404 when the backend has no such path */
export function helpFor({ path, backend }: DescribedMount, rest: string): JsonObject {
  const { routes = [] } = backend.handle
  const found =
    rest === '' ? routes : routes.filter(({ pattern }) => new RegExp(`^(?:${pattern.source})$`).test(rest)).slice(0, 1)
  if (found.length === 0) throw unsupportedPath()
  const lines = found.flatMap((route) =>
    pathTemplates(route.pattern).map(
      (template) => `    ${path}${template}: ${Object.keys(route.operations).join(', ')}`,
    ),
  )
  return {
    help: `Request: ${path}${rest}\nMount:   ${path} (${backend.type})\n\nPaths and their operations:\n\n${lines.join('\n')}\n`,
    see_also: null,
    openapi: openApiOf(pathsOf({ path, backend }, found)),
  }
}

export function openApi(mounts: readonly DescribedMount[]): JsonObject {
  return openApiOf(
    Object.assign(
      Object.create(null) as JsonObject,
      ...mounts.map((mount) => pathsOf(mount, mount.backend.handle.routes ?? [])),
    ),
  )
}

function openApiOf(paths: JsonObject): JsonObject {
  return {
    openapi: '3.0.2',
    info: {
      title: 'HashiCorp Vault API',
      description: 'HTTP API of a Vault-compatible server. All API routes are prefixed with `/v1/`.',
      version: VAULT_VERSION,
    },
    paths,
  }
}

type HttpMethod = 'get' | 'post' | 'patch' | 'delete'

const METHODS: Readonly<Record<Operation, HttpMethod>> = {
  read: 'get',
  list: 'get',
  scan: 'get',
  create: 'post',
  update: 'post',
  patch: 'patch',
  delete: 'delete',
}

function pathsOf({ path: mount, backend }: DescribedMount, routes: readonly PathShape[]): JsonObject {
  const paths = Object.create(null) as JsonObject
  for (const { pattern, operations } of routes) {
    for (const template of pathTemplates(pattern))
      paths[`/${mount}${template}`] ??= pathItem(backend, template, operations)
  }
  return paths
}

function pathItem(backend: Backend, template: string, operations: PathShape['operations']): JsonObject {
  const parameters = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const item: JsonObject = {
    ...(backend.needsSudo(template) ? { 'x-vault-sudo': true } : {}),
    ...(backend.isUnauthenticated(template) ? { 'x-vault-unauthenticated': true } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
  }
  const lists = Object.hasOwn(operations, 'list')
  for (const [operation, method] of Object.entries(METHODS)) {
    if (!Object.hasOwn(operations, operation)) continue
    item[method] = {
      ...(method === 'get' && lists ? { parameters: [listParameter(operations)] } : {}),
      responses: { '200': { description: 'OK' } },
    }
  }
  return item
}

function listParameter(operations: PathShape['operations']): JsonObject {
  return {
    name: 'list',
    in: 'query',
    required: !Object.hasOwn(operations, 'read'),
    schema: { type: 'string', enum: ['true'] },
  }
}
