/**
 * S46: a store whose file was damaged at random: bits, pages, an end that is missing, pages of its own past or of another
 * store. It is refused with what to do, or it serves what is right and errors for the rest; never other data, never
 * "absent", and it never ends the process. PLENUM_DAMAGES sets how many (default 80), PLENUM_SEED which.
 *
 * It runs the built package: `npm run build` comes first.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startServer } from '../../src/server/index.ts'

const COUNT = Number(process.env['PLENUM_DAMAGES'] ?? '80')
const SEED = process.env['PLENUM_SEED'] ?? String(Math.floor(Math.random() * 1e9))
const root = mkdtempSync(join(tmpdir(), 'plenum-damage-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Served {
  readonly right: number
  readonly refused: number
  readonly wrong: readonly string[]
  readonly absent: readonly string[]
  readonly errors: readonly string[]
}

it(`S46: ${COUNT} damaged files are refused, or serve what is right`, { timeout: 60_000 + COUNT * 2000 }, () => {
  const script = join(import.meta.dirname, 'store-damage.mjs')
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [script, join(root, 'random'), SEED, String(COUNT)],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  const lines = stdout.trim().split('\n')
  // The last line says which case ended the process.
  expect({ status, signal, last: lines.at(-1), seed: SEED, stderr }).toMatchObject({
    status: 0,
    signal: null,
    stderr: '',
  })
  const ends = lines.filter((line) => !line.endsWith(' begins'))
  expect(ends).toHaveLength(COUNT)
  const refusals = ends.filter((line) => line.split(' ')[1] === 'refused')
  for (const line of refusals)
    expect(line, `seed ${SEED}`).toMatch(/"code":"store-corrupt".* is damaged: .*; restore the folder from a backup/)
  for (const line of ends.filter((end) => !refusals.includes(end))) {
    const served = JSON.parse(line.slice(line.indexOf('{'))) as Served
    expect(served, `seed ${SEED}: ${line}`).toMatchObject({ wrong: [], absent: [] })
  }
  expect(refusals.length).toBeGreaterThan(COUNT / 3)
  expect(refusals.length).toBeLessThan(COUNT)
})

describe('S46: a store with files that are not its own', () => {
  const KEY = 'key'
  async function makeStore(name: string): Promise<{ folder: string; [KEY]: Buffer }> {
    const folder = join(root, name)
    const server = await startServer({ storage: { kind: 'lmdb', folder } })
    const { keys } = await server.core.initialize({ shares: 1, threshold: 1 })
    await server.close()
    return { folder, [KEY]: Buffer.from(keys[0] ?? []) }
  }
  const open = async (folder: string, key: Buffer): Promise<string> => {
    const server = await startServer({ storage: { kind: 'lmdb', folder } })
    try {
      await server.core.unsealWithKey(Buffer.from(key))
      return 'open'
    } finally {
      await server.close()
    }
  }

  it('the data of another store is not unsealed with the key of this one', async () => {
    const one = await makeStore('one')
    const other = await makeStore('other')
    cpSync(join(other.folder, 'data.mdb'), join(one.folder, 'data.mdb'))
    await expect(open(one.folder, one[KEY])).rejects.toThrow('unseal failed, invalid key')
    expect(await open(one.folder, other[KEY])).toBe('open')
  })

  it('an entry of the barrier from another store does not authenticate', async () => {
    const one = await makeStore('mixed')
    const other = await makeStore('mixed-in')
    const { open: openLmdb } = await import('lmdb')
    const lmdb = (folder: string) =>
      openLmdb<Buffer, Buffer>({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' })
    const key = Buffer.from('core/keyring')
    const from = lmdb(other.folder)
    const foreign = from.get(key)
    await from.close()
    const to = lmdb(one.folder)
    await to.put(key, foreign ?? Buffer.alloc(0))
    await to.close()
    await expect(open(one.folder, one[KEY])).rejects.toThrow('is damaged: what it holds is not what was written')
    writeFileSync(join(one.folder, 'store.json'), '{"format":"plenum-store","version":3,"data":"damaged"}')
    await expect(open(one.folder, one[KEY])).rejects.toThrow(
      /it is the key of another store, or the keyring was altered/,
    )
  })

  it('opens without its lock files, which hold nothing, and with modes that were too open, which it closes', async () => {
    const { folder, key } = await makeStore('locks')
    for (const name of readdirSync(folder)) if (name.includes('lock')) rmSync(join(folder, name))
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o666)
    expect(await open(folder, key)).toBe('open')
    writeFileSync(join(folder, 'lock.mdb'), Buffer.alloc(9000, 0xa7))
    expect(await open(folder, key)).toBe('open')
  })

  it('of a newer version is left as it is', async () => {
    const { folder, key } = await makeStore('newer')
    writeFileSync(join(folder, 'store.json'), '{"format":"plenum-store","version":99,"data":"present"}')
    const before = readFileSync(join(folder, 'data.mdb'))
    await expect(open(folder, key)).rejects.toThrow(
      /is of version 99, this Plenum knows versions 1 to 3: use the Plenum that wrote it/,
    )
    expect(readFileSync(join(folder, 'data.mdb')).equals(before)).toBe(true)
  })
})
