import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../json/index.ts'
import type { LogicalRequest, LogicalResponse, Operation } from './logical.ts'
import { type Route, router } from './routes.ts'

const IGNORED = 'Endpoint ignored these unrecognized parameters: [a b]'
const REPLACED =
  "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]"

function ask(
  response: LogicalResponse | Promise<LogicalResponse>,
  data: JsonObject,
  { operation = 'update', route = {} }: { operation?: Operation; route?: Partial<Route> } = {},
): Promise<LogicalResponse> {
  const handler = (): LogicalResponse | Promise<LogicalResponse> => response
  const handle = router([
    {
      pattern: /thing(?:\/(?<name>\w+))?/,
      fields: {
        name: { type: 'string', in: 'path', about: 'A name.' },
        known: { type: 'string', about: 'A field.' },
      },
      operations: { read: handler, update: handler, list: handler },
      ...route,
    },
  ])
  const request: LogicalRequest = {
    id: 'r',
    operation,
    mountPoint: 'm/',
    path: 'thing/x',
    data,
    caller: undefined,
    clientToken: '',
    sudo: false,
    remoteAddress: '127.0.0.1',
  }
  return Promise.resolve(handle(request))
}

const ANSWER: LogicalResponse = { kind: 'data', data: { k: 'v' } }

describe('warnings about parameters', () => {
  it('name what was not used and what the path has set, sorted, behind the warnings that there are', async () => {
    const told = { ...ANSWER, warnings: ['first'] }
    expect(await ask(told, { b: 1, known: 2, a: 3, name: 'y' })).toEqual({
      ...ANSWER,
      warnings: ['first', IGNORED, REPLACED],
    })
    expect(await ask(Promise.resolve(ANSWER), { a: 1, b: 1 })).toEqual({ ...ANSWER, warnings: [IGNORED] })
  })

  it('are none for declared fields, for an empty request, and for null where the path says it', async () => {
    for (const data of [{}, { known: 1 }, { name: null }]) expect(await ask(ANSWER, data)).toBe(ANSWER)
  })

  it('are none where nothing is declared, or any name is', async () => {
    const undeclared = router([{ pattern: /thing/, operations: { read: () => ANSWER } }])
    const request = { operation: 'read', path: 'thing', data: { a: 1 } } as unknown as LogicalRequest
    expect(await undeclared(request)).toBe(ANSWER)
    expect(await ask(ANSWER, { a: 1, name: 'y' }, { route: { arbitrary: true } })).toBe(ANSWER)
  })

  it.each<LogicalResponse>([
    { kind: 'none' },
    { kind: 'none', warnings: [] },
    { kind: 'list', keys: [] },
    { kind: 'gone', data: null },
    { kind: 'document', data: {} },
    { kind: 'raw', status: 200, body: '{}' },
    { kind: 'accepted', warnings: ['started'] },
  ])('leave an answer as it is that has no place for them: %j', async (response) => {
    expect(await ask(response, { a: 1 })).toBe(response)
  })

  it.each<LogicalResponse>([
    { kind: 'none', warnings: ['first'] },
    { kind: 'list', keys: ['k'] },
    { kind: 'gone', data: {} },
  ])('join an answer that has one: %j', async (response) => {
    const { warnings = [] } = response
    expect(await ask(response, { a: 1, b: 1 })).toEqual({ ...response, warnings: [...warnings, IGNORED] })
  })

  it('do not speak of the page of a list, which the pipeline reads', async () => {
    const list: LogicalResponse = { kind: 'list', keys: ['k'] }
    expect(await ask(list, { after: '', limit: 1 }, { operation: 'list' })).toBe(list)
    expect(await ask(ANSWER, { limit: 1 })).toMatchObject({ warnings: [expect.stringContaining('[limit]')] })
  })

  it('S10, S55: hold no value, and take __proto__ for a name like any other', async () => {
    const data = Object.assign(Object.create(null) as JsonObject, { a: 'planted', ['__proto__']: 'planted' })
    const answer = await ask(ANSWER, data)
    expect(answer.warnings).toEqual(['Endpoint ignored these unrecognized parameters: [__proto__ a]'])
  })
})
