/** Audit devices of the embedded server: what depends on how it was started, on its disk, and on its own process. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type AuditPlace, type EmbeddedServer, startServer } from '../../src/server/index.ts'
import { launchServer, stopServer, stopServers } from './plenum-server.case.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-audit-server-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const running = new Set<EmbeddedServer>()
afterEach(async () => {
  for (const server of running) await server.close()
  running.clear()
})

interface Life {
  readonly server: EmbeddedServer
  readonly failures: string[]
  readonly notices: string[]
  call(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly text: string }>
}

/** A hub's folder: audit files in it, the store below. Started again, it opens the store that is there. */
function home(name: string) {
  const folder = join(work, name)
  mkdirSync(join(folder, 'logs'), { recursive: true })
  let key = Buffer.alloc(0)
  let token = ''
  return {
    folder,
    async start(place: Omit<AuditPlace, 'keepOut'> = {}): Promise<Life> {
      const failures: string[] = []
      const notices: string[] = []
      const server = await startServer({
        storage: { kind: 'lmdb', folder: join(folder, 'store') },
        port: 0,
        auditFolders: [folder],
        auditPlace: place,
        report(event) {
          if (event.kind === 'audit-notice') notices.push(event.text)
          if (event.kind !== 'audit-failed') return
          failures.push(`${event.path}: ${event.error instanceof Error ? event.error.message : ''}`)
        },
        beforeListen: async (core) => {
          if (!core.initialized) {
            const made = await core.initialize({ shares: 1, threshold: 1 })
            key = Buffer.from(made.keys[0] ?? [])
            token = made.rootToken
          }
          await core.unsealWithKey(Buffer.from(key))
        },
      })
      running.add(server)
      return {
        server,
        failures,
        notices,
        async call(method, path, body) {
          const answer = await fetch(`${server.address}/v1/${path}`, {
            method,
            headers: { 'X-Vault-Token': token },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          })
          return { status: answer.status, text: await answer.text() }
        },
      }
    },
    async stop({ server }: Life): Promise<void> {
      running.delete(server)
      await server.close()
    },
  }
}

const fileAt = (path: string, options: object = {}) => ({ type: 'file', options: { file_path: path, ...options } })

describe('where and how a device may write', () => {
  it('S13: only inside the folders given, never in the store, and with no prefix', async () => {
    const { folder, start } = home('confined')
    const { call } = await start()
    const outside = 'outside the folders this server may write audit logs to'
    const inStore = "inside the folder of the server's store"
    for (const [body, text] of [
      [fileAt('/etc/audit.log'), `file_path is ${outside}`],
      [fileAt('../audit.log'), `file_path is ${outside}`],
      [fileAt(join(folder, '..', 'audit.log')), `file_path is ${outside}`],
      [fileAt('store/audit.log'), `file_path is ${inStore}`],
      [fileAt(join(folder, 'logs/../store/data.mdb')), `file_path is ${inStore}`],
      [{ type: 'socket', options: { socket_type: 'unix', address: '/var/run/docker.sock' } }, `address is ${outside}`],
      [fileAt('a.log', { prefix: '#!/bin/sh ' }), 'prefix is not allowed on this server'],
      [fileAt('stdout'), 'the standard output of this server is used for something else'],
    ] as const) {
      const { status, text: answer } = await call('PUT', 'sys/audit/x', body)
      expect([status, JSON.parse(answer).errors[0]]).toEqual([400, expect.stringContaining(text)])
    }
    expect(existsSync(join(folder, 'a.log'))).toBe(false)
    expect((await call('GET', 'sys/audit')).status).toBe(200)
  })

  it('with a prefix and to standard output where the server was started so', async () => {
    const { folder, start } = home('allowed')
    const written: string[] = []
    const stdout = (text: string) => {
      written.push(text)
      return Promise.resolve()
    }
    const { call } = await start({ allowPrefix: true, stdout })
    expect((await call('PUT', 'sys/audit/out', fileAt('stdout'))).status).toBe(204)
    expect((await call('PUT', 'sys/audit/file', fileAt('a.log', { prefix: '@cee: ' }))).status).toBe(204)
    expect((await call('PUT', 'sys/audit/two', fileAt('b.log', { prefix: 'a\nb' }))).status).toBe(400)
    await call('GET', 'sys/mounts')
    expect(written.join('')).toContain('"path":"sys/mounts"')
    const lines = readFileSync(join(folder, 'a.log'), 'utf8').trimEnd().split('\n')
    for (const line of lines) expect(JSON.parse(line.replace(/^@cee: /, ''))).toHaveProperty('type')
    expect(lines.every((line) => line.startsWith('@cee: {'))).toBe(true)
  })

  it('says loudly that log_raw writes secrets in clear', async () => {
    const { start } = home('raw')
    const { call, notices } = await start()
    const { status, text } = await call('PUT', 'sys/audit/raw', fileAt('raw.log', { log_raw: true }))
    const warning = 'the audit device raw/ writes every secret, token and password in clear (log_raw)'
    expect([status, JSON.parse(text).warnings, notices]).toEqual([200, [warning], [warning]])
  })

  it('tells that the disk has little room, and goes on', async () => {
    const { start } = home('room')
    const { call, notices } = await start({ reserveBytes: Number.MAX_SAFE_INTEGER })
    expect((await call('PUT', 'sys/audit/file', fileAt('a.log'))).status).toBe(204)
    expect(notices).toEqual([expect.stringMatching(/^only \d+\.\d MiB are free on the disk of the audit logs/)])
  })
})

