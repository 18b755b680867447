/**
 * What is damaged, taken, forbidden or full around a hub: one clear message with what to do, a status, nothing lost or
 * half-written, and no stack trace. Wrong calls, wrong files and servers that are not there are transcripts
 * (`test/scripts`); requests beyond a limit are in `http.test.ts`. It runs the built package.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'
import { openLmdbStorage } from '../../src/server/storage/index.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-bad-'))
chmodSync(work, 0o755)
afterAll(() => rmSync(work, { recursive: true, force: true }))

const HUB = `version: 1
hub: demo
airflow: { version: "3.3", provider: "4.8" }
env_files: [.env]
environments:
  dev: { vault: embedded }
projects:
  trading:
    variables:
      project_trading_symbols: "AAPL,MSFT"
      project_trading_key: { env: TRADING_KEY }
`
const SECRET = 'planted-trading-key'

/** A hub's folder and the home of whoever works with it. */
interface Place {
  readonly hub: string
  readonly run: string
  readonly vault: string
  readonly home: string
  readonly unseal: string
}

function placeAt(folder: string): Place {
  const hub = join(folder, 'hub')
  const home = join(folder, 'home')
  const run = join(hub, '.plenum')
  return { hub, run, vault: join(run, 'vault'), home, unseal: join(home, 'config/plenum/unseal') }
}

let made = 0
function newPlace(inside = work): Place {
  made += 1
  const place = placeAt(join(inside, String(made)))
  for (const folder of [place.hub, place.home]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(place.hub, 'plenum.yaml'), HUB)
  writeFileSync(join(place.hub, '.env'), `TRADING_KEY=${SECRET}\n`)
  return place
}

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface How {
  readonly env?: Readonly<Record<string, string>>
  /** Run by this user, who is not root. */
  readonly uid?: number
  readonly redirect?: string
}

/** Not `spawnSync`: some of the servers that it talks to live in this process. */
function plenum(
  { hub, home }: Place,
  args: readonly string[],
  { env = {}, uid, redirect = '' }: How = {},
): Promise<Ran> {
  const user = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const child = spawn('sh', ['-c', `"$@" ${redirect}`, 'sh', ...user, process.execPath, main, ...args], {
    cwd: hub,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_CONFIG_HOME: join(home, 'config'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ran = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (ran.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (ran.stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, ...ran }))
  })
}

const UP = ['up', '--port', '0', '-q']

/** A store that `up` made and `down` left, copied for each test. */
let good: Place
beforeAll(async () => {
  good = newPlace()
  expect(await plenum(good, [...UP, '--detach'])).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(await plenum(good, ['down', '-q'])).toEqual({ status: 0, stdout: '', stderr: '' })
})

function goodPlace(): Place {
  const place = newPlace()
  cpSync(dirname(good.hub), dirname(place.hub), { recursive: true })
  return place
}

const keyFile = ({ unseal }: Place): string => join(unseal, readdirSync(unseal)[0] ?? 'none')

/** Of everything below a folder but the lock file, which a start may touch, and the log of starts. */
function digest(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(folder, name)
    if (!statSync(path).isFile() || /lock\.mdb$|server\.log$/.test(name)) continue
    hash.update(name).update(readFileSync(path))
  }
  return hash.digest('hex')
}

interface Refusal {
  readonly message: RegExp
  readonly status?: number
}

/** One message, with what to do in it or below it, and nothing else. */
function expectRefusal({ status, stdout, stderr }: Ran, { message, status: wanted = 1 }: Refusal): void {
  expect(stderr).toMatch(message)
  expect(stderr.match(/^plenum: /gm)).toHaveLength(1)
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  expect(stderr).not.toContain('internal error')
  expect(stderr + stdout).not.toContain(SECRET)
  expect([status, stdout]).toEqual([wanted, ''])
}

