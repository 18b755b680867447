/**
 * The auth method `userpass` and the lockout of its users, by address and token: the embedded server, OpenBao or Vault
 * alike (see target.case.ts). Where they differ the test says so by name.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

const PASSWORD = 'correct horse'

let vault: Target
let mount: string
let accessor: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('people')
  expect((await vault.request('POST', `sys/auth/${mount}`, { body: { type: 'userpass' } })).status).toBe(204)
  accessor = String(field(await vault.request('GET', `sys/auth/${mount}`), 'data', 'accessor'))
})
afterAll(async () => {
  await vault.request('DELETE', `sys/auth/${mount}`)
  await vault.close()
})

const user = async (name: string, body: object = {}): Promise<void> => {
  const made = await vault.request('POST', `auth/${mount}/users/${name}`, { body: { password: PASSWORD, ...body } })
  expect(made.status).toBe(204)
}
const login = (name: string, password: string = PASSWORD): Promise<RawAnswer> =>
  vault.request('POST', `auth/${mount}/login/${name}`, { token: '', body: { password } })
const tune = async (config: object): Promise<void> => {
  const body = { user_lockout_config: config }
  expect((await vault.request('POST', `sys/auth/${mount}/tune`, { body })).status).toBe(204)
}
const WRONG = { errors: ['invalid username or password'] }
const told = ({ status, json }: RawAnswer): unknown => [status, json]

describe('users', () => {
  it('are made, read without their password, listed and deleted', async () => {
    const missing = await vault.request('POST', `auth/${mount}/users/ann`, { body: { token_policies: 'a' } })
    expect(told(missing)).toEqual([400, { errors: ['missing password'] }])
    await user('Ann', { token_policies: 'a,b', token_ttl: '1h', token_max_ttl: 7200, token_bound_cidrs: '127.0.0.0/8' })
    expect(field(await vault.request('GET', `auth/${mount}/users/ann`), 'data')).toMatchObject({
      token_bound_cidrs: ['127.0.0.0/8'],
      token_explicit_max_ttl: 0,
      token_max_ttl: 7200,
      token_no_default_policy: false,
      token_num_uses: 0,
      token_period: 0,
      token_policies: ['a', 'b'],
      token_ttl: 3600,
      token_type: 'default',
    })
    await user('Zoe', { policies: 'x', ttl: 60 })
    expect(field(await vault.request('GET', `auth/${mount}/users/zoe`), 'data')).toMatchObject({
      policies: ['x'],
      token_policies: ['x'],
      ttl: 60,
      token_ttl: 60,
    })
    expect(field(await vault.request('LIST', `auth/${mount}/users`), 'data', 'keys')).toEqual(['ann', 'zoe'])
    expect((await vault.request('DELETE', `auth/${mount}/users/zoe`)).status).toBe(204)
    expect(told(await vault.request('GET', `auth/${mount}/users/zoe`))).toEqual([404, { errors: [] }])
  })

  it('log in, with a token as they are told', async () => {
    await user('tom', { token_policies: 'reader', token_ttl: 600, token_num_uses: 7 })
    const answer = await login('TOM')
    expect([answer.status, field(answer, 'auth')]).toMatchObject([
      200,
      {
        policies: ['default', 'reader'],
        token_policies: ['default', 'reader'],
        metadata: { username: 'tom' },
        lease_duration: 600,
        renewable: true,
        token_type: 'service',
        orphan: true,
        num_uses: 7,
      },
    ])
    const token = String(field(answer, 'auth', 'client_token'))
    expect(field(await vault.request('GET', 'auth/token/lookup-self', { token }), 'data')).toMatchObject({
      display_name: `${mount}-tom`,
      path: `auth/${mount}/login/TOM`,
      meta: { username: 'tom' },
    })
  })

  it('S54: are one entity each, however the name is written', async () => {
    await user('una')
    await user('uwe')
    const entityOf = (answer: RawAnswer): unknown => field(answer, 'auth', 'entity_id')
    const first = await login('una')
    const [una, again, uwe] = [first, await login('UNA'), await login('uwe')].map(entityOf)
    expect(una).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect([again === una, uwe === una]).toEqual([true, false])
    const token = String(field(first, 'auth', 'client_token'))
    expect(field(await vault.request('POST', 'auth/token/lookup', { body: { token } }), 'data', 'entity_id')).toBe(una)
  })

  it('have a password and policies of their own to change', async () => {
    await user('pat', { token_policies: 'a' })
    const token = String(field(await login('pat'), 'auth', 'client_token'))
    const set = (path: string, body: object) => vault.request('POST', `auth/${mount}/users/${path}`, { body })
    expect((await set('pat/password', { password: 'new' })).status).toBe(204)
    expect(told(await login('pat'))).toEqual([400, WRONG])
    expect((await login('pat', 'new')).status).toBe(200)
    expect((await vault.request('POST', 'auth/token/renew', { body: { token } })).status).toBe(200)
    expect((await set('pat/policies', { token_policies: 'b' })).status).toBe(204)
    const renewed = await vault.request('POST', 'auth/token/renew', { body: { token } })
    expect([renewed.status, renewed.text]).toEqual([
      expect.any(Number),
      expect.stringContaining('policies have changed'),
    ])
    expect(renewed.status).toBeGreaterThanOrEqual(400)
    const nobody = await set('nobody/password', { password: 'x' })
    expect(told(nobody)).toEqual([500, { errors: ['1 error occurred:\n\t* username does not exist\n\n'] }])
  })

  it('S3: never get a root token', async () => {
    await user('eve', { token_policies: 'Root' })
    expect(told(await login('eve'))).toEqual([400, { errors: ['auth methods cannot create root tokens'] }])
  })

  it('S1: a wrong password and a user who does not exist are one answer', async () => {
    await user('sam')
    expect(told(await login('sam', 'wrong'))).toEqual(told(await login('nobody', 'wrong')))
    await login('sam')
  })
})

describe('user lockout', () => {
  const lockedNames = async (): Promise<unknown> => {
    const answer = await vault.request('GET', `sys/locked-users?mount_accessor=${accessor}`)
    return [field(answer, 'data', 'total'), field(answer, 'data', 'by_namespace')]
  }

  it('is tuned by mount', async () => {
    await tune({ lockout_threshold: '4' })
    expect(field(await vault.request('GET', `sys/auth/${mount}/tune`), 'data')).toMatchObject({
      user_lockout_counter_reset_duration: 0,
      user_lockout_disable: false,
      user_lockout_duration: 0,
      user_lockout_threshold: 4,
    })
    await tune({ lockout_threshold: '3', lockout_duration: '2s', lockout_counter_reset_duration: '1m' })
    const shown = {
      user_lockout_counter_reset_duration: 60,
      user_lockout_disable: false,
      user_lockout_duration: 2,
      user_lockout_threshold: 3,
    }
    expect(field(await vault.request('GET', `sys/auth/${mount}/tune`), 'data')).toMatchObject(shown)
    expect(field(await vault.request('GET', `sys/auth/${mount}`), 'data', 'config', 'user_lockout_config')).toEqual(
      shown,
    )
    const body = { user_lockout_config: { lockout_threshold: '3' } }
    expect(told(await vault.request('POST', 'sys/auth/token/tune', { body }))).toEqual([
      400,
      { errors: ['tuning of user lockout configuration for auth type "token" not allowed'] },
    ])
  })

  it('S2: counts a name however it is written, and refuses the right password too, until the time is over', async () => {
    await user('bob')
    for (const name of ['bob', 'Bob', 'BOB']) expect(told(await login(name, 'wrong'))).toEqual([400, WRONG])
    const refused = await Promise.all([login('bob'), login('bOb', 'wrong'), login('bob', '')])
    expect(refused.map(({ status, text }) => [status, text.includes('permission denied')])).toEqual([
      [403, true],
      [403, true],
      [403, true],
    ])
    await expect.poll(async () => (await login('bob')).status, { timeout: 10_000, interval: 200 }).toBe(200)
  })

  it('S2: guesses at the same time are no more guesses than one by one', async () => {
    await user('ivy')
    await tune({ lockout_duration: '10m' })
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, guess) => login(guess % 2 === 0 ? 'ivy' : 'IVY', 'no')),
    )
    if (vault.embedded) expect(guesses.filter(({ status }) => status === 400)).toHaveLength(3)
    expect((await login('ivy')).status).toBe(403)
  })

  it('is listed and lifted', async () => {
    await user('kim')
    // OpenBao goes on listing a name whose time is over.
    await vault.request('POST', `sys/locked-users/${accessor}/unlock/bob`)
    for (let guess = 0; guess < 3; guess += 1) await login('kim', 'wrong')
    expect(await lockedNames()).toEqual([
      2,
      [
        {
          namespace_id: 'root',
          namespace_path: '',
          counts: 2,
          mount_accessors: [{ mount_accessor: accessor, counts: 2, alias_identifiers: ['ivy', 'kim'] }],
        },
      ],
    ])
    for (const name of ['ivy', 'kim', 'kim', 'nobody'])
      expect((await vault.request('POST', `sys/locked-users/${accessor}/unlock/${name}`)).status).toBe(204)
    expect(((await lockedNames()) as unknown[])[0]).toBe(0)
    expect((await login('kim')).status).toBe(200)
  })

  it('is turned off by mount', async () => {
    await user('lea')
    await tune({ lockout_disable: true })
    for (let guess = 0; guess < 5; guess += 1) expect((await login('lea', 'wrong')).status).toBe(400)
    expect((await login('lea')).status).toBe(200)
  })
})
