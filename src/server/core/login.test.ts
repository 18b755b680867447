import { describe, expect, it } from 'vitest'
import { createMemoryStorage } from '../storage/index.ts'
import { createCore } from './core.ts'
import type { CoreReply } from './request.ts'

interface World {
  now: number
  readonly ask: (path: string, body?: object) => Promise<{ readonly status: number; readonly json: { data: never } }>
  readonly login: (secretId: string) => Promise<number>
  readonly secretId: string
}

/** A core with an approle role, and a clock that stands still. */
async function createWorld(userLockout?: boolean): Promise<World> {
  const clock = { now: Date.parse('2026-01-02T03:04:05Z') }
  const core = createCore({
    storage: createMemoryStorage(),
    storageType: 'inmem',
    now: () => clock.now,
    ...(userLockout === undefined ? {} : { userLockout }),
  })
  const { keys, rootToken } = await core.initialize({ shares: 1, threshold: 1 })
  await core.unsealWithKey(keys[0] ?? expect.fail('no key'))
  const send = async (path: string, body: object | undefined, token: string): Promise<CoreReply> =>
    core.handle({
      method: body === undefined ? 'GET' : 'POST',
      path,
      query: undefined,
      body: body === undefined ? undefined : { ...body },
      contentType: 'application/json',
      token,
      namespace: '',
      wrapTtl: '',
      remoteAddress: '127.0.0.1',
      remotePort: 1,
      header: () => undefined,
    })
  const ask: World['ask'] = async (path, body) => {
    const { status, body: text } = await send(path, body, rootToken)
    return { status, json: JSON.parse(text ?? 'null') as { data: never } }
  }
  await ask('sys/auth/approle', { type: 'approle' })
  await ask('auth/approle/role/airflow', { token_ttl: 60 })
  await ask('auth/approle/role/airflow/role-id', { role_id: 'airflow-role' })
  const made = await ask('auth/approle/role/airflow/secret-id', {})
  return Object.assign(clock, {
    ask,
    secretId: made.json.data['secret_id'],
    login: async (secretId: string) =>
      (await send('auth/approle/login', { role_id: 'airflow-role', secret_id: secretId }, '')).status,
  })
}

async function failFiveTimes(world: World): Promise<void> {
  for (let time = 0; time < 5; time += 1) expect(await world.login('wrong')).toBe(400)
}

describe('a login that is counted', () => {
  it('is refused after five failures, until the clock says 15 minutes later', async () => {
    const world = await createWorld()
    await failFiveTimes(world)
    expect([await world.login('wrong'), await world.login(world.secretId)]).toEqual([403, 403])
    world.now += 15 * 60_000 - 1
    expect(await world.login(world.secretId)).toBe(403)
    world.now += 1
    expect(await world.login(world.secretId)).toBe(200)
  })

  it('begins the count anew when it succeeds', async () => {
    const world = await createWorld()
    for (let time = 0; time < 4; time += 1) await world.login('wrong')
    expect(await world.login(world.secretId)).toBe(200)
    await failFiveTimes(world)
    expect(await world.login(world.secretId)).toBe(403)
  })

  it('stands in the list of who is locked until it is lifted', async () => {
    const world = await createWorld()
    await failFiveTimes(world)
    const { accessor } = (await world.ask('sys/auth/approle')).json.data as { accessor: string }
    const list = async (): Promise<unknown> => (await world.ask('sys/locked-users')).json.data
    expect(await list()).toEqual({
      by_namespace: [
        {
          namespace_id: 'root',
          namespace_path: '',
          counts: 1,
          mount_accessors: [{ mount_accessor: accessor, counts: 1, alias_identifiers: ['airflow-role'] }],
        },
      ],
      total: 1,
    })
    expect((await world.ask(`sys/locked-users/${accessor}/unlock/airflow-role`, {})).status).toBe(204)
    expect(await list()).toEqual({ by_namespace: [], total: 0 })
    expect(await world.login(world.secretId)).toBe(200)
  })

  it('is refused by nobody where locking is off for the server', async () => {
    const world = await createWorld(false)
    await failFiveTimes(world)
    expect([await world.login('wrong'), await world.login(world.secretId)]).toEqual([400, 200])
    expect((await world.ask('sys/locked-users')).json.data).toEqual({ by_namespace: [], total: 0 })
  })
})