describe('a store that cannot be opened', () => {
  const overwrite = (path: string, from: RegExp, to: string): void =>
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))

  it.each<{ name: string; spoil: (place: Place) => void; message: RegExp; opened?: boolean }>([
    {
      name: 'of another version',
      spoil: ({ vault }) => overwrite(join(vault, 'store.json'), /"version":1/, '"version":7'),
      message: /is of version 7, this Plenum knows version 1: use the Plenum that wrote it/,
    },
    {
      name: 'whose store.json is damaged',
      spoil: ({ vault }) => writeFileSync(join(vault, 'store.json'), '{'),
      message: /store\.json is damaged: restore the folder from a backup/,
    },
    {
      name: 'whose data is cut off',
      spoil: ({ vault }) => truncateSync(join(vault, 'data.mdb'), 20_000),
      message: /data\.mdb is damaged: .*restore the folder from a backup/,
    },
    {
      name: 'whose data is something else',
      spoil: ({ vault }) => writeFileSync(join(vault, 'data.mdb'), Buffer.alloc(100_000, 0x5a)),
      message: /data\.mdb is damaged: .*restore the folder from a backup/,
    },
    {
      name: 'whose data is gone',
      spoil: ({ vault }) => rmSync(join(vault, 'data.mdb')),
      message: /data\.mdb is missing; restore the folder from a backup/,
    },
    {
      name: 'that is a file',
      spoil: ({ vault }) => {
        rmSync(vault, { recursive: true })
        writeFileSync(vault, 'x')
      },
      message: /cannot be opened: ENOTDIR/,
    },
    {
      name: 'in a .plenum that is a file',
      spoil: ({ run }) => {
        rmSync(run, { recursive: true })
        writeFileSync(run, 'x')
      },
      message: /\.plenum'\n +a file stands where a folder is needed/,
    },
    {
      name: 'whose audit file is a folder',
      spoil: ({ run }) => {
        rmSync(join(run, 'audit.log'))
        mkdirSync(join(run, 'audit.log'))
      },
      message: /cannot open the audit log .*\n +nothing is done that cannot be audited/,
      opened: true,
    },
    {
      name: 'that was copied without its key',
      spoil: ({ unseal }) => rmSync(unseal, { recursive: true }),
      message: /there is no key file .*\n +was `\.plenum` copied from elsewhere\?/,
    },
    {
      name: 'whose key file others can read',
      spoil: (place) => chmodSync(keyFile(place), 0o644),
      message: /can be read by others than its owner.*chmod 600/,
    },
    {
      name: 'whose key file is damaged',
      spoil: (place) => writeFileSync(keyFile(place), 'nonsense'),
      message: /is not a key file of this Plenum: put back/,
    },
    {
      name: 'whose key file is of another store',
      spoil: (place) => overwrite(keyFile(place), /"store":"......../, '"store":"00000000'),
      message: /holds the key of another store: name the right file/,
    },
    {
      name: 'whose key file holds another key',
      spoil: (place) => overwrite(keyFile(place), /"key":"......../, '"key":"00000000'),
      message: /does not open this store: put back the one that was written for it/,
    },
  ])('$name', async ({ spoil, message, opened = false }) => {
    const place = goodPlace()
    spoil(place)
    const before = digest(dirname(place.hub))
    expectRefusal(await plenum(place, UP), { message })
    // A store that was opened has written to itself.
    if (!opened) expect(digest(dirname(place.hub))).toBe(before)
    expect(existsSync(join(place.run, 'server.json'))).toBe(false)
  })

  it('that another process holds', async () => {
    const place = goodPlace()
    const storage = openLmdbStorage({ folder: place.vault })
    try {
      const message = new RegExp(`the store is in use by process ${process.pid} .*: stop that server`)
      expectRefusal(await plenum(place, UP), { message })
      expectRefusal(await plenum(place, [...UP, '--detach']), { message })
    } finally {
      await storage.close()
    }
    expect(await plenum(place, [...UP, '--detach'])).toMatchObject({ status: 0, stderr: '' })
    expect(await plenum(place, ['down', '-q'])).toMatchObject({ status: 0 })
  })

  it('opens when its holder has ended, also when nobody has collected it', async ({ skip }) => {
    if (!existsSync('/proc/self/stat')) skip('needs /proc')
    // `sleep` takes the place of the shell and waits for no child of it.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)))
      const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8')
      await expect.poll(stat).toContain(') Z ')
      const place = goodPlace()
      const started = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${stat().split(' ')[21] ?? ''}`
      writeFileSync(join(place.vault, 'server.lock'), JSON.stringify({ pid, started }))
      expect(await plenum(place, [...UP, '--detach'])).toMatchObject({ status: 0, stderr: '' })
      expect((await plenum(place, ['down', '-q'])).status).toBe(0)
    } finally {
      parent.kill()
    }
  })

  it('opens where its folder was moved to, and audits there', async () => {
    const place = goodPlace()
    const moved = newPlace()
    rmSync(moved.hub, { recursive: true })
    renameSync(place.hub, moved.hub)
    const audited = () => statSync(join(moved.run, 'audit.log')).size
    const before = audited()
    const theirs = { ...moved, home: place.home }
    expect(await plenum(theirs, [...UP, '--detach'])).toMatchObject({ status: 0, stderr: '' })
    expect((await plenum(theirs, ['down', '-q'])).status).toBe(0)
    expect(audited()).toBeGreaterThan(before)
    expect(existsSync(place.hub)).toBe(false)
  })

  it('gives its stack with --debug, and the reason in the document with --json', async () => {
    const place = goodPlace()
    writeFileSync(join(place.vault, 'store.json'), '{')
    const debug = await plenum(place, [...UP, '--debug'])
    expect(debug.stderr).toMatch(/^\s+at .*:\d+:\d+\)?$/m)
    const { status, stdout } = await plenum(place, [...UP, '--json'])
    expect([status, JSON.parse(stdout)]).toMatchObject([1, { errors: [{ code: 'store-corrupt' }] }])
  })
})

describe('a server', () => {
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

  it('whose port is taken', async () => {
    const place = newPlace()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    try {
      const port = String(portOf(other))
      const message = /is taken by another process.*\n +see who has it/
      expectRefusal(await plenum(place, ['up', '--port', port, '-q']), { message })
      expectRefusal(await plenum(place, ['server', '--dev', '--port', port]), { message })
    } finally {
      other.close()
    }
    expect(existsSync(join(place.run, 'server.json'))).toBe(false)
  })

  it('of a hub is not that of a copy of its folder', async () => {
    const place = goodPlace()
    expect(await plenum(place, [...UP, '--detach'])).toMatchObject({ status: 0 })
    try {
      const copy = newPlace()
      cpSync(place.hub, copy.hub, { recursive: true })
      const theirs = { ...copy, home: place.home }
      expectRefusal(await plenum(theirs, ['plan']), { message: /is not running/ })
      expect((await plenum(theirs, ['down'])).stderr).toBe('not running\n')
      expect((await plenum(place, ['plan'])).stdout).toMatch(/^no changes/)
    } finally {
      expect((await plenum(place, ['down', '-q'])).status).toBe(0)
    }
  })

  it('that a broken server.json tells of is not running', async () => {
    const place = goodPlace()
    for (const text of ['', '{"pid":', JSON.stringify({ pid: process.pid, address: 'nowhere', storeId: 'x' })]) {
      writeFileSync(join(place.run, 'server.json'), text)
      expectRefusal(await plenum(place, ['plan']), { message: /is not running/ })
      expect((await plenum(place, ['down'])).stderr).toBe('not running\n')
    }
  })

  it('that is no Vault, or speaks no TLS', async () => {
    const place = newPlace()
    const other = createHttpServer((_, response) => response.end('<html>hello</html>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    try {
      const env = { VAULT_TOKEN: 'planted-token', VAULT_MAX_RETRIES: '0' }
      const at = `127.0.0.1:${portOf(other)}`
      const plain = await plenum(place, ['plan'], { env: { ...env, VAULT_ADDR: `http://${at}` } })
      expectRefusal(plain, { message: /that no Vault says/ })
      const tls = await plenum(place, ['plan'], { env: { ...env, VAULT_ADDR: `https://${at}` } })
      expectRefusal(tls, { message: /the server does not speak TLS there/ })
      expect(plain.stderr + tls.stderr).not.toContain('planted-token')
    } finally {
      other.close()
    }
  })

  describe('that answers', () => {
    let server: EmbeddedServer
    beforeAll(async () => {
      server = await startServer({ storage: { kind: 'memory' }, port: 0 })
    })
    afterAll(() => server.close())
    const ask = (token: string, args: readonly string[] = ['plan']) =>
      plenum(newPlace(), args, { env: { VAULT_ADDR: server.address, VAULT_TOKEN: token, VAULT_MAX_RETRIES: '0' } })

    it('that it is sealed', async () => {
      expectRefusal(await ask('planted-token'), { message: /sealed|not initialized/i })
      const { keys } = await server.core.initialize({ shares: 1, threshold: 1 })
      expectRefusal(await ask('planted-token'), { message: /Vault is sealed.*\n +unseal it first/ })
      for (const key of keys) await server.core.unsealWithKey(key)
      expect(server.core.initialized).toBe(true)
    })

    it('that the token is wrong', async () => {
      for (const args of [['plan'], ['apply', '--yes']]) {
        const ran = await ask('planted-token', args)
        expectRefusal(ran, { message: /403 permission denied.*\n +use a token whose policies allow it/ })
        expect(ran.stderr).not.toContain('planted-token')
      }
    })
  })
})