describe('a restart', () => {
  it('S44: tolerates a device that cannot be opened beside one that can, and refuses to unseal with none', async () => {
    const { folder, start, stop } = home('restart')
    const first = await start()
    await first.call('PUT', 'sys/audit/one', fileAt('one.log'))
    await first.call('PUT', 'sys/audit/two', fileAt('logs/two.log'))
    await stop(first)

    rmSync(join(folder, 'logs'), { recursive: true })
    const second = await start()
    expect(second.failures).toEqual([expect.stringMatching(/^two\/: cannot open the audit log .*two\.log: ENOENT/)])
    expect((await second.call('GET', 'sys/mounts')).status).toBe(200)
    expect(second.server.core.auditStatus()).toMatchObject([
      { path: 'one/', stored: 2, refused: 0, lastFailure: undefined },
      { path: 'two/', stored: 0, refused: 2, lastFailure: { reason: expect.stringContaining('ENOENT') } },
    ])
    mkdirSync(join(folder, 'logs'))
    await second.call('GET', 'sys/mounts')
    expect(readFileSync(join(folder, 'logs/two.log'), 'utf8').match(/"type":"response"/g)).toHaveLength(1)
    await stop(second)

    rmSync(join(folder, 'logs'), { recursive: true })
    rmSync(join(folder, 'one.log'))
    mkdirSync(join(folder, 'one.log'))
    await expect(start()).rejects.toMatchObject({ code: 'audit-write' })
  })
})

describe('a device that the server may no longer have', () => {
  it('S44: counts as one that fails', async () => {
    const { start, stop } = home('withdrawn')
    const first = await start({ allowPrefix: true })
    await first.call('PUT', 'sys/audit/prefixed', fileAt('a.log', { prefix: '@cee: ' }))
    await first.call('PUT', 'sys/audit/plain', fileAt('b.log'))
    await stop(first)

    const second = await start()
    expect(second.failures).toEqual([
      'prefixed/: cannot use the audit device prefixed/: prefix is not allowed on this server',
    ])
    expect((await second.call('GET', 'sys/mounts')).status).toBe(200)
    // The entry of the answer finds no device any more that takes it.
    expect((await second.call('DELETE', 'sys/audit/plain')).status).toBe(500)
    expect((await second.call('GET', 'sys/mounts')).status).toBe(500)
    await stop(second)
    await expect(start()).rejects.toMatchObject({ code: 'audit-write' })
  })
})

describe('a log file of a running server', () => {
  it('that is deleted or replaced is made again, and no entry is lost', async () => {
    const { folder, start } = home('rotation')
    const { call, failures } = await start()
    const path = join(folder, 'a.log')
    await call('PUT', 'sys/audit/file', fileAt('a.log'))
    await call('GET', 'sys/mounts')
    rmSync(path)
    await call('GET', 'sys/auth')
    expect(readFileSync(path, 'utf8').match(/"path":"sys\/auth"/g)).toHaveLength(2)
    renameSync(path, `${path}.1`)
    writeFileSync(path, '')
    await call('GET', 'sys/policy')
    expect(readFileSync(path, 'utf8').match(/"path":"sys\/policy"/g)).toHaveLength(2)
    expect(failures).toEqual([])
  })

  it('is opened anew on SIGHUP by `plenum server`, which goes on serving', async () => {
    const folder = join(work, 'hangup')
    const { child, address } = await launchServer(
      ['--dev', '--dev-root-token-id', 'root', '--port', '0', '--audit-folder', folder],
      { folder: work },
    )
    try {
      const call = (method: string, path: string, body?: object) =>
        fetch(`${address}/v1/${path}`, {
          method,
          headers: { 'X-Vault-Token': 'root' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      expect((await call('PUT', 'sys/audit/file', fileAt('a.log'))).status).toBe(204)
      renameSync(join(folder, 'a.log'), join(folder, 'a.log.1'))
      child.kill('SIGHUP')
      // No request comes between: the signal alone makes the file.
      await expect.poll(() => existsSync(join(folder, 'a.log')), { timeout: 10_000 }).toBe(true)
      expect((await call('GET', 'sys/mounts')).status).toBe(200)
      expect(readFileSync(join(folder, 'a.log'), 'utf8')).toContain('"path":"sys/mounts"')
      expect(await stopServer(child)).toBe(0)
    } finally {
      await stopServers()
    }
  })

  it('is opened anew on SIGHUP by `plenum up --detach`, which goes on serving', async () => {
    const hub = join(work, 'hub')
    mkdirSync(hub)
    writeFileSync(
      join(hub, 'plenum.yaml'),
      `version: 1
hub: hangup
airflow: { version: "3.3", provider: "4.8" }
environments:
  dev: { vault: embedded }
projects:
  one: { variables: { symbols: "A,B" } }
`,
    )
    const env = { PATH: process.env['PATH'] ?? '', HOME: work, XDG_CONFIG_HOME: join(work, '.config') }
    const plenum = (...args: string[]) =>
      execFileSync(process.execPath, [main, ...args, '--hub', hub], { env, encoding: 'utf8', stdio: 'pipe' })
    plenum('up', '--detach', '--port', '0')
    try {
      const log = join(hub, '.plenum/audit.log')
      const { pid } = JSON.parse(readFileSync(join(hub, '.plenum/server.json'), 'utf8')) as { pid: number }
      renameSync(log, `${log}.1`)
      process.kill(pid, 'SIGHUP')
      await expect.poll(() => existsSync(log), { timeout: 10_000 }).toBe(true)
      plenum('plan')
      expect(readFileSync(log, 'utf8')).toContain('"path":"sys/mounts"')
    } finally {
      plenum('down')
    }
  })
})
