/** The rows of vault-api 14.8. That a cubbyhole ends with its token is tested in `token/kept.test.ts`. */
import { describe, expect, it } from 'vitest'
import { parseJson, stringifyJson } from '../../json/index.ts'
import { type Backend, type JsonObject, LogicalError, type Operation, type TokenEntry } from '../../logical/index.ts'
import { createMemoryStorage, MarkedEntryError, type Storage } from '../../storage/index.ts'
import { createCubbyhole } from './index.ts'

const open = (storage: Storage = createMemoryStorage()): Backend =>
  createCubbyhole({ storage, now: () => 1000, changeKept: (_, change) => change() })

const ALICE = { id: 'h1', type: 'service' } as TokenEntry
const BOB = { id: 'h2', type: 'service' } as TokenEntry
const BATCH = { id: '', type: 'batch' } as TokenEntry

async function ask(
  backend: Backend,
  caller: TokenEntry | undefined,
  operation: Operation,
  path: string,
  data = '{}',
): Promise<unknown> {
  try {
    const response = await backend.handle({
      id: 'r',
      operation,
      mountPoint: 'cubbyhole/',
      path,
      data: parseJson(data) as JsonObject,
      caller,
      clientToken: '',
      sudo: false,
      remoteAddress: '127.0.0.1',
    })
    if (response.kind === 'list') return response.keys
    return response.kind === 'data' ? stringifyJson(response.data) : response.kind
  } catch (error) {
    if (error instanceof LogicalError) return `${error.status} ${error.clientText}`
    throw error
  }
}

describe('the cubbyhole', () => {
  it('keeps what its token writes, whole, and shows it to no other', async () => {
    const storage = createMemoryStorage()
    const backend = open(storage)
    const written = '{"a":1.10,"n":12345678901234567890}'
    expect(await ask(backend, ALICE, 'create', 'dir/a', '{"x":1}')).toBe('none')
    expect(await ask(backend, ALICE, 'update', 'dir/a', written)).toBe('none')
    expect(await ask(open(storage), ALICE, 'read', 'dir/a')).toBe(written)
    expect(await ask(backend, ALICE, 'list', '')).toEqual(['dir/'])
    expect(await ask(backend, ALICE, 'list', 'dir/')).toEqual(['a'])
    expect(await ask(backend, BOB, 'read', 'dir/a')).toBe('none')
    expect(await ask(backend, BOB, 'list', '')).toEqual([])
    expect(await ask(backend, BOB, 'delete', 'dir/a')).toBe('none')
    expect(await ask(backend, ALICE, 'read', 'dir/a')).toBe(written)
    expect(await ask(backend, ALICE, 'delete', 'dir/a')).toBe('none')
    expect(await ask(backend, ALICE, 'read', 'dir/a')).toBe('none')
  })

  it('has no path by which one token names another’s', async () => {
    const backend = open()
    await ask(backend, ALICE, 'update', 'a', '{"x":1}')
    for (const path of ['h1/secret/a', 'secret/a', '../h1/secret/a', '/h1/secret/a']) {
      const answer = await ask(backend, BOB, 'read', path).catch((error: Error) => error.name)
      expect(['none', 'Error']).toContain(answer)
    }
  })

  it('tells a create from an update, token by token', async () => {
    const backend = open()
    await ask(backend, ALICE, 'create', 'a', '{"x":1}')
    expect([backend.exists('a', ALICE), backend.exists('a', BOB), backend.exists('b', ALICE)]).toEqual([
      true,
      false,
      false,
    ])
    for (const path of ['', 'a/', 'a//b']) expect(backend.exists(path, ALICE)).toBeUndefined()
    expect([backend.exists('a', BATCH), backend.exists('a')]).toEqual([undefined, undefined])
  })

  it('refuses a write without fields, without a path, and to a folder', async () => {
    const backend = open()
    expect(await ask(backend, ALICE, 'update', 'a')).toBe('400 missing data fields')
    expect(await ask(backend, ALICE, 'update', '', '{"x":1}')).toBe('400 missing path')
    expect(await ask(backend, ALICE, 'read', '')).toBe('400 missing path')
    expect(await ask(backend, ALICE, 'update', 'a/', '{"x":1}')).toBe("400 cannot write to a path ending in '/'")
    expect(await ask(backend, ALICE, 'patch', 'a', '{"x":1}')).toMatch(/^405 /)
    expect(await ask(backend, ALICE, 'read', 'a/')).toBe('none')
    expect(await ask(backend, ALICE, 'delete', '')).toBe('none')
  })

  it('S38: is nothing for batch tokens, and for nobody', async () => {
    const backend = open()
    for (const operation of ['read', 'create', 'update', 'list', 'delete'] as const) {
      expect(await ask(backend, BATCH, operation, 'a', '{"x":1}')).toBe(
        '400 cubbyhole operations are only supported by "service" type tokens',
      )
      expect(await ask(backend, undefined, operation, 'a', '{"x":1}')).toMatch(/^403 /)
    }
  })

  it('S46: refuses what was rolled back', async () => {
    const storage = createMemoryStorage()
    const backend = open(storage)
    await ask(backend, ALICE, 'update', 'a', '{"x":1}')
    const old = storage.get('h1/secret/a') ?? new Uint8Array()
    await ask(backend, ALICE, 'update', 'a', '{"x":2}')
    await storage.commit([{ kind: 'put', key: 'h1/secret/a', value: old }])
    await expect(ask(backend, ALICE, 'read', 'a')).rejects.toThrow(MarkedEntryError)
  })
})
