/**
 * Tokens and token roles over the wire (vault-api 7, 11), on the embedded server, OpenBao or Vault alike (see
 * target.case.ts). Where a real server differs the test says so; docs/compatibility.md has the reasons.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
const roles: string[] = []
const policies: string[] = []

beforeAll(async () => {
  vault = await openTarget()
})
afterAll(async () => {
  for (const name of roles) await vault.request('DELETE', `auth/token/roles/${name}`)
  for (const name of policies) await vault.request('DELETE', `sys/policies/acl/${name}`)
  await vault.close()
})

const textOf = (answer: RawAnswer): string => String(field(answer, 'auth', 'client_token'))
const refusal = (answer: RawAnswer): [number, string] => [answer.status, String(field(answer, 'errors'))]

let count = 0
function named(what: string): string {
  count += 1
  return vault.unique(`${what}${count}`)
}

async function role(settings: Record<string, unknown>): Promise<string> {
  const name = named('role')
  roles.push(name)
  expect((await vault.request('POST', `auth/token/roles/${name}`, { body: settings })).status).toBe(204)
  return name
}

async function policy(text: string): Promise<string> {
  const name = named('policy')
  policies.push(name)
  expect((await vault.request('PUT', `sys/policies/acl/${name}`, { body: { policy: text } })).status).toBe(204)
  return name
}

const create = (body: Record<string, unknown>, token?: string, path = 'create'): Promise<RawAnswer> =>
  vault.request('POST', `auth/token/${path}`, { body, ...(token === undefined ? {} : { token }) })
const lookUp = (token: string): Promise<RawAnswer> => vault.request('POST', 'auth/token/lookup', { body: { token } })
const self = (token: string): Promise<RawAnswer> => vault.request('GET', 'auth/token/lookup-self', { token })

describe('token roles', () => {
  it('are written, read, listed and deleted', async () => {
    const name = await role({
      allowed_policies: 'b,A',
      allowed_policies_glob: ['t-*'],
      orphan: true,
      token_period: '1h',
      token_bound_cidrs: ['10.0.0.0/8'],
    })
    const read = await vault.request('GET', `auth/token/roles/${name}`)
    expect(field(read, 'data')).toEqual({
      name,
      allowed_policies: ['a', 'b'],
      allowed_policies_glob: ['t-*'],
      disallowed_policies: [],
      disallowed_policies_glob: [],
      allowed_entity_aliases: null,
      orphan: true,
      renewable: true,
      path_suffix: '',
      period: 0,
      explicit_max_ttl: 0,
      token_period: 3600,
      token_explicit_max_ttl: 0,
      token_bound_cidrs: ['10.0.0.0/8'],
      token_no_default_policy: false,
      token_type: 'default-service',
    })
    await vault.request('POST', `auth/token/roles/${name}`, { body: { token_period: 0 } })
    const changed = await vault.request('GET', `auth/token/roles/${name}`)
    expect(field(changed, 'data')).toMatchObject({ token_period: 0, orphan: true })
    for (const [method, query] of [
      ['LIST', ''],
      ['GET', '?list=true'],
    ] as const) {
      const listed =
        method === 'LIST'
          ? (await vault.client.request('LIST', 'auth/token/roles')).body
          : (await vault.request(method, `auth/token/roles${query}`)).json
      expect((listed as { data: { keys: string[] } }).data.keys).toContain(name)
    }
    expect((await vault.request('DELETE', `auth/token/roles/${name}`)).status).toBe(204)
    expect((await vault.request('GET', `auth/token/roles/${name}`)).status).toBe(404)
    expect((await vault.request('DELETE', `auth/token/roles/${name}`)).status).toBe(204)
    expect(refusal(await create({}, undefined, `create/${name}`))).toEqual([400, `unknown role ${name}`])
  })

  it('are made with `create` and changed with `update`', async () => {
    const name = named('role')
    roles.push(name)
    const maker = await create({
      policies: [await policy(`path "auth/token/roles/${name}" { capabilities = ["create"] }`)],
    })
    const write = (): Promise<RawAnswer> =>
      vault.request('POST', `auth/token/roles/${name}`, { token: textOf(maker), body: { orphan: true } })
    expect((await write()).status).toBe(204)
    expect((await write()).status).toBe(403)
  })

  it.each<[Record<string, unknown>, string]>([
    [{ token_type: 'bogus' }, "invalid 'token_type' value"],
    [{ token_type: 'batch' }, "'token_type' cannot be 'batch' when role is set to generate non-orphan tokens"],
    [
      { token_type: 'batch', orphan: true },
      "'token_type' cannot be 'batch' when role is set to generate renewable tokens",
    ],
    [
      { token_type: 'batch', orphan: true, renewable: false, token_period: 60 },
      "'token_type' cannot be 'batch' when role is set to generate periodic tokens",
    ],
    [
      { token_type: 'batch', orphan: true, renewable: false, token_explicit_max_ttl: 60 },
      "'token_type' cannot be 'batch' when role is set to generate tokens with an explicit max TTL",
    ],
    [{ path_suffix: 'a..b' }, 'path cannot contain parent references'],
    [{ token_num_uses: -1 }, "'token_num_uses' cannot be negative"],
    [{ token_period: -1 }, 'token_period'],
  ])('refuse %j', async (body, text) => {
    const name = named('refused')
    const answer = await vault.request('POST', `auth/token/roles/${name}`, { body })
    expect(refusal(answer)).toEqual([400, expect.stringContaining(text)])
    expect((await vault.request('GET', `auth/token/roles/${name}`)).status).toBe(404)
  })

  it('give what they allow to who could not have it otherwise', async () => {
    const name = await role({
      allowed_policies: 'deploy',
      allowed_policies_glob: 'team-*',
      orphan: true,
      path_suffix: 'build',
      token_period: '1h',
    })
    const caller = textOf(
      await create({ policies: [await policy(`path "auth/token/create/${name}" { capabilities = ["update"] }`)] }),
    )
    const made = await create({ policies: ['team-a'], display_name: 'build 7' }, caller, `create/${name}`)
    expect(field(made, 'auth')).toMatchObject({
      policies: ['default', 'team-a'],
      orphan: true,
      lease_duration: 3600,
      renewable: true,
    })
    expect(field(made, 'warnings')).toEqual(['Policy "team-a" does not exist'])
    expect(field(await lookUp(textOf(made)), 'data')).toMatchObject({
      role: name,
      path: `auth/token/create/${name}/build`,
      display_name: 'token-build-7',
      orphan: true,
      ttl: expect.any(Number) as number,
    })
    expect(field(await create({}, caller, `create/${name}`), 'auth', 'policies')).toEqual(['default', 'deploy'])
    expect(refusal(await create({ policies: ['other'] }, caller, `create/${name}`))).toEqual([
      400,
      expect.stringContaining('must be subset of the role\'s allowed policies (["default" "deploy"])'),
    ])
    // Without the role none of it.
    expect((await create({ policies: ['deploy'] }, caller)).status).toBe(403)
  })

  it('S3, S39: give no root token to who is not root', async () => {
    const name = await role({ allowed_policies: [' Root'], allowed_policies_glob: '*' })
    const caller = textOf(
      await create({
        policies: [await policy(`path "auth/token/create/${name}" { capabilities = ["update", "sudo"] }`)],
      }),
    )
    for (const body of [{}, { policies: ['root'] }, { policies: [' ROOT '] }]) {
      expect(refusal(await create(body, caller, `create/${name}`))).toEqual([
        400,
        'root tokens may not be created without parent token being root',
      ])
    }
    expect(refusal(await create({ policies: ['response-wrapping'] }, caller, `create/${name}`))).toEqual([
      400,
      'cannot assign policy "response-wrapping"',
    ])
  })

  it('limit what is asked, and say so', async () => {
    const name = await role({ token_period: '1h', token_explicit_max_ttl: '2h', token_num_uses: 3, renewable: false })
    const made = await create(
      { policies: ['default'], period: '30m', explicit_max_ttl: '9h', num_uses: 9 },
      undefined,
      `create/${name}`,
    )
    expect(field(made, 'auth')).toMatchObject({ lease_duration: 1800, num_uses: 3, renewable: false })
    expect(field(made, 'warnings')).toEqual([
      'Explicit max TTL specified both during creation call and in role; using the lesser value of 7200 seconds',
      'Period specified both during creation call and in role; using the lesser value of 1800 seconds',
    ])
    expect(refusal(await vault.request('POST', 'auth/token/renew', { body: { token: textOf(made) } }))).toEqual([
      400,
      'lease is not renewable',
    ])
  })

  it('S39, S54: give tokens the entity of a name, if they may', async () => {
    const name = await role({ allowed_entity_aliases: 'Bob,team-*' })
    const entityOf = async (alias: string, more: object = {}): Promise<unknown> =>
      field(await create({ entity_alias: alias, ...more }, undefined, `create/${name}`), 'auth', 'entity_id')
    const bob = await entityOf('bob')
    expect(bob).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(await entityOf('BOB')).toBe(bob)
    expect(await entityOf('team-x')).not.toBe(bob)
    expect(refusal(await create({ entity_alias: 'eve' }, undefined, `create/${name}`))).toEqual([
      400,
      "invalid 'entity_alias' value",
    ])
    const token = String(
      field(await create({ entity_alias: 'bob' }, undefined, `create/${name}`), 'auth', 'client_token'),
    )
    expect(field(await lookUp(token), 'data', 'entity_id')).toBe(bob)
  })

  it('decide about batch tokens', async () => {
    const always = await role({ token_type: 'batch', orphan: true, renewable: false })
    const usually = await role({ token_type: 'default-batch' })
    const type = async (name: string, body: Record<string, unknown>): Promise<unknown> =>
      field(await create({ policies: ['default'], ...body }, undefined, `create/${name}`), 'auth', 'token_type')
    expect([
      await type(always, { type: 'service' }),
      await type(usually, {}),
      await type(usually, { type: 'service' }),
    ]).toEqual(['batch', 'batch', 'service'])
  })

  it('S51: bind tokens to networks', async () => {
    const far = await role({ token_bound_cidrs: '10.99.0.0/16' })
    const near = await role({ token_bound_cidrs: ['127.0.0.1/32', '::1/128'] })
    const made = textOf(await create({ policies: ['default'] }, undefined, `create/${far}`))
    const here = textOf(await create({ policies: ['default'] }, undefined, `create/${near}`))
    expect(refusal(await self(made))).toEqual([403, expect.stringContaining('permission denied')])
    expect(field(await self(here), 'data', 'bound_cidrs')).toHaveLength(2)
    expect(field(await lookUp(made), 'data', 'bound_cidrs')).toEqual(['10.99.0.0/16'])
  })

  it('are asked when their tokens are renewed; without them nothing is', async () => {
    const name = await role({ token_period: '1h' })
    const token = textOf(await create({ policies: ['default'] }, undefined, `create/${name}`))
    await vault.request('POST', `auth/token/roles/${name}`, { body: { token_period: '20m' } })
    const renewed = await vault.request('POST', 'auth/token/renew-self', { token, body: {} })
    expect(field(renewed, 'auth', 'lease_duration')).toBe(1200)
    await vault.request('DELETE', `auth/token/roles/${name}`)
    expect(refusal(await vault.request('POST', 'auth/token/renew-self', { token, body: {} }))).toEqual([
      500,
      expect.stringContaining(`original token role "${name}" could not be found, not renewing`),
    ])
    expect((await self(token)).status).toBe(200)
  })
})

describe('tokens', () => {
  it('take every field, and tell it at lookup', async () => {
    const made = await create({
      policies: ['default', 'B'],
      ttl: '30m',
      explicit_max_ttl: '1h',
      num_uses: '7',
      display_name: 'a/b-',
      meta: { team: 'x' },
      no_parent: true,
      no_default_policy: true,
    })
    expect(field(made, 'auth')).toMatchObject({
      policies: ['b'],
      token_policies: ['b'],
      metadata: { team: 'x' },
      lease_duration: 1800,
      num_uses: 7,
      orphan: true,
      token_type: 'service',
      renewable: true,
    })
    expect(field(await lookUp(textOf(made)), 'data')).toMatchObject({
      display_name: 'token-a-b',
      explicit_max_ttl: 3600,
      creation_ttl: 1800,
      num_uses: 7,
      meta: { team: 'x' },
      path: 'auth/token/create',
      entity_id: '',
    })
  })

  it('warn as Vault does, in its order', async () => {
    const made = await create({ policies: ['ghost-of-a-policy'], ttl: '30m', explicit_max_ttl: '5m' })
    expect(field(made, 'warnings')).toEqual([
      'TTL of "30m" exceeded the effective max_ttl of "5m"; TTL value is capped accordingly',
      'Policy "ghost-of-a-policy" does not exist',
    ])
    expect(field(made, 'auth', 'lease_duration')).toBe(300)
  })

  it('of type batch are what Vault’s CLI asks for, which wants every token renewable', async () => {
    const made = await create({ type: 'batch', policies: ['default'], renewable: true, ttl: '10m' })
    expect(field(made, 'auth')).toMatchObject({
      token_type: 'batch',
      renewable: false,
      accessor: '',
      lease_duration: 600,
    })
    const token = textOf(made)
    for (const path of ['revoke-self', 'renew-self']) {
      const what = path === 'revoke-self' ? 'revoked' : 'renewed'
      expect(refusal(await vault.request('POST', `auth/token/${path}`, { token, body: {} }))).toEqual([
        400,
        `batch tokens cannot be ${what}`,
      ])
    }
  })

  it('S38: of type batch die with their parent', async () => {
    const parent = textOf(
      await create({ policies: [await policy('path "auth/token/create" { capabilities = ["update"] }')] }),
    )
    const batch = textOf(await create({ type: 'batch' }, parent))
    expect((await self(batch)).status).toBe(200)
    await vault.request('POST', 'auth/token/revoke', { body: { token: parent } })
    expect((await self(batch)).status).toBe(403)
  })

  it('without default are so when asked, also where the parent has it', async () => {
    const parent = textOf(
      await create({ policies: [await policy('path "auth/token/create" { capabilities = ["update"] }')] }),
    )
    const child = await create({ no_default_policy: true }, parent)
    expect(field(child, 'auth', 'policies')).not.toContain('default')
    expect(field(await create({}, parent), 'auth', 'policies')).toContain('default')
  })

  it('S40: revoked with the parent, three generations deep; an orphan lives', async () => {
    const name = await policy('path "auth/token/create*" { capabilities = ["update", "sudo"] }')
    const parent = textOf(await create({ policies: [name] }))
    const child = textOf(await create({}, parent))
    const grandchild = textOf(await create({}, child))
    const orphan = textOf(await create({}, child, 'create-orphan'))
    const accessor = field(await lookUp(parent), 'data', 'accessor')
    expect((await vault.request('POST', 'auth/token/revoke-accessor', { body: { accessor } })).status).toBe(204)
    const alive = []
    for (const token of [parent, child, grandchild, orphan]) alive.push((await self(token)).status)
    expect(alive).toEqual([403, 403, 403, 200])
  })

  it('revoked alone leave orphans', async () => {
    const name = await policy('path "auth/token/create" { capabilities = ["update"] }')
    const parent = textOf(await create({ policies: [name] }))
    const child = textOf(await create({}, parent))
    expect((await vault.request('POST', 'auth/token/revoke-orphan', { body: { token: parent } })).status).toBe(204)
    expect((await self(parent)).status).toBe(403)
    expect(field(await self(child), 'data', 'orphan')).toBe(true)
    expect(refusal(await vault.request('POST', 'auth/token/revoke-orphan', { body: { token: parent } }))).toEqual([
      400,
      'token to revoke not found',
    ])
  })

  it('S39: with `update` alone nobody gets an orphan, a period or an id of their own', async () => {
    const name = await policy('path "auth/token/create" { capabilities = ["update"] }')
    const caller = textOf(await create({ policies: [name] }))
    const asked: readonly [Record<string, unknown>, string][] = [
      [{ no_parent: true }, 'root or sudo privileges required to create orphan token'],
      [{ period: '1h' }, 'root or sudo privileges required to create periodic token'],
      [{ id: named('chosen') }, 'root or sudo privileges required to specify token id'],
      [{ policies: ['other'] }, 'child policies must be subset of parent'],
      [{ entity_alias: 'bob' }, "'entity_alias' is only allowed in combination with token role"],
    ]
    for (const [body, text] of asked) expect(refusal(await create(body, caller))).toEqual([400, text])
  })

  it('with limited uses make no children', async () => {
    const name = await policy('path "auth/token/create" { capabilities = ["update"] }')
    const caller = textOf(await create({ policies: [name], num_uses: 5 }))
    expect(refusal(await create({}, caller))).toEqual([400, 'restricted use token cannot generate child tokens'])
    expect(field(await lookUp(caller), 'data', 'num_uses')).toBe(4)
  })

  it('that are periodic outlive no explicit limit', async () => {
    const made = await create({ policies: ['default'], period: '30m', explicit_max_ttl: '10m' })
    expect(field(made, 'auth', 'lease_duration')).toBe(600)
    const renewed = await vault.request('POST', 'auth/token/renew', { body: { token: textOf(made) } })
    expect(field(renewed, 'auth', 'lease_duration')).toBeLessThanOrEqual(600)
  })

  it('are found, renewed and listed by accessor', async () => {
    const made = await create({ policies: ['default'], ttl: '10m' })
    const accessor = String(field(made, 'auth', 'accessor'))
    expect(
      field(await vault.request('POST', 'auth/token/lookup-accessor', { body: { accessor } }), 'data'),
    ).toMatchObject({
      id: '',
      accessor,
      creation_ttl: 600,
    })
    const renewed = await vault.request('POST', 'auth/token/renew-accessor', { body: { accessor, increment: 1200 } })
    expect(field(renewed, 'auth')).toMatchObject({ client_token: '', lease_duration: 1200 })
    expect(field(await vault.request('GET', 'auth/token/accessors?list=true'), 'data', 'keys')).toContain(accessor)
    for (const path of ['lookup-accessor', 'renew-accessor']) {
      const unknown = await vault.request('POST', `auth/token/${path}`, { body: { accessor: 'nobody' } })
      expect(refusal(unknown)).toEqual([400, '1 error occurred:\n\t* invalid accessor\n\n'])
    }
  })

  it('are looked up by GET as well', async () => {
    const token = String(field(await create({ ttl: '1m' }), 'auth', 'client_token'))
    const asked = await vault.request('GET', `auth/token/lookup?token=${token}`)
    expect([asked.status, field(asked, 'data', 'id')]).toEqual([200, token])
  })

  it('look themselves up by POST as well', async () => {
    const token = String(field(await create({ ttl: '1m' }), 'auth', 'client_token'))
    const asked = await vault.request('POST', 'auth/token/lookup-self', { token, body: {} })
    expect([asked.status, field(asked, 'data', 'id')]).toEqual([200, token])
  })

  it('have the refusals of Vault', async () => {
    expect(refusal(await lookUp('nobody'))).toEqual([403, 'bad token'])
    const ask = (path: string, body: unknown): Promise<RawAnswer> =>
      vault.request('POST', `auth/token/${path}`, { body })
    expect(refusal(await ask('renew', { token: 'nobody' }))).toEqual([400, 'token not found'])
    expect(refusal(await ask('renew', { token: vault.token }))).toEqual([400, 'lease is not renewable'])
    expect(refusal(await ask('revoke', {}))).toEqual([400, 'missing token ID'])
    expect((await ask('revoke', { token: 'nobody' })).status).toBe(204)
    expect((await ask('tidy', {})).status).toBe(202)
  })
})

describe('the TTLs of a mount', () => {
  it('count for what its logins get, and for renewals, as they are tuned now', async () => {
    const mount = vault.unique('tuned')
    expect((await vault.request('POST', `sys/auth/${mount}`, { body: { type: 'approle' } })).status).toBe(204)
    await vault.request('POST', `auth/${mount}/role/app`, { body: { token_policies: 'default' } })
    const roleId = field(await vault.request('GET', `auth/${mount}/role/app/role-id`), 'data', 'role_id')
    const secretId = field(
      await vault.request('POST', `auth/${mount}/role/app/secret-id`, { body: {} }),
      'data',
      'secret_id',
    )
    const login = (): Promise<RawAnswer> =>
      vault.request('POST', `auth/${mount}/login`, { token: '', body: { role_id: roleId, secret_id: secretId } })
    await vault.request('POST', `sys/auth/${mount}/tune`, { body: { default_lease_ttl: '10m', max_lease_ttl: '1h' } })
    const first = await login()
    expect(field(first, 'auth', 'lease_duration')).toBe(600)
    await vault.request('POST', `sys/auth/${mount}/tune`, { body: { default_lease_ttl: '5m', max_lease_ttl: '15m' } })
    expect(field(await login(), 'auth', 'lease_duration')).toBe(300)
    const renewed = await vault.request('POST', 'auth/token/renew-self', {
      token: textOf(first),
      body: { increment: '2h' },
    })
    expect(field(renewed, 'auth', 'lease_duration')).toBeLessThanOrEqual(900)
    expect(field(renewed, 'warnings')).toEqual([expect.stringContaining('exceeded the effective max_ttl of')])
    await vault.request('DELETE', `sys/auth/${mount}`)
    expect((await self(textOf(first))).status).toBe(403)
  })
})