describe('an output that goes away', () => {
  it('ends nothing when its reader has seen enough', async () => {
    for (const args of [['--help'], ['airflow', 'config', '-q']]) {
      const { status, stderr } = await plenum(newPlace(), args, { redirect: '| true' })
      expect([status, stderr]).toEqual([0, ''])
    }
  })

  it('is a failure when data was lost', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('needs /dev/full')
    const { status, stderr } = await plenum(newPlace(), ['airflow', 'config', '-q'], { redirect: '> /dev/full' })
    expect([status, stderr]).toEqual([
      1,
      'plenum: the output could not be written: ENOSPC: no space left on device, write\n',
    ])
  })
})

const OTHER_USER = 65_533

/** Why nothing can be run here as somebody who is not root; undefined when it can. */
function whyNoOtherUser(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to become another user'
  const tried = spawnSync('setpriv', [`--reuid=${OTHER_USER}`, '--clear-groups', process.execPath, main, '--version'])
  return tried.status === 0 ? undefined : 'needs setpriv, and a folder that other users may enter'
}

describe('what the user may not do', () => {
  const why = whyNoOtherUser()

  it.for<{ name: string; args?: readonly string[]; forbid: (place: Place) => void; message: RegExp }>([
    {
      name: 'write into the hub’s folder',
      forbid: ({ hub, run }) => {
        rmSync(run, { recursive: true })
        chownSync(hub, 0, 0)
      },
      message: /EACCES: permission denied, mkdir '.*\.plenum'\n +see who owns it/,
    },
    {
      name: 'read plenum.yaml',
      args: ['plan'],
      forbid: ({ hub }) => {
        chownSync(join(hub, 'plenum.yaml'), 0, 0)
        chmodSync(join(hub, 'plenum.yaml'), 0o600)
      },
      message: /plenum\.yaml cannot be read: EACCES.*\n +see who owns it/,
    },
    {
      name: 'use a .plenum of somebody else',
      forbid: ({ run }) => chownSync(run, 0, 0),
      message: /EPERM: operation not permitted, chmod '.*\.plenum'\n +see who owns it/,
    },
    {
      name: 'write the audit file',
      forbid: ({ run }) => chownSync(join(run, 'audit.log'), 0, 0),
      message: /cannot open the audit log .*EACCES.*\n +nothing is done that cannot be audited/,
    },
    {
      name: 'open the store',
      forbid: ({ vault }) => chownSync(join(vault, 'data.mdb'), 0, 0),
      message: /the store .* cannot be opened: .*this user owns/,
    },
    {
      name: 'read the key',
      forbid: (place) => chownSync(keyFile(place), 0, 0),
      message: /cannot read the key file .*EACCES.*\n +see who owns it/,
    },
    {
      name: 'write a new key',
      forbid: ({ run, home }) => {
        rmSync(run, { recursive: true })
        rmSync(join(home, 'config'), { recursive: true })
        chownSync(home, 0, 0)
      },
      message: /cannot write the key file .*EACCES.*\n +see who owns that folder/,
    },
  ])('$name', async ({ args = UP, forbid, message }, { skip }) => {
    if (why !== undefined) skip(why)
    const place = goodPlace()
    for (const name of readdirSync(dirname(place.hub), { recursive: true, encoding: 'utf8' })) {
      chownSync(join(dirname(place.hub), name), OTHER_USER, OTHER_USER)
    }
    forbid(place)
    const files = () => readdirSync(dirname(place.hub), { recursive: true }).length
    const before = files()
    expectRefusal(await plenum(place, args, { uid: OTHER_USER }), { message })
    // A store that was to be made may have its folder by then, and nothing else.
    expect(files() - before).toBeLessThan(7)
    expect(existsSync(join(place.run, 'server.json'))).toBe(false)
  })
})

