/**
 * The machine's clock jumps forwards and backwards while tokens, secret-ids, wrapped answers and versions with an end are
 * made and looked at. The server runs in this process, on a clock of ours.
 *
 * What has to hold: nothing is alive once its time has passed, by the time that passes and not by what the clock shows;
 * nothing that no jump has ended is dead before; no answer tells of a negative time, or of more than was given; what was
 * deleted stays so; no answer is a 500.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSteadyClock } from '../dist/server/core/clock.js'
import { startServer } from '../dist/server/index.js'
import { randomOf } from './random.mjs'

const DAY = 86_400_000

export async function clock({ jumps, seed, note, print }) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-soak-'))
  const random = randomOf(seed, 'clock')
  let wall = Date.parse('2026-06-01T00:00:00Z')
  let elapsed = 0
  let now = () => 0
  let key
  let token = ''
  let server
  const counts = { forward: 0, back: 0, alive: 0, dead: 0, restarts: 0 }

  async function start() {
    now = createSteadyClock(
      () => wall,
      () => elapsed,
    )
    server = await startServer({
      storage: { kind: 'lmdb', folder: join(folder, 'vault') },
      now: () => now(),
      onInternalError: (error) => {
        throw error
      },
    })
    if (!server.core.initialized) {
      const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
      key = Buffer.from(keys[0])
      token = rootToken
    }
    await server.core.unsealWithKey(Buffer.from(key))
  }

  async function ask(method, path, body, { as = token, headers = {} } = {}) {
    const answer = await server.answer({
      method,
      path: `/v1/${path}`,
      headers: { ...(as === '' ? {} : { 'x-vault-token': as }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (answer.status >= 500) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return { status: answer.status, body: answer.text === '' ? undefined : JSON.parse(answer.text) }
  }
  const must = async (...call) => {
    const answer = await ask(...call)
    if (answer.status >= 300) throw new Error(`${call[0]} ${call[1]}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** Each: `{ what, made, shown, ttl, isAlive() }`, with `made` by time that passes and `shown` by the server's clock. */
  const things = []
  let number = 0
  const makers = [
    async (ttl) => {
      const { auth } = await must('POST', 'auth/token/create', { policies: ['default'], ttl: `${ttl}s` })
      return async (judge) => {
        const { status, body } = await ask('GET', 'auth/token/lookup-self', undefined, { as: auth.client_token })
        if (status !== 200) return false
        const { ttl: left, creation_ttl: given } = body.data
        if (!(left >= 0 && (left <= given || !judge))) throw new Error(`a token of ${given} s has ${left} s left`)
        return true
      }
    },
    async (ttl) => {
      const { wrap_info: info } = await must(
        'POST',
        'sys/wrapping/wrap',
        { n: 1 },
        { headers: { 'x-vault-wrap-ttl': `${ttl}s` } },
      )
      return async () => (await ask('POST', 'sys/wrapping/lookup', { token: info.token })).status === 200
    },
    async (ttl) => {
      const { data } = await must('POST', 'auth/approle/role/soak/secret-id', { ttl: `${ttl}s` })
      return async () => {
        const { status } = await ask('POST', 'auth/approle/role/soak/secret-id/lookup', { secret_id: data.secret_id })
        return status === 200
      }
    },
    async (ttl) => {
      number += 1
      const path = `ending-${number}`
      await must('POST', `secret/metadata/${path}`, { delete_version_after: `${ttl}s` })
      await must('POST', `secret/data/${path}`, { data: { n: 1 } })
      return async () => (await ask('GET', `secret/data/${path}`)).status === 200
    },
  ]
  /** No end, and an end that was asked for. */
  const lasting = []
  async function makeLasting() {
    number += 1
    const path = `lasting-${number}`
    await must('POST', `secret/data/${path}`, { data: { n: number } })
    const deleted = random() < 0.5
    if (deleted) await must('DELETE', `secret/data/${path}`)
    lasting.push({ path, deleted })
  }

  async function look(round, judge) {
    for (const thing of things.splice(0)) {
      const alive = await thing.isAlive(judge)
      const byTime = elapsed - thing.made >= thing.ttl * 1000 + 1000
      const byClock = now() - thing.shown >= thing.ttl * 1000
      const what = `round ${round} of seed ${seed}: ${thing.what} of ${thing.ttl} s, made ${(elapsed - thing.made) / 1000} s ago`
      if (judge && alive && byTime) throw new Error(`${what}, is alive`)
      if (judge && !alive && !byClock) throw new Error(`${what}, is dead`)
      counts[alive ? 'alive' : 'dead'] += 1
      if (alive) things.push(thing)
    }
    for (const { path, deleted } of lasting.slice(-20)) {
      const { status } = await ask('GET', `secret/data/${path}`)
      if (judge && status !== (deleted ? 404 : 200))
        throw new Error(`round ${round} of seed ${seed}: a ${deleted ? 'deleted' : 'lasting'} version gives ${status}`)
    }
  }

  try {
    await start()
    await must('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await must('POST', 'sys/auth/approle', { type: 'approle' })
    await must('POST', 'auth/approle/role/soak', { token_policies: ['default'] })
    const kinds = ['a token', 'a wrapped answer', 'a secret-id', 'a version']
    for (let round = 0; round < jumps; round += 1) {
      const kind = random.below(makers.length)
      const ttl = 1 + random.below(100_000)
      const isAlive = await makers[kind](ttl)
      things.push({ what: kinds[kind], made: elapsed, shown: now(), ttl, isAlive })
      await makeLasting()
      const passed = random.below(40_000_000)
      elapsed += passed
      wall += passed
      const roll = random()
      if (roll < 0.3) {
        wall += random.below(random() < 0.1 ? 40 * DAY : DAY / 4)
        counts.forward += 1
      } else if (roll < 0.6) {
        wall -= random.below(40 * DAY)
        counts.back += 1
      }
      await look(round, true)
      if (random() < 0.1) await must('POST', 'auth/token/tidy')
      if (random() < 0.1) await ask('GET', 'sys/leases/lookup/auth/token/create?list=true')
      if (random() < 0.05) {
        // Its clock is the machine's again: what was made before has another life, and nothing more is said of it here.
        await server.close()
        await start()
        counts.restarts += 1
        await look(round, false)
        things.length = 0
        lasting.length = 0
      }
      if (round % 200 === 199) note(`clock: ${round + 1} of ${jumps}`)
    }
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  print('| clock jumps | |\n|---|---|')
  print(`| seed | ${seed} |`)
  print(`| forwards, up to 40 days | ${counts.forward} |`)
  print(`| backwards, up to 40 days | ${counts.back} |`)
  print(`| restarts in between | ${counts.restarts} |`)
  print(`| looks at what has an end | ${counts.alive} alive, ${counts.dead} dead |`)
  print('| alive beyond its time, dead before it, negative times, failed requests | 0 |\n')
}
