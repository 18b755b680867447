/**
 * What is damaged or taken around a hub: one clear message with what to do, a status, nothing lost or half-written, and no
 * stack trace. What is forbidden or full is in `machine-limits.test.ts`; wrong calls, wrong files and servers that are not
 * there are transcripts (`test/scripts`); requests beyond a limit are in `http.test.ts`. It runs the built package.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
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
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'
import { openLmdbStorage } from '../../src/server/storage/index.ts'
import { type Place, expectRefusal, goodPlace, keyFile, newPlace, plenum, UP, useGoodPlace } from './hub-place.case.ts'

useGoodPlace()

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

describe('a store that cannot be opened', () => {
  const overwrite = (path: string, from: RegExp, to: string): void => {
    const text = readFileSync(path, 'utf8')
    expect(text).toMatch(from)
    writeFileSync(path, text.replace(from, to))
  }

  it.each<{ name: string; spoil: (place: Place) => void; message: RegExp; opened?: boolean }>([
    {
      name: 'of a later version',
      spoil: ({ vault }) => overwrite(join(vault, 'store.json'), /"version":3/, '"version":7'),
      message: /is of version 7, this Plenum knows versions 1 to 3: use the Plenum that wrote it, or a later one/,
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
