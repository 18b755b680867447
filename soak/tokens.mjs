/**
 * Many live tokens: what a login costs beside them, a start with them, all of them expiring at once while others read, and
 * lists of them. Measures, and asserts nothing about time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { memoryOf } from '../bench/servers.mjs'
import { load } from '../bench/load.mjs'
import { Life } from './life.mjs'
import { readWhile } from './reader.mjs'

const AT_ONCE = 64
const HOUR = 3_600_000

async function many(count, work) {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let n = next++; n < count; n = next++) await work(n)
    }),
  )
}

/** Logins in a row until so many tokens live; the rate of the last few seconds is what a login costs then. */
async function fill({ life, credentials, from, to, note }) {
  await many(to - from, () => life.must('POST', 'auth/approle/login', credentials, { token: '' }))
  note(`tokens: ${to} live`)
}

async function rateOf(life, credentials) {
  const { perSecond, bad } = await load(
    { url: `${life.address}/v1/auth/approle/login`, method: 'POST', body: JSON.stringify(credentials) },
    4,
  )
  if (bad > 0) throw new Error(`${bad} logins failed`)
  return perSecond
}

/** All that is stored, looked at beside the server. */
async function entriesIn(folder) {
  const database = open({ path: folder, noSubdir: false, readOnly: true })
  const { entryCount } = database.getStats()
  await database.close()
  return entryCount
}

const ms = (number) => (number < 10 ? number.toFixed(1) : number.toFixed(0))

export async function tokens({ tokens: wanted, secrets, note, print }) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-soak-'))
  const clock = join(folder, 'clock')
  writeFileSync(clock, '0')
  const place = { store: join(folder, 'vault'), keyFile: join(folder, 'key.json') }
  let life = await new Life(place, { clock }).ready
  try {
    await life.must('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await life.must('POST', 'sys/auth/approle', { type: 'approle' })
    await life.must('POST', 'auth/approle/role/soak', {
      token_policies: ['default'],
      token_ttl: '24h',
      token_max_ttl: '24h',
    })
    const credentials = {
      role_id: (await life.must('GET', 'auth/approle/role/soak/role-id')).data.role_id,
      secret_id: (await life.must('POST', 'auth/approle/role/soak/secret-id')).data.secret_id,
    }
    await many(secrets, (n) =>
      life.must('POST', `secret/data/folder-${n % 100}/secret-${n}`, { data: { value: `value ${n}` } }),
    )
    note(`tokens: ${secrets} secrets stored`)
    // The entity of the first login stays.
    const { auth: first } = await life.must('POST', 'auth/approle/login', credentials, { token: '' })
    await life.must('POST', 'auth/token/revoke', { token: first.client_token })
    const without = await entriesIn(place.store)

    print('| live tokens | AppRole logins /s, 32 connections | own memory, MB |\n|---|---|---|')
    let live = 0
    for (const share of [0, 0.25, 0.5, 1]) {
      const target = Math.max(live, Math.round(wanted * share))
      await fill({ life, credentials, from: live, to: target, note })
      live = target
      // Its own tokens are few beside them; they count for the next step.
      const rate = await rateOf(life, credentials)
      live += Math.round(rate * 4)
      print(`| ${target.toLocaleString('en')} | ${rate.toFixed(0)} | ${memoryOf(life.pid).own.toFixed(0)} |`)
    }
    print('')

    await life.stop()
    print(
      `| start with ${live.toLocaleString('en')} tokens and ${secrets.toLocaleString('en')} secrets | ms |\n|---|---|`,
    )
    for (const run of ['first', 'second', 'third']) {
      const began = performance.now()
      life = await new Life(place, { clock }).ready
      const up = performance.now() - began
      await life.must('GET', 'secret/data/folder-0/secret-0')
      print(`| ${run}: process to unsealed; to the first secret read | ${ms(up)}; ${ms(performance.now() - began)} |`)
      if (run !== 'third') await life.stop()
    }
    print('')

    const request = { url: `${life.address}/v1/secret/data/folder-0/secret-0`, token: life.token }
    print(
      '| reads from another process, 200 /s, ms | took, s | p50 | p99 | p99.9 | longest |\n|---|---|---|---|---|---|',
    )
    const row = async (what, work) => {
      const began = performance.now()
      const { reads, bad, p50, p99, p999, longest } = await readWhile(request, work)
      const seconds = (performance.now() - began) / 1000
      if (bad > 0 || reads === 0) throw new Error(`${bad} of ${reads} reads failed`)
      print(`| ${what} | ${seconds.toFixed(1)} | ${[p50, p99, p999, longest].map(ms).join(' | ')} |`)
      note(`tokens: ${what}`)
    }
    await row('nothing else', () => new Promise((resolve) => setTimeout(resolve, 5000)))
    await row(`LIST of ${live.toLocaleString('en')} leases`, () =>
      life.must('LIST', 'sys/leases/lookup/auth/approle/login'),
    )
    await row('LIST of their accessors', () => life.must('LIST', 'auth/token/accessors'))
    await row(`${live.toLocaleString('en')} tokens expire at once`, async () => {
      writeFileSync(clock, String(25 * HOUR))
      life.readClock()
      // The server looks for them every 30 s.
      for (let left = live; left > 0; left = (await entriesIn(place.store)) - without) {
        note(`tokens: ${left} entries of them left`)
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    })
    print('')
    print(`Afterwards the store holds ${without.toLocaleString('en')} entries, as before the first of them.\n`)
  } finally {
    await life.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
