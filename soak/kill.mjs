/**
 * kill -9 of a server at random moments while everything that it keeps is written to; then it is opened again, and every
 * acknowledged write is looked for. One kill in ten comes while the server starts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Account, Loss } from './ledger.mjs'
import { Gone, Life } from './life.mjs'
import { randomOf } from './random.mjs'
import { kv1Secret, kv2Secret } from './things-kv.mjs'
import { authMount, kvMount, policy, rateLimit, rotation, tokenRole, user } from './things-system.mjs'
import { approle, tokenFamily, tokenUses, wrapped } from './things-tokens.mjs'

function things() {
  const each = (count, make) => Array.from({ length: count }, (_, n) => make(String(n)))
  return [
    ...each(4, (n) => kv1Secret('one', n)),
    ...each(6, (n) => kv2Secret('two', n)),
    ...each(4, tokenFamily),
    ...each(2, tokenUses),
    ...each(3, approle),
    ...each(3, wrapped),
    ...each(2, policy),
    ...each(1, tokenRole),
    ...each(1, rateLimit),
    ...each(1, user),
    ...each(2, kvMount),
    ...each(1, authMount),
    rotation(),
  ]
}

async function prepare(life, accounts) {
  await life.must('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } })
  await life.must('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } })
  await life.must('POST', 'sys/auth/approle', { type: 'approle' })
  await life.must('POST', 'sys/auth/userpass', { type: 'userpass' })
  for (const account of accounts) await account.prepare(life)
}

/** @returns {Promise<boolean>} whether it was up before it was killed */
async function killWhileStarting(place, ms) {
  const life = new Life(place)
  const up = life.ready.then(
    () => true,
    (error) => {
      if (error instanceof Gone) return false
      throw error
    },
  )
  await new Promise((resolve) => setTimeout(resolve, ms))
  await life.kill()
  return up
}

export async function kill({ kills, seed, note, print }) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-soak-'))
  const place = { store: join(folder, 'vault'), keyFile: join(folder, 'key.json') }
  const random = randomOf(seed, 'kills')
  const accounts = things().map((thing) => new Account(thing, seed))
  const counts = { whileWriting: 0, whileStarting: 0 }
  const began = performance.now()
  let life = await new Life(place).ready
  try {
    await prepare(life, accounts)
    for (let done = 0; done < kills; done += 1) {
      if (random() < 0.1) {
        await life.kill()
        await killWhileStarting(place, random.below(400))
        counts.whileStarting += 1
      } else {
        const writing = Promise.allSettled(accounts.map((account) => account.work(life)))
        await new Promise((resolve) => setTimeout(resolve, 20 + random.below(280)))
        await life.kill()
        const failed = (await writing).find(({ status }) => status === 'rejected')
        if (failed !== undefined) throw failed.reason
        counts.whileWriting += 1
      }
      life = await new Life(place).ready
      const checks = await Promise.allSettled(accounts.map((account) => account.check(life)))
      const wrong = checks.filter(({ status }) => status === 'rejected').map(({ reason }) => reason)
      if (wrong.length > 0) {
        const texts = wrong.map((error) => (error instanceof Loss ? error.message : error.stack)).join('\n  ')
        throw new Error(`after kill ${done + 1} of seed ${seed} (store kept in ${folder}):\n  ${texts}\n${life.said}`)
      }
      if (life.said !== '') throw new Error(`after kill ${done + 1} of seed ${seed} the server said: ${life.said}`)
      if ((done + 1) % 25 === 0) note(`kill: ${done + 1} of ${kills}`)
    }
    await life.kill()
    rmSync(folder, { recursive: true, force: true })
  } finally {
    await life.kill()
  }
  const sum = (name) => accounts.reduce((total, { counts: one }) => total + one[name], 0)
  if (sum('acknowledged') === 0) throw new Error('nothing was written')
  const minutes = (performance.now() - began) / 60_000
  print('| kill -9 under mixed writes | |\n|---|---|')
  print(`| seed | ${seed} |`)
  print(`| kills while writing | ${counts.whileWriting} |`)
  print(`| kills while starting | ${counts.whileStarting} |`)
  print(`| things written to at once | ${accounts.length} |`)
  print(`| acknowledged writes | ${sum('acknowledged').toLocaleString('en')} |`)
  print(
    `| writes that a kill cut off | ${sum('cutOff').toLocaleString('en')}, of which ${sum('happened').toLocaleString('en')} had happened |`,
  )
  print('| lost, or there in part | 0 |')
  print(`| minutes | ${minutes.toFixed(1)} |\n`)
}
