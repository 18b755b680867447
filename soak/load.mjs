/**
 * Mixed load for some minutes, with tokens that expire as fast as they are made: memory has to be flat. The process's own
 * memory and the mapped store are counted apart; a line is laid through the first after the warm-up.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryOf } from '../bench/servers.mjs'
import { Life } from './life.mjs'
import { randomOf } from './random.mjs'

const WORKERS = 24
const SECRETS = 5000

/** Least squares. Points are [x, y]; y per unit of x. */
function slopeOf(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))]
  const above = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0)
  return above / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
}

export async function load({ minutes, seed, note, print }) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-soak-'))
  const place = { store: join(folder, 'vault'), keyFile: join(folder, 'key.json') }
  const life = await new Life(place).ready
  const counts = {}
  const count = (what) => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  try {
    await life.must('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } })
    await life.must('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } })
    await life.must('POST', 'sys/auth/approle', { type: 'approle' })
    await life.must('PUT', 'sys/policies/acl/soak', {
      policy: 'path "two/*" { capabilities = ["create", "read", "update", "delete", "list"] }',
    })
    // Many live for 20 s; the server looks for expired ones every 30 s.
    await life.must('POST', 'auth/approle/role/soak', {
      token_policies: ['soak'],
      token_ttl: '20s',
      token_max_ttl: '20s',
    })
    const credentials = {
      role_id: (await life.must('GET', 'auth/approle/role/soak/role-id')).data.role_id,
      secret_id: (await life.must('POST', 'auth/approle/role/soak/secret-id')).data.secret_id,
    }
    const end = performance.now() + minutes * 60_000
    const work = async (worker) => {
      const random = randomOf(seed, `load ${worker}`)
      let token = ''
      const login = async () => {
        token = (await life.must('POST', 'auth/approle/login', credentials, { token: '' })).auth.client_token
        count('logins')
      }
      const moves = [
        [0.5, async () => (await life.ask('GET', `two/data/${random.below(SECRETS)}`, undefined, { token })).status],
        [
          0.62,
          async () =>
            (
              await life.ask(
                'POST',
                `two/data/${random.below(SECRETS)}`,
                { data: { value: 'x'.repeat(random.below(2000)) } },
                { token },
              )
            ).status,
        ],
        [
          0.7,
          async () =>
            (await life.ask('POST', `one/${random.below(SECRETS)}`, { value: 'x'.repeat(random.below(2000)) })).status,
        ],
        [0.74, async () => (await life.ask('DELETE', `one/${random.below(SECRETS)}`)).status],
        [0.76, async () => (await life.ask('LIST', 'two/metadata', undefined, { token })).status],
        [
          0.78,
          async () => {
            const { wrap_info: info } = await life.must('GET', 'auth/token/lookup-self', undefined, {
              token,
              headers: { 'x-vault-wrap-ttl': '10s' },
            })
            return (await life.ask('POST', 'sys/wrapping/unwrap', {}, { token: info.token })).status
          },
        ],
        [0.8, async () => (await life.ask('POST', 'cubbyhole/note', { n: 1 }, { token })).status],
        [
          1,
          async () => {
            await login()
            return 200
          },
        ],
      ]
      await login()
      while (performance.now() < end) {
        const roll = random()
        const status = await moves.find(([to]) => roll < to)[1]()
        count('requests')
        // Its token has expired: as it should have.
        if (status === 403) await login()
        else if (status >= 400 && status !== 404) throw new Error(`an answer of ${status}`)
      }
    }
    const points = []
    const sampler = setInterval(() => {
      const { own, mapped } = memoryOf(life.pid)
      points.push([(performance.now() - end) / 60_000 + minutes, own, mapped])
      if (points.length % 30 === 0)
        note(`load: minute ${points.at(-1)[0].toFixed(1)}: own ${own.toFixed(0)} MB, mapped ${mapped.toFixed(0)} MB`)
    }, 1000)
    try {
      await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)))
    } finally {
      clearInterval(sampler)
    }
    if (life.said !== '') throw new Error(`the server said: ${life.said}`)
    const warm = points.filter(([at]) => at > minutes * 0.3)
    const own = warm.map(([, value]) => value)
    const megabytes = (value) => value.toFixed(0)
    print('| mixed load | |\n|---|---|')
    print(`| minutes | ${minutes} |`)
    print(
      `| requests | ${counts.requests.toLocaleString('en')}, ${Math.round(counts.requests / minutes / 60).toLocaleString('en')} /s |`,
    )
    print(`| of these, logins | ${counts.logins.toLocaleString('en')}; each token lived 20 s |`)
    print(
      `| own memory after the warm-up (the first 30 %), MB | ${megabytes(Math.min(...own))} to ${megabytes(Math.max(...own))} |`,
    )
    print(`| its slope, MB a minute | ${slopeOf(warm).toFixed(2)} |`)
    print(`| pages of the mapped store and of binaries at the end, MB | ${megabytes(points.at(-1)[2])} |\n`)
  } finally {
    await life.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