describe('a full disk', () => {
  const disk = join(work, 'disk')
  const KIB = 1024
  const fill = (kib: number): void => {
    try {
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(kib * KIB))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
  }
  const free = (): void => rmSync(join(disk, 'ballast'), { force: true })

  /** Why there is no small disk to fill; undefined when there is one. */
  function mountDisk(): string | undefined {
    mkdirSync(disk, { recursive: true })
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a small disk'
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'plenum-test', disk])
    return status === 0 ? undefined : 'needs the right to mount a small disk'
  }

  let why: string | undefined
  beforeAll(() => {
    why = mountDisk()
  })
  afterAll(() => {
    if (why === undefined) spawnSync('umount', [disk])
  })

  it.for([2044, 2000, 1700, 1450])(
    'with %i KiB of 2048 taken: no start, and a good one once there is room',
    async (kib, { skip }) => {
      if (why !== undefined) skip(why)
      const place = newPlace(disk)
      fill(kib)
      expectRefusal(await plenum(place, [...UP, '--detach']), { message: /no space left/ })
      free()
      expect(await plenum(place, [...UP, '--detach'])).toMatchObject({ status: 0, stderr: '' })
      expect((await plenum(place, ['plan'])).stdout).toMatch(/^no changes/)
      expect((await plenum(place, ['down', '-q'])).status).toBe(0)
      rmSync(dirname(place.hub), { recursive: true })
    },
  )

  it('while the server runs: requests are refused, nothing ends, and it goes on once there is room', async ({
    skip,
  }) => {
    if (why !== undefined) skip(why)
    const place = newPlace(disk)
    expect((await plenum(place, [...UP, '--detach'])).status).toBe(0)
    try {
      fill(4000)
      for (let n = 0; n < 3; n += 1) {
        const { status, stderr } = await plenum(place, ['plan'])
        expect([status, stderr]).toEqual([1, expect.stringMatching(/500 internal error.*\n +.*server\.log/)])
      }
      free()
      expect((await plenum(place, ['plan'])).stdout).toMatch(/^no changes/)
    } finally {
      free()
      expect((await plenum(place, ['down', '-q'])).status).toBe(0)
    }
  })
})
