/**
 * What the tables say that each route takes, held against what its handler looks at: every route of every mount is asked,
 * with data that writes down which names are read.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../index.ts'
import type { JsonObject, JsonValue } from '../json/index.ts'
import type { CoreMethod } from './request.ts'

let server: EmbeddedServer
let token: string
let paths: Readonly<Record<string, PathItem>>

interface Schema {
  readonly type: string
  readonly format?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly description?: string
  readonly schema: Schema
}

interface OperationItem {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

type HttpMethod = 'get' | 'post' | 'patch' | 'delete'
type PathItem = Readonly<Partial<Record<HttpMethod, OperationItem>>> & { readonly parameters?: readonly Parameter[] }

async function send(method: CoreMethod, path: string, body?: JsonObject, query?: JsonObject): Promise<unknown> {
  const reply = await server.core.handle({
    method,
    path,
    body,
    query,
    contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    token,
    namespace: '',
    wrapTtl: '',
    header: () => undefined,
    remoteAddress: '127.0.0.1',
    remotePort: 1,
  })
  return reply.body === undefined ? undefined : (JSON.parse(reply.body) as unknown)
}

beforeAll(async () => {
  const loggers = { levels: () => ({ r: 'info' }) as const, setLevel: () => undefined }
  server = await startServer({ storage: { kind: 'memory' }, port: 0, loggers })
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  await server.core.unsealWithKey(keys[0] ?? Buffer.alloc(0))
  token = rootToken
  await send('POST', 'sys/mounts/one', { type: 'kv' })
  await send('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } })
  for (const type of ['approle', 'userpass', 'ldap']) await send('POST', `sys/auth/${type}`, { type })
  const { text } = await server.answer({
    method: 'GET',
    path: '/v1/sys/internal/specs/openapi',
    headers: { 'x-vault-token': token },
    body: undefined,
  })
  paths = (JSON.parse(text) as { paths: typeof paths }).paths
})
afterAll(() => server.close())

/** What is there before each request: a deletion before it must not leave it with nothing to do. */
async function prepare(path: string): Promise<JsonObject> {
  if (path.startsWith('/auth/approle/')) await send('POST', 'auth/approle/role/r', { bind_secret_id: true })
  if (path.startsWith('/auth/userpass/users/{username}/'))
    await send('POST', 'auth/userpass/users/r', { password: 'x' })
  if (path.startsWith('/two/')) await send('POST', 'two/data/r', { data: { k: 'v' } })
  if (path.startsWith('/sys/mounts/')) await send('POST', 'sys/mounts/r', { type: 'kv', options: { version: '2' } })
  if (/^\/sys\/(?:mounts\/)?auth\//.test(path)) await send('POST', 'sys/auth/r', { type: 'userpass' })
  await send('POST', 'auth/token/roles/r', { orphan: true })
  const { auth } = (await send('POST', 'auth/token/create', { policies: ['default'] })) as {
    readonly auth: { readonly client_token: string; readonly accessor: string }
  }
  return { token: auth.client_token, accessor: auth.accessor }
}

/** Clients may send these along, as in Vault: the path has decided. */
const OVERRULED = [
  /^post \/auth\/token\/create(?:-orphan|\/\{role_name\}) declares no_parent/,
  /^post \S+\{url_lease_id\} declares lease_id/,
  /^post \S+\{source\}\S* declares source/,
  /^post \S+\{urlbytes\} declares bytes/,
  /^post \S+\{urlalgorithm\} declares algorithm/,
]
/** The pipeline's own: whether it is help that is asked for. */
const OF_THE_PIPELINE = new Set(['help'])

/** That a name is read, whether it is there or not. A look at all names alone is none at one of them. */
function recording(data: JsonObject, read: Set<string>): JsonObject {
  const note = (name: string | symbol): void => {
    if (typeof name === 'string') read.add(name)
  }
  return new Proxy(data, {
    get(of, name): JsonValue | undefined {
      note(name)
      return typeof name === 'string' ? of[name] : undefined
    },
    has(of, name) {
      note(name)
      return Object.hasOwn(of, name)
    },
    getOwnPropertyDescriptor(of, name) {
      if (!Object.hasOwn(of, name)) note(name)
      return Object.getOwnPropertyDescriptor(of, name)
    },
  })
}

/** Where any value of the type is too little for the handler to go on. */
const SAMPLES: Readonly<Record<string, JsonValue>> = {
  token_type: 'service',
  password_hash: null,
  rate: 1_000_000,
  token_bound_cidrs: ['127.0.0.1/32'],
  bound_cidrs: ['127.0.0.1/32'],
  secret_id_bound_cidrs: ['127.0.0.1/32'],
  bound_cidr_list: ['127.0.0.1/32'],
  cidr_list: ['127.0.0.1/32'],
  metadata: '{}',
}

function sampleOf(name: string, { type, format, items }: Schema): JsonValue {
  const known = SAMPLES[name]
  if (known !== undefined) return known
  if (format === 'duration') return '60s'
  if (type === 'array') return [items?.type === 'integer' ? 1 : 'x']
  if (type === 'object') return {}
  if (type === 'boolean') return true
  return type === 'string' ? 'x' : 1
}

const VERBS: Readonly<Record<HttpMethod, readonly CoreMethod[]>> = {
  get: ['GET', 'LIST', 'SCAN'],
  post: ['POST'],
  patch: ['PATCH'],
  delete: ['DELETE'],
}

const PLACES: Readonly<Record<string, string>> = { '{urlbytes}': '1', '{source}': 'platform' }

/** What would end the test, and what takes any name or bytes. */
const LEFT_OUT =
  /^\/(?:auth\/token\/revoke-self|sys\/(?:seal|step-down|storage\/raft\/snapshot.*|wrapping\/wrap)|one\/.*|cubbyhole\/.*)$/

interface Asked {
  readonly path: string
  readonly method: HttpMethod
  readonly declared: Readonly<Record<string, Schema>>
  /** Captured from the path. */
  readonly named: ReadonlySet<string>
}

function operations(): Asked[] {
  return Object.entries(paths)
    .filter(([path]) => !LEFT_OUT.test(path))
    .flatMap(([path, item]) => {
      const named = new Set((item.parameters ?? []).map(({ name }) => name))
      return (['post', 'patch', 'get', 'delete'] as const).flatMap((method) => {
        const operation = item[method]
        if (operation === undefined) return []
        return [{ path, method, declared: declaredBy(operation), named }]
      })
    })
}

function declaredBy({ parameters = [], requestBody }: OperationItem): Readonly<Record<string, Schema>> {
  const [body] = Object.values(requestBody?.content ?? {})
  return {
    ...Object.fromEntries(parameters.filter(({ name }) => name !== 'list').map(({ name, schema }) => [name, schema])),
    ...body?.schema.properties,
  }
}

/** All that the handler reads: of no data, of all that is declared, and of each declared field by itself. */
async function readBy({ path, method, declared }: Asked): Promise<Set<string>> {
  const read = new Set<string>()
  const place = path.slice(1).replaceAll(/\{\w+\}/g, (name) => PLACES[name] ?? 'r')
  const all = Object.fromEntries(Object.entries(declared).map(([name, schema]) => [name, sampleOf(name, schema)]))
  const each = Object.entries(all).map(([name, value]) => ({ [name]: value }))
  for (const data of [{}, all, ...each]) {
    for (const verb of VERBS[method]) {
      const known = await prepare(path)
      const given = Object.entries(data).map(([name, value]) => [name, known[name] ?? value] as const)
      const recorded = recording(Object.fromEntries(given), read)
      if (method === 'get' || method === 'delete') await send(verb, place, undefined, recorded)
      else await send(verb, place, recorded)
    }
  }
  return read
}

describe('the declared fields of a route', () => {
  it('are those that its handler reads, and all of them', async () => {
    const asked = operations()
    expect(asked.length).toBeGreaterThan(150)
    const wrong: string[] = []
    for (const one of asked) {
      const read = await readBy(one)
      for (const name of read)
        if (!Object.hasOwn(one.declared, name) && !one.named.has(name) && !OF_THE_PIPELINE.has(name))
          wrong.push(`${one.method} ${one.path} reads ${name}, which is not declared`)
      for (const name of Object.keys(one.declared))
        if (!read.has(name)) wrong.push(`${one.method} ${one.path} declares ${name} and does not read it`)
    }
    expect(wrong.filter((text) => !OVERRULED.some((row) => row.test(text)))).toEqual([])
  })
})

describe('the OpenAPI document', () => {
  const items = (): [string, PathItem][] => Object.entries(paths)
  const operationItems = (): OperationItem[] =>
    items().flatMap(([, item]) => (['get', 'post', 'patch', 'delete'] as const).flatMap((method) => item[method] ?? []))

  it('is one of OpenAPI 3.0: no two paths of one shape, every parameter named once, every id unique', () => {
    const shapes = items().map(([path]) => path.replaceAll(/\{\w+\}/g, '{}'))
    expect(new Set(shapes).size).toBe(shapes.length)
    const ids = operationItems().map(({ operationId }) => operationId)
    expect([ids.length > 150, new Set(ids).size]).toEqual([true, ids.length])
    for (const [path, { parameters = [], get, post, patch, delete: remove }] of items()) {
      const captured = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect([path, parameters.map(({ name }) => name)]).toEqual([path, captured])
      for (const { description } of parameters)
        expect([path, description]).toEqual([path, expect.stringMatching(/\.$/)])
      for (const operation of [get, post, patch, remove]) {
        const own = (operation?.parameters ?? []).map(({ name }) => name)
        expect([path, new Set([...own, ...captured]).size]).toEqual([path, own.length + captured.length])
      }
    }
  })

  it('says of every place and value what it is', () => {
    const schemas: Schema[] = operationItems().flatMap(({ parameters = [], requestBody }) => [
      ...parameters.map(({ schema }) => schema),
      ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => [
        schema,
        ...Object.values(schema.properties ?? {}),
      ]),
    ])
    expect(schemas.length).toBeGreaterThan(300)
    const types = new Set(schemas.map(({ type }) => type))
    expect([...types].sort()).toEqual(['array', 'boolean', 'integer', 'number', 'object', 'string'])
    for (const { type, items: of } of schemas) expect(type === 'array').toBe(of !== undefined)
    for (const [path, item] of items())
      expect([path, (item as { readonly description?: string }).description]).toEqual([
        path,
        expect.stringMatching(/^[A-Z].*\.$/),
      ])
    expect(paths['/one/{path}']?.post?.requestBody?.content['application/json']?.schema).toEqual({
      type: 'object',
      additionalProperties: true,
    })
    expect(Object.keys(paths).filter((path) => path.startsWith('/auth/ldap/'))).toEqual([])
  })
})
