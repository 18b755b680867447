/**
 * What there is, told from the tables that requests are routed by, as an OpenAPI 3.0.2 document (vault-api 3.5; S50).
 *
 * Pure: mounts in, a document out. Who may see a mount is decided by the caller. It says what requests may bring; what
 * answers hold it does not say.
 */
import type { JsonObject, JsonValue } from '../json/index.ts'
import {
  type Backend,
  type Field,
  type FieldType,
  type Operation,
  pathTemplates,
  type PathShape,
} from '../logical/index.ts'
import { VAULT_VERSION } from './vault-version.ts'

export interface DescribedMount {
  /** `secret/` */
  readonly path: string
  readonly backend: Backend
}

interface DescribedRoutes {
  readonly mount: DescribedMount
  readonly routes: readonly PathShape[]
}

export function openApi(mounts: readonly DescribedMount[]): JsonObject {
  return documentOf(mounts.map((mount) => ({ mount, routes: mount.backend.handle.routes ?? [] })))
}

export function documentOf(described: readonly DescribedRoutes[]): JsonObject {
  const paths = Object.create(null) as JsonObject
  const shapes = new Set<string>()
  const idOf = uniqueIds()
  for (const { mount, routes } of described) {
    for (const route of routes) {
      if (Object.keys(route.operations).length === 0) continue
      for (const template of pathTemplates(route.pattern)) {
        const path = `/${mount.path}${template}`
        // Paths that differ in the names of parameters alone are one and the same to a reader of the document.
        const shape = path.replaceAll(/\{\w+\}/g, '{}')
        if (shapes.has(shape)) continue
        shapes.add(shape)
        paths[path] = pathItem(mount, template, route, (method) => idOf(method, path))
      }
    }
  }
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

function pathItem(
  { path, backend }: DescribedMount,
  template: string,
  route: PathShape,
  operationId: (method: HttpMethod) => string,
): JsonObject {
  const { operations, about, fields = {} } = route
  const captured = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const parameters = captured.map((name) => parameterOf(name, 'path', fields[name]))
  const methods = new Set(Object.keys(operations).map((operation) => METHODS[operation as Operation]))
  return {
    ...(about === undefined ? {} : { description: about }),
    ...(backend.needsSudo(template) ? { 'x-vault-sudo': true } : {}),
    ...(backend.isUnauthenticated(template) ? { 'x-vault-unauthenticated': true } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...Object.fromEntries(
      [...methods].map((method) => [
        method,
        { operationId: operationId(method), tags: [tagOf(path)], ...operationOf(method, route, captured) },
      ]),
    ),
  }
}

/** Vault's. */
function tagOf(mount: string): 'system' | 'auth' | 'secrets' {
  if (mount === 'sys/') return 'system'
  return mount.startsWith('auth/') ? 'auth' : 'secrets'
}

function operationOf(
  method: HttpMethod,
  { operations, fields = {}, arbitrary }: PathShape,
  captured: string[],
): JsonObject {
  const responses = { '200': { description: 'OK' } }
  const own = Object.entries(fields).filter(([name]) => !captured.includes(name))
  if (method === 'get' || method === 'delete') {
    const parameters = [
      ...(method === 'get' && Object.hasOwn(operations, 'list') ? [listParameter(operations)] : []),
      ...own
        .filter(([, field]) => field.in === 'both' || (field.in === 'query' && method === 'get'))
        .map(([name, field]) => parameterOf(name, 'query', field)),
    ]
    return { ...(parameters.length === 0 ? {} : { parameters }), responses }
  }
  const properties = own
    .filter(([, field]) => field.in === undefined || field.in === 'both')
    .map(([name, field]): [string, JsonObject] => [name, { ...schemaOf(field), description: field.about }])
  if (properties.length === 0 && arbitrary !== true) return { responses }
  const schema: JsonObject = {
    type: 'object',
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(arbitrary === true ? { additionalProperties: true } : {}),
  }
  const contentType = method === 'patch' ? 'application/merge-patch+json' : 'application/json'
  return { requestBody: { content: { [contentType]: { schema } } }, responses }
}

function parameterOf(name: string, where: 'path' | 'query', field: Field | undefined): JsonObject {
  const { deprecated, ...schema } = field === undefined ? { type: 'string' } : schemaOf(field)
  return {
    name,
    in: where,
    ...(field === undefined ? {} : { description: field.about }),
    ...(where === 'path' ? { required: true } : {}),
    ...(deprecated === undefined ? {} : { deprecated }),
    schema,
  }
}

function listParameter(operations: PathShape['operations']): JsonObject {
  return {
    name: 'list',
    in: 'query',
    required: !Object.hasOwn(operations, 'read'),
    schema: { type: 'string', enum: ['true'] },
  }
}

const SCHEMAS: Readonly<Record<FieldType, JsonObject>> = {
  string: { type: 'string' },
  int: { type: 'integer' },
  number: { type: 'number' },
  bool: { type: 'boolean' },
  duration: { type: 'string', format: 'duration' },
  list: { type: 'array', items: { type: 'string' } },
  'int-list': { type: 'array', items: { type: 'integer' } },
  map: { type: 'object' },
}

function schemaOf({ type, deprecated }: Field): Record<string, JsonValue> {
  return { ...SCHEMAS[type], ...(deprecated === true ? { deprecated } : {}) }
}

/** `getSysMountsPath`; of paths that would have the same one, the later ones get a number. */
function uniqueIds(): (method: HttpMethod, path: string) => string {
  const taken = new Set<string>()
  return (method, path) => {
    const words = path.split(/\W+/).filter((word) => word !== '')
    const id = method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
    let unique = id
    for (let count = 2; taken.has(unique); count += 1) unique = `${id}_${count}`
    taken.add(unique)
    return unique
  }
}
