/**
 * kill -9 at the moments that come once: while the store is initialised, while the unseal key is changed, while a mount
 * becomes KV version 2. What each may leave behind is one of two whole states.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Gone, Life } from './life.mjs'
import { randomOf } from './random.mjs'

function newPlace() {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-soak-'))
  return { folder, store: join(folder, 'vault'), keyFile: join(folder, 'key.json') }
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** @returns {Promise<any>} what `work` gave, or `undefined` when the kill came first */
async function killIn(life, ms, work) {
  const working = work().catch((error) => {
    if (error instanceof Gone) return undefined
    throw error
  })
  await later(ms)
  await life.kill()
  return working
}

/** How long something takes here, so that kills fall into it. */
async function timed(work) {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function whileInitializing(kills, random, seed) {
  const found = { uninitialised: 0, initialised: 0 }
  let usual = 0
  for (const _ of ['cold', 'warm']) {
    const place = newPlace()
    const life = new Life(place)
    usual = await timed(() => life.ready)
    await life.kill()
    rmSync(place.folder, { recursive: true })
  }
  for (let done = 0; done < kills; done += 1) {
    const place = newPlace()
    const life = new Life(place)
    await killIn(life, usual * (0.5 + random() * 0.5), () => life.ready)
    const again = await new Life(place, { sealed: true }).ready
    const { body } = await again.ask('GET', 'sys/init', undefined, { token: '' })
    if (body.initialized) {
      found.initialised += 1
      const { key } = JSON.parse(readFileSync(place.keyFile, 'utf8'))
      const status = await again.must('PUT', 'sys/unseal', { key }, { token: '' })
      if (status.sealed)
        throw new Error(`init, kill ${done + 1} of seed ${seed}: initialised, and its key does not open it`)
    } else {
      found.uninitialised += 1
    }
    await again.kill()
    // From either state it is a server like any other.
    const whole = await new Life(place).ready
    await whole.must('GET', 'sys/mounts')
    await whole.kill()
    rmSync(place.folder, { recursive: true })
  }
  return found
}

/** The new shares count when a quorum of them was given back, and until then the old ones do. */
async function whileRekeying(kills, random, seed) {
  const place = newPlace()
  const found = { old: 0, new: 0 }
  let life = await new Life(place).ready
  const token = life.token
  await life.must('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await life.must('POST', 'secret/data/one', { data: { n: 1 } })
  let { key } = JSON.parse(readFileSync(place.keyFile, 'utf8'))
  for (let done = 0; done < kills; done += 1) {
    const asRoot = { token }
    const { nonce } = await life.must(
      'PUT',
      'sys/rekey/init',
      { secret_shares: 1, secret_threshold: 1, require_verification: true },
      asRoot,
    )
    const made = await life.must('PUT', 'sys/rekey/update', { key, nonce }, asRoot)
    const next = made.keys[0]
    const acknowledged = await killIn(life, random() * 5, () =>
      life.must('PUT', 'sys/rekey/verify', { key: next, nonce: made.verification_nonce }, asRoot),
    )
    life = await new Life(place, { sealed: true }).ready
    const opens = async (one) => {
      const { status, body } = await life.ask('PUT', 'sys/unseal', { key: one }, { token: '' })
      if (status === 400 && /invalid key/.test(JSON.stringify(body))) return false
      if (status !== 200) throw new Error(`unseal: ${status} ${JSON.stringify(body)}`)
      return !body.sealed
    }
    const byOld = await opens(key)
    const byNew = byOld ? false : await opens(next)
    const right = acknowledged === undefined ? byOld || byNew : byNew
    if (!right)
      throw new Error(
        `rekey, kill ${done + 1} of seed ${seed}: acknowledged ${acknowledged !== undefined}, old key opens ${byOld}, new key ${byNew}`,
      )
    const { data } = await life.must('GET', 'secret/data/one', undefined, asRoot)
    if (data.data.n !== 1) throw new Error(`rekey, kill ${done + 1} of seed ${seed}: a secret is another`)
    found[byOld ? 'old' : 'new'] += 1
    if (byNew) key = next
  }
  await life.kill()
  rmSync(place.folder, { recursive: true })
  return found
}

const SECRETS = 300

async function whileUpgrading(kills, random, seed) {
  const place = newPlace()
  const found = { version1: 0, version2: 0 }
  let life = await new Life(place).ready
  const numbers = Array.from({ length: SECRETS }, (_, n) => n)
  for (let done = 0; done < kills; done += 1) {
    const mount = `kv-${done}`
    await life.must('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '1' } })
    await Promise.all(numbers.map((n) => life.must('POST', `${mount}/folder-${n % 7}/${n}`, { n })))
    const acknowledged = await killIn(life, random() * 25, () =>
      life.must('POST', `sys/mounts/${mount}/tune`, { options: { version: '2' } }).then(() => true),
    )
    life = await new Life(place).ready
    const version = (await life.must('GET', 'sys/mounts')).data[`${mount}/`].options.version
    if (acknowledged === true && version !== '2')
      throw new Error(`upgrade, kill ${done + 1} of seed ${seed}: it was acknowledged, and is not there`)
    const read = async (n) => {
      for (let tries = 0; tries < 500; tries += 1) {
        const path = version === '2' ? `${mount}/data/folder-${n % 7}/${n}` : `${mount}/folder-${n % 7}/${n}`
        const { status, body } = await life.ask('GET', path)
        if (status === 200) return version === '2' ? body.data.data.n : body.data.n
        // What the kill left is taken up by the first request.
        if (!/Upgrading/.test(JSON.stringify(body))) return { status, body }
        await later(10)
      }
      return 'it upgrades for ever'
    }
    for (const n of numbers) {
      const got = await read(n)
      if (got !== n)
        throw new Error(
          `upgrade, kill ${done + 1} of seed ${seed}, version ${version}: secret ${n} is ${JSON.stringify(got)}`,
        )
    }
    found[version === '2' ? 'version2' : 'version1'] += 1
    await life.must('DELETE', `sys/mounts/${mount}`)
  }
  await life.kill()
  rmSync(place.folder, { recursive: true })
  return found
}

export async function moments({ kills: wanted, seed, note, print }) {
  const kills = Math.max(3, Math.round(wanted / 10))
  print('| kill -9 at moments that come once | kills | left behind |\n|---|---|---|')
  const init = await whileInitializing(kills, randomOf(seed, 'init'), seed)
  print(
    `| initialisation | ${kills} | ${init.uninitialised} times an empty store, ${init.initialised} times a whole one |`,
  )
  note('moments: init')
  const rekey = await whileRekeying(kills, randomOf(seed, 'rekey'), seed)
  print(
    `| a rekey, at its verification | ${kills} | ${rekey.old} times the old key opens, ${rekey.new} times the new one; never neither, and never the old one after the answer |`,
  )
  note('moments: rekey')
  const upgrade = await whileUpgrading(kills, randomOf(seed, 'upgrade'), seed)
  print(
    `| KV version 1 to 2, ${SECRETS} secrets | ${kills} | ${upgrade.version1} times version 1, ${upgrade.version2} times version 2; every secret each time |\n`,
  )
}
