import { describe, expect, it } from 'vitest'
import type {
  Backend,
  JsonObject,
  LogicalRequest,
  LogicalResponse,
  Operation,
  TokenEntry,
} from '../../logical/index.ts'
import { createShelf, createTokenWorld, START, type TokenWorld } from '../../token/shelf.case.ts'
import { createTokenBackend } from './index.ts'

interface World extends TokenWorld {
  readonly backend: Backend
  readonly root: { readonly token: string; readonly entry: TokenEntry }
  readonly ask: (
    operation: Operation,
    path: string,
    data?: JsonObject,
    as?: string,
    sudo?: boolean,
  ) => Promise<LogicalResponse>
  /** Makes a token as root and gives its text. */
  readonly make: (data?: JsonObject) => Promise<string>
}

async function createWorld(leaseTtl = { default: 2_764_800, max: 2_764_800 }): Promise<World> {
  const world = await createTokenWorld()
  const root = await world.tokens.createRoot()
  const storage = createShelf()
  const backend = createTokenBackend({
    tokens: world.tokens,
    policies: { get: (name) => (name === 'ghost' ? undefined : { name }) },
    now: () => world.now,
    storage,
    leaseTtl: () => leaseTtl,
    entityOf: (alias) => `entity of ${alias}`,
  })
  const ask: World['ask'] = async (operation, path, data = {}, as = root.token, sudo = true) => {
    const request: LogicalRequest = {
      id: 'r',
      operation,
      mountPoint: 'auth/token/',
      path,
      data,
      caller: world.tokens.lookup(as),
      clientToken: as,
      sudo,
      remoteAddress: '127.0.0.1',
    }
    return backend.handle(request)
  }
  async function make(data: JsonObject = { policies: ['a'], ttl: '1h' }): Promise<string> {
    const response = await ask('update', 'create', data)
    if (response.kind !== 'auth') throw new Error(`expected a token, got ${response.kind}`)
    return response.auth.clientToken
  }
  return Object.assign(world, { backend, root, ask, make })
}

/** Data of an answer; an empty object when it has none. */
function dataOf(response: LogicalResponse): JsonObject {
  return response.kind === 'data' ? response.data : {}
}

const bare = (code: string, message: string) => expect.objectContaining({ code, message, channel: 'bare' }) as Error
const wrapped = (message: string) =>
  expect.objectContaining({ code: 'invalid-request', message, channel: 'wrapped' }) as Error
const bad = (message: string) => bare('invalid-request', message)

