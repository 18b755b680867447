/**
 * The disk becomes full while everything is written to: what was answered with success is kept, what did not fit is an
 * error and changes nothing, reads go on; when there is room again the server goes on, also after a kill in between.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Account } from './ledger.mjs'
import { Life } from './life.mjs'
import { randomOf } from './random.mjs'
import { kv1Secret, kv2Secret } from './things-kv.mjs'
import { policy, tokenRole } from './things-system.mjs'
import { approle, tokenFamily, tokenUses, wrapped } from './things-tokens.mjs'

const MIB = 1024 * 1024
const DISK = '24m'

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Why there is no small disk to fill; `undefined` when there is one. */
function mountDisk(disk) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux, to mount a small disk'
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'plenum-soak', disk])
  return status === 0 ? undefined : 'it needs the right to mount a small disk'
}

/** Until so many bytes are left. */
function fill(disk, left) {
  rmSync(join(disk, 'ballast'), { force: true })
  const { bavail, bsize } = statfsSync(disk)
  try {
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - left), 1))
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error
  }
}

export async function full({ rounds, seed, note, print }) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-soak-'))
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  const why = mountDisk(disk)
  if (why !== undefined) {
    note(`full: skipped, ${why}`)
    return
  }
  const empty = () => rmSync(join(disk, 'ballast'), { force: true })
  const place = { store: join(disk, 'vault'), keyFile: join(folder, 'key.json') }
  const random = randomOf(seed, 'full')
  const each = (count, make) => Array.from({ length: count }, (_, n) => make(String(n)))
  const things = [
    ...each(4, (n) => kv1Secret('one', n)),
    ...each(4, (n) => kv2Secret('two', n)),
    ...each(2, tokenFamily),
    ...each(1, tokenUses),
    ...each(2, approle),
    ...each(2, wrapped),
    ...each(1, policy),
    ...each(1, tokenRole),
  ]
  const accounts = things.map((thing) => new Account(thing, seed))
  const checkAll = (life) => Promise.all(accounts.map((account) => account.check(life)))
  const workFor = async (life, ms, mayFail) => {
    const end = performance.now() + ms
    await Promise.all(accounts.map((account) => account.work(life, { mayFail, until: () => performance.now() > end })))
  }
  const counts = { killed: 0, noStart: 0 }
  let life = await new Life(place).ready
  try {
    await life.must('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } })
    await life.must('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } })
    await life.must('POST', 'sys/auth/approle', { type: 'approle' })
    for (const account of accounts) await account.prepare(life)
    for (let round = 0; round < rounds; round += 1) {
      await workFor(life, 500, false)
      const refusedBefore = accounts.reduce((sum, { counts: one }) => sum + one.refused, 0)
      fill(disk, random.below(MIB))
      await workFor(life, 1500, true)
      if (accounts.reduce((sum, { counts: one }) => sum + one.refused, 0) === refusedBefore) {
        // What was left was enough for what this machine writes in that time.
        fill(disk, 0)
        await workFor(life, 500, true)
      }
      if (random() < 0.5) {
        counts.killed += 1
        const writing = Promise.all(accounts.map((account) => account.work(life, { mayFail: true })))
        await later(random.below(200))
        await life.kill()
        await writing
        const again = new Life(place)
        const failure = await again.ready.then(
          () => undefined,
          (error) => error,
        )
        if (failure === undefined) await checkAll(again)
        else if (/no space left/.test(failure.message)) counts.noStart += 1
        else throw failure
        await again.kill()
        empty()
        life = await new Life(place).ready
      } else {
        empty()
      }
      await checkAll(life)
      await workFor(life, 300, false)
      note(`full: round ${round + 1} of ${rounds}`)
    }
  } catch (error) {
    throw new Error(`full, seed ${seed}: ${error.message}`, { cause: error })
  } finally {
    await life.kill()
    spawnSync('umount', [disk])
    rmSync(folder, { recursive: true, force: true })
  }
  const sum = (name) => accounts.reduce((total, { counts: one }) => total + one[name], 0)
  if (sum('refused') === 0) throw new Error('the disk was never full')
  print('| full disk | |\n|---|---|')
  print(`| seed | ${seed} |`)
  print(`| times that the disk became full | ${rounds} |`)
  print(
    `| of these, killed while it was full | ${counts.killed}; ${counts.noStart} times no start before there was room |`,
  )
  print(`| acknowledged writes | ${sum('acknowledged').toLocaleString('en')} |`)
  print(`| writes refused for want of room | ${sum('refused').toLocaleString('en')} |`)
  print('| lost, or there in part | 0 |\n')
}