describe('auth/token', () => {
  it('needs a token everywhere, and sudo for the dangerous paths', async () => {
    const { backend } = await createWorld()
    const paths = [
      'create',
      'create-orphan',
      'lookup',
      'lookup-self',
      'renew-self',
      'revoke',
      'revoke-orphan',
      'accessors',
      'accessors/',
      'tidy',
    ]
    expect(paths.filter((path) => backend.isUnauthenticated(path))).toEqual([])
    expect(paths.filter((path) => backend.needsSudo(path))).toEqual([
      'revoke-orphan',
      'accessors',
      'accessors/',
      'tidy',
    ])
    expect(backend.exists('create')).toBeUndefined()
  })

  it('knows no other paths and operations', async () => {
    const { ask } = await createWorld()
    for (const path of ['roles/x/y', 'roles/-x', 'create/x/y', 'lookup/x']) {
      await expect(ask('update', path)).rejects.toThrow(expect.objectContaining({ code: 'unsupported-path' }) as Error)
    }
    for (const [operation, path] of [
      ['delete', 'create'],
      ['read', 'create/x'],
      ['read', 'roles'],
    ] as const) {
      await expect(ask(operation, path)).rejects.toThrow(
        expect.objectContaining({ code: 'unsupported-operation' }) as Error,
      )
    }
  })

  describe('create', () => {
    it('answers with the auth block', async () => {
      const { ask } = await createWorld()
      expect(
        await ask('update', 'create', { policies: ['a', 'ghost'], ttl: '1h', meta: { k: 'v' }, num_uses: 5 }),
      ).toEqual({
        kind: 'auth',
        warnings: ['Policy "ghost" does not exist'],
        auth: {
          clientToken: expect.stringMatching(/^hvs\./) as string,
          accessor: expect.any(String) as string,
          policies: ['a', 'default', 'ghost'],
          metadata: { k: 'v' },
          leaseDuration: 3600,
          renewable: true,
          displayName: 'token',
          noDefaultPolicy: false,
          entityId: '',
          tokenType: 'service',
          orphan: false,
          numUses: 5,
        },
      })
    })

    it('a child dies with its parent, an orphan lives on', async () => {
      const { ask, make, tokens } = await createWorld()
      const parent = await make({ ttl: '1h', policies: ['a'] })
      const child = await ask('update', 'create', {}, parent, false)
      const orphan = await ask('update', 'create-orphan', {}, parent)
      await ask('update', 'revoke', { token: parent })
      const alive = [child, orphan].map(
        (made) => made.kind === 'auth' && tokens.lookup(made.auth.clientToken) !== undefined,
      )
      expect(alive).toEqual([false, true])
      expect(orphan).toMatchObject({ auth: { orphan: true } })
    })

    it('S38: a batch token makes nothing', async () => {
      const { ask, make } = await createWorld()
      const batch = await make({ type: 'batch', policies: ['a'] })
      await expect(ask('update', 'create', {}, batch, false)).rejects.toThrow(
        bad('batch tokens cannot create more tokens'),
      )
    })

    it('a chosen id once', async () => {
      const { ask, make } = await createWorld()
      expect(await make({ id: 'chosen' })).toBe('chosen')
      await expect(ask('update', 'create', { id: 'chosen' })).rejects.toThrow(
        bad('cannot create a token with a duplicate ID'),
      )
    })
  })

  describe('lookup', () => {
    it('of a root token', async () => {
      const { ask, root } = await createWorld()
      const expected = {
        id: root.token,
        accessor: root.entry.accessor,
        policies: ['root'],
        path: 'auth/token/root',
        meta: null,
        display_name: 'root',
        num_uses: 0,
        orphan: true,
        creation_time: Math.floor(START / 1000),
        creation_ttl: 0,
        expire_time: null,
        ttl: 0,
        explicit_max_ttl: 0,
        entity_id: '',
        type: 'service',
      }
      expect(await ask('read', 'lookup-self')).toEqual({ kind: 'data', data: expected })
      expect(await ask('update', 'lookup-self')).toEqual({ kind: 'data', data: expected })
      expect(await ask('update', 'lookup', { token: root.token })).toEqual({ kind: 'data', data: expected })
      expect(await ask('update', 'lookup-accessor', { accessor: root.entry.accessor })).toEqual({
        kind: 'data',
        data: { ...expected, id: '' },
      })
    })

    it('of a token that ends: times, TTL left rounded down, what it was made with', async () => {
      const world = await createWorld()
      const token = await world.make({
        policies: ['a'],
        period: '1h',
        meta: { team: 'x' },
        num_uses: 7,
        display_name: 'app',
      })
      world.now += 1_500
      const self = await world.ask('read', 'lookup-self', {}, token, false)
      expect(dataOf(self)).toMatchObject({
        id: token,
        display_name: 'token-app',
        meta: { team: 'x' },
        num_uses: 7,
        orphan: false,
        creation_ttl: 3600,
        expire_time: '2026-01-02T04:04:05.67Z',
        issue_time: '2026-01-02T03:04:05.67Z',
        ttl: 3598,
        renewable: true,
        period: 3600,
        path: 'auth/token/create',
      })
      expect(dataOf(self)).not.toHaveProperty('last_renewal')
      await world.ask('update', 'renew', { token })
      expect(dataOf(await world.ask('update', 'lookup', { token }))).toMatchObject({
        last_renewal: '2026-01-02T03:04:07.17Z',
        last_renewal_time: Math.floor((START + 1_500) / 1000),
        ttl: 3600,
      })
    })

    it('of a batch token', async () => {
      const { ask, make } = await createWorld()
      const token = await make({ type: 'batch', policies: ['a'], ttl: 60 })
      expect(dataOf(await ask('read', 'lookup-self', {}, token, false))).toMatchObject({
        id: token,
        accessor: '',
        type: 'batch',
        ttl: 60,
        renewable: false,
      })
    })

    it('S55: metadata keys are ordinary data', async () => {
      const { ask, make } = await createWorld()
      const token = await make({ meta: JSON.parse('{"__proto__": "x"}') as JsonObject, policies: ['a'] })
      expect(JSON.stringify(dataOf(await ask('update', 'lookup', { token }))['meta'])).toBe('{"__proto__":"x"}')
    })

    it('refusals', async () => {
      const { ask } = await createWorld()
      await expect(ask('update', 'lookup')).rejects.toThrow(bad('missing token ID'))
      await expect(ask('update', 'lookup', { token: 'nope' })).rejects.toThrow(bare('permission-denied', 'bad token'))
      await expect(ask('update', 'lookup-accessor')).rejects.toThrow(wrapped('missing accessor'))
      await expect(ask('update', 'lookup-accessor', { accessor: 'nope' })).rejects.toThrow(wrapped('invalid accessor'))
    })

    it('S10: a token of the wrong type is refused without repeating it', async () => {
      const { ask } = await createWorld()
      await expect(ask('update', 'lookup', { token: ['planted'] })).rejects.toThrow(
        bad('Field validation failed: error converting input for field "token": expected a string'),
      )
    })
  })

  describe('roles', () => {
    it('are made, read, changed, listed and deleted', async () => {
      const { ask, backend } = await createWorld()
      expect(await ask('list', 'roles/')).toEqual({ kind: 'list', keys: [] })
      expect(await ask('read', 'roles/ci')).toEqual({ kind: 'none' })
      expect([backend.exists('roles/ci'), backend.exists('roles'), backend.exists('create/ci')]).toEqual([
        false,
        undefined,
        undefined,
      ])
      expect(await ask('create', 'roles/ci', { orphan: true })).toEqual({ kind: 'none', warnings: [] })
      expect(await ask('create', 'roles/Build.2', {})).toEqual({ kind: 'none', warnings: [] })
      expect(backend.exists('roles/ci')).toBe(true)
      expect(await ask('update', 'roles/ci', { token_period: '1h' })).toEqual({ kind: 'none', warnings: [] })
      expect(dataOf(await ask('read', 'roles/ci'))).toMatchObject({ name: 'ci', orphan: true, token_period: 3600 })
      expect(await ask('list', 'roles/')).toEqual({ kind: 'list', keys: ['Build.2', 'ci'] })
      expect(await ask('delete', 'roles/ci')).toEqual({ kind: 'none' })
      expect(await ask('delete', 'roles/ci')).toEqual({ kind: 'none' })
      expect(await ask('list', 'roles/')).toEqual({ kind: 'list', keys: ['Build.2'] })
    })

    it('what the policy allowed as one of create and update does not become the other', async () => {
      const { ask } = await createWorld()
      await expect(ask('update', 'roles/ci')).rejects.toThrow(bad('the role was deleted meanwhile: try again'))
      const both = await Promise.allSettled([ask('create', 'roles/ci'), ask('create', 'roles/ci')])
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    })

    it('make tokens, which remember them', async () => {
      const { ask } = await createWorld()
      await ask('create', 'roles/ci', { orphan: true, path_suffix: 'build', allowed_policies: ['a'] })
      const made = await ask('update', 'create/ci')
      expect(made).toMatchObject({ auth: { policies: ['a', 'default'], orphan: true } })
      const token = made.kind === 'auth' ? made.auth.clientToken : ''
      expect(dataOf(await ask('update', 'lookup', { token }))).toMatchObject({
        role: 'ci',
        path: 'auth/token/create/ci/build',
      })
      await expect(ask('update', 'create/other')).rejects.toThrow(bad('unknown role other'))
    })

    it('are asked again when a token is renewed', async () => {
      const world = await createWorld()
      await world.ask('create', 'roles/ci', { token_period: '1h', token_explicit_max_ttl: '3h' })
      const made = await world.ask('update', 'create/ci', { policies: ['a'] })
      const token = made.kind === 'auth' ? made.auth.clientToken : ''
      expect(made).toMatchObject({ auth: { leaseDuration: 3600 } })
      await world.ask('update', 'roles/ci', { token_period: '20m', token_explicit_max_ttl: 0 })
      expect(await world.ask('update', 'renew', { token })).toMatchObject({ auth: { leaseDuration: 1200 } })
      await world.ask('update', 'roles/ci', { token_period: '2h' })
      world.now += 3_600_000 / 4
      expect(await world.ask('update', 'renew', { token })).toMatchObject({ auth: { leaseDuration: 7200 } })
      world.now += 6_300_000
      // What was fixed when the token was made stays: three hours.
      expect(await world.ask('update', 'renew', { token })).toMatchObject({ auth: { leaseDuration: 3600 } })
      await world.ask('delete', 'roles/ci')
      await expect(world.ask('update', 'renew', { token })).rejects.toThrow(
        expect.objectContaining({
          code: 'internal',
          message: 'failed to renew entry: original token role "ci" could not be found, not renewing',
        }) as Error,
      )
      expect(world.tokens.lookup(token)).toBeDefined()
    })
  })

  it('the mount’s TTLs count as they are now', async () => {
    const ttl = { default: 600, max: 3600 }
    const { ask } = await createWorld(ttl)
    expect(await ask('update', 'create', { policies: ['a'] })).toMatchObject({ auth: { leaseDuration: 600 } })
    ttl.default = 60
    const made = await ask('update', 'create', { policies: ['a'] })
    const token = made.kind === 'auth' ? made.auth.clientToken : ''
    expect(made).toMatchObject({ auth: { leaseDuration: 60 } })
    ttl.max = 300
    expect(await ask('update', 'renew', { token, increment: '1h' })).toMatchObject({
      auth: { leaseDuration: 300 },
      warnings: ['TTL of "1h" exceeded the effective max_ttl of "5m"; TTL value is capped accordingly'],
    })
  })

  describe('renew', () => {
    it('by token, self and accessor', async () => {
      const world = await createWorld()
      const token = await world.make({ policies: ['a'], ttl: '1h' })
      const accessor = world.tokens.lookup(token)?.accessor ?? ''
      world.now += 1_000_000
      expect(await world.ask('update', 'renew', { token, increment: '10m' })).toMatchObject({
        kind: 'auth',
        auth: { clientToken: token, leaseDuration: 600 },
      })
      expect(await world.ask('update', 'renew-self', {}, token, false)).toMatchObject({
        auth: { clientToken: token, leaseDuration: 3600 },
      })
      expect(await world.ask('update', 'renew-accessor', { accessor, increment: -5 })).toMatchObject({
        auth: { clientToken: '', accessor, leaseDuration: 3600 },
      })
      const capped = await world.ask('update', 'renew-self', { increment: 2_764_800 }, token, false)
      expect(capped).toMatchObject({
        auth: { leaseDuration: 2_763_800 },
        warnings: [expect.stringContaining('exceeded the effective max_ttl')],
      })
    })

    it('refusals', async () => {
      const { ask, make } = await createWorld()
      await expect(ask('update', 'renew')).rejects.toThrow(bad('missing token ID'))
      await expect(ask('update', 'renew', { token: 'nope' })).rejects.toThrow(bad('token not found'))
      await expect(ask('update', 'renew-self')).rejects.toThrow(bad('lease is not renewable'))
      const fixed = await make({ renewable: false, ttl: 60, policies: ['a'] })
      await expect(ask('update', 'renew', { token: fixed })).rejects.toThrow(bad('lease is not renewable'))
      const batch = await make({ type: 'batch', policies: ['a'] })
      await expect(ask('update', 'renew', { token: batch })).rejects.toThrow(bad('batch tokens cannot be renewed'))
      await expect(ask('update', 'renew-accessor', { accessor: 'nope' })).rejects.toThrow(wrapped('invalid accessor'))
    })
  })

  describe('revoke', () => {
    it('S40: by token, self and accessor; gone when it answers', async () => {
      const { ask, make, tokens } = await createWorld()
      const [a, b, c] = [await make(), await make(), await make()]
      expect(await ask('update', 'revoke', { token: a })).toEqual({ kind: 'none' })
      expect(await ask('update', 'revoke-self', {}, b, false)).toEqual({ kind: 'none' })
      expect(await ask('update', 'revoke-accessor', { accessor: tokens.lookup(c)?.accessor ?? '' })).toEqual({
        kind: 'none',
      })
      expect([a, b, c].map((token) => tokens.lookup(token))).toEqual([undefined, undefined, undefined])
    })

    it('an unknown token is no error, an unknown accessor is', async () => {
      const { ask } = await createWorld()
      expect(await ask('update', 'revoke', { token: 'nope' })).toEqual({ kind: 'none' })
      await expect(ask('update', 'revoke')).rejects.toThrow(bad('missing token ID'))
      await expect(ask('update', 'revoke-accessor')).rejects.toThrow(wrapped('missing accessor'))
      await expect(ask('update', 'revoke-accessor', { accessor: 'nope' })).rejects.toThrow(wrapped('invalid accessor'))
    })

    it('S38: batch tokens cannot be revoked', async () => {
      const { ask, make } = await createWorld()
      const batch = await make({ type: 'batch', policies: ['a'] })
      await expect(ask('update', 'revoke', { token: batch })).rejects.toThrow(bad('batch tokens cannot be revoked'))
      await expect(ask('update', 'revoke-self', {}, batch, false)).rejects.toThrow(
        bad('batch tokens cannot be revoked'),
      )
    })

    it('and its orphans', async () => {
      const { ask, make, tokens } = await createWorld()
      const parent = await make()
      const child = await ask('update', 'create', {}, parent, false)
      const text = child.kind === 'auth' ? child.auth.clientToken : ''
      expect(await ask('update', 'revoke-orphan', { token: parent })).toEqual({ kind: 'none' })
      expect(tokens.lookup(parent)).toBeUndefined()
      expect(dataOf(await ask('update', 'lookup', { token: text }))).toMatchObject({ orphan: true })
      await expect(ask('update', 'revoke-orphan', { token: parent })).rejects.toThrow(bad('token to revoke not found'))
      await expect(ask('update', 'revoke-orphan', { token: text }, text, false)).rejects.toThrow(
        bad('root or sudo privileges required to revoke and orphan'),
      )
    })
  })

  it('lists accessors of service tokens', async () => {
    const { ask, make, tokens, root } = await createWorld()
    const accessor = tokens.lookup(await make())?.accessor ?? ''
    await make({ type: 'batch', policies: ['a'] })
    expect(await ask('list', 'accessors/')).toEqual({ kind: 'list', keys: [accessor, root.entry.accessor].sort() })
  })

  it('tidies once at a time', async () => {
    const world = await createWorld()
    await world.make({ ttl: 10, policies: ['a'] })
    world.now += 60_000
    const answers = await Promise.all([world.ask('update', 'tidy'), world.ask('update', 'tidy')])
    expect(answers).toEqual([
      { kind: 'accepted', warnings: ['Tidy operation successfully started.'] },
      { kind: 'accepted', warnings: ['Tidy operation already in progress.'] },
    ])
    expect(world.shelf.keys().filter((key) => key.startsWith('id/'))).toHaveLength(1)
  })
})
