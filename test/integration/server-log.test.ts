/** The log of `plenum server`, SIGHUP, and the reserve of its audit logs: a process with real files, signals and disks. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { certify } from './certificate.case.ts'
import { launchServer, type ServerProcess, stopServer, stopServers } from './plenum-server.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-server-log-'))
afterEach(stopServers)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Started extends ServerProcess {
  call(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly text: string }>
}

/** With a root token `root` where it is a dev server; stderr goes to a pipe that is read, or to `err`. */
async function start(args: readonly string[], err: 'pipe' | number = 'pipe'): Promise<Started> {
  const server = await launchServer(args, { folder, err })
  let token = 'root'
  return {
    ...server,
    async call(method, path, body) {
      const answer = await fetch(`${server.address}/v1/${path}`, {
        method,
        headers: { 'X-Vault-Token': token },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (path === 'sys/init' && answer.ok) token = (JSON.parse(text) as { readonly root_token: string }).root_token
      return { status: answer.status, text }
    },
  }
}

const DEV = ['-dev', '-dev-root-token-id=root', '-dev-listen-address=127.0.0.1:0']

interface Line {
  readonly '@level': string
  readonly '@message': string
  readonly [fact: string]: unknown
}

const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

describe('the log', () => {
  it('S10: in a pipe is JSON, line by line, and holds no value, path of a secret or token', async () => {
    const { child, call, log } = await start([...DEV, '-log-level=trace', '--audit-folder', 'audit'])
    await call('PUT', 'sys/audit/file', { type: 'file', options: { file_path: 'a.log' } })
    await call('PUT', 'sys/mounts/planned', { type: 'kv' })
    await call('POST', 'secret/data/planted-path', { data: { planted_key: 'planted-value' } })
    await call('GET', 'secret/data/planted-path')
    await call('POST', 'auth/token/create', { ttl: 'planted-ttl' })
    await call('DELETE', 'sys/mounts/planned')
    await call('DELETE', 'sys/audit/file')
    expect(await stopServer(child)).toBe(0)
    expect(log()).not.toContain('planted')
    const lines = linesOf(log())
    expect(lines.map((line) => line['@message'])).toEqual([
      'initialized',
      'unsealed',
      'mount made',
      'listening',
      'started',
      'audit device enabled',
      'mount made',
      'mount removed',
      'audit device disabled',
      'stopping',
      'sealed',
    ])
    expect(lines.find((line) => line['@message'] === 'mount removed')).toMatchObject({
      '@level': 'info',
      '@module': 'core',
      '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      path: 'planned/',
    })
  })

  it('as text where that is asked for, in the configuration or by a flag', async () => {
    writeFileSync(join(folder, 'text.hcl'), 'log_format = "standard"\nlog_level = "warn"\n')
    const quiet = await start([...DEV, '-config=text.hcl'])
    expect(await stopServer(quiet.child)).toBe(0)
    expect(quiet.log()).toBe('')
    const told = await start([...DEV, '-config=text.hcl', '-log-level=info'])
    expect(await stopServer(told.child)).toBe(0)
    expect(told.log()).toMatch(/^\S+Z \[INFO\]  core: initialized: shares=1 threshold=1$/m)
  })

  it('that nobody reads holds up neither requests nor the end', async () => {
    const pipe = join(folder, 'unread')
    execFileSync('mkfifo', [pipe])
    // Both ends here, and read from neither: after 64 KiB it takes no more.
    const { child, call } = await start(DEV, openSync(pipe, 'r+'))
    for (let round = 0; round < 300; round += 1) {
      const path = `sys/mounts/${'m'.repeat(60)}${round}`
      expect((await call('PUT', path, { type: 'kv' })).status).toBe(204)
      expect((await call('DELETE', path)).status).toBe(204)
    }
    expect(await stopServer(child)).toBe(0)
  }, 30_000)
})

describe('SIGHUP', () => {
  const use = (certificateOf: string, keyOf: string): void => {
    copyFileSync(join(folder, `${certificateOf}.pem`), join(folder, 'used.pem'))
    copyFileSync(join(folder, `${keyOf}.key`), join(folder, 'used.key'))
  }
  const nameServed = (address: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(address).port), rejectUnauthorized: false })
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
    })
  const configure = (level: string, more = ''): void =>
    writeFileSync(
      join(folder, 'tls.hcl'),
      `storage "inmem" {}
       log_level = "${level}"
       listener "tcp" {
         address = "127.0.0.1:0"
         tls_cert_file = "used.pem"
         tls_key_file = "used.key"
       }
       ${more}`,
    )

  it('reads certificate, key and log level anew; what cannot be used leaves the old one, and is told', async () => {
    certify(folder, 'first', { commonName: 'first' })
    certify(folder, 'second', { commonName: 'second' })
    use('first', 'first')
    configure('error')
    const { child, address, log } = await start(['-config=tls.hcl'])
    const told = async (text: RegExp): Promise<void> => {
      child.kill('SIGHUP')
      await expect.poll(log, { timeout: 10_000 }).toMatch(text)
    }
    expect(await nameServed(address)).toBe('first')

    use('second', 'first')
    await told(/"@level":"error".*keeps its old certificate, the new one cannot be used: .*belong together/)
    expect(await nameServed(address)).toBe('first')

    rmSync(join(folder, 'used.pem'))
    await told(/cannot be read anew, what was read before still holds: ENOENT.*used\.pem/)
    expect(await nameServed(address)).toBe('first')

    use('second', 'second')
    configure('info')
    await told(/"@level":"info".*serves the certificate that is in its file now/)
    expect(await nameServed(address)).toBe('second')

    configure('info', 'nonsense = 1')
    await told(/cannot be read anew.*tls\.hcl:8:8: unknown key/)
    configure('info', 'max_lease_ttl = "1h"')
    await told(/the lifetime of leases changed in the configuration: restart the server/)
    expect(await stopServer(child)).toBe(0)
    expect(log()).not.toMatch(/BEGIN|PRIVATE/)
  })
})

describe('the reserve for audit logs', () => {
  const disk = join(folder, 'disk')
  const MIB = 1024 ** 2

  /** Why there is no small disk to fill; undefined when there is one. */
  function mountDisk(): string | undefined {
    mkdirSync(disk)
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a small disk'
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=5m', 'plenum-test', disk])
    return status === 0 ? undefined : 'needs the right to mount a small disk'
  }
  const fill = (): void => {
    try {
      writeFileSync(join(disk, 'others'), Buffer.alloc(8 * MIB))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
  }

  it('S44: carries the log of a full disk on, tells it loudly, and is taken again', async ({ skip }) => {
    const why = mountDisk()
    if (why !== undefined) skip(why)
    try {
      writeFileSync(
        join(folder, 'reserve.hcl'),
        `storage "file" { path = "store" }
         audit_folders = ["${disk}"]
         audit_reserve = 1
         listener "tcp" {
           address = "127.0.0.1:0"
           tls_disable = true
         }`,
      )
      const { child, call, log } = await start(['-config=reserve.hcl'])
      const init = await call('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
      const { keys } = JSON.parse(init.text) as { readonly keys: readonly string[] }
      await call('PUT', 'sys/unseal', { key: keys[0] })
      await call('PUT', 'sys/audit/file', { type: 'file', options: { file_path: 'a.log' } })
      const held = async (): Promise<unknown> =>
        JSON.parse((await call('GET', 'sys/plenum/status')).text).data.audit['file/'].disk.reserve_held_bytes
      await expect.poll(held).toBe(MIB)
      const refused = await call('PUT', 'sys/audit/x', {
        type: 'file',
        options: { file_path: '.plenum-audit-reserve' },
      })
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("reserve's own file")])

      fill()
      // Far more than what is left of the page that the log is in.
      for (let round = 0; round < 30; round += 1) expect((await call('GET', 'sys/mounts')).status).toBe(200)
      expect(await held()).toBe((3 / 4) * MIB)
      expect(log()).toMatch(/"@level":"error".*the disk of the audit logs in .* is full: entries use the reserve/)
      expect(readFileSync(join(disk, 'a.log'), 'utf8').match(/"path":"sys\/mounts"/g)).toHaveLength(60)

      // Until nothing is left of it.
      const many = { input: 'x', path: 'y'.repeat(2000) }
      const longPath = `secret/${'z'.repeat(2000)}`
      let last = 200
      for (let round = 0; round < 60 && last !== 500; round += 1) {
        const calls = Array.from({ length: 20 }, () => call('POST', longPath, many))
        for (const { status } of await Promise.all(calls)) last = Math.max(last, status)
      }
      expect(last).toBe(500)
      expect(log()).toMatch(/"@level":"error".*the audit device file\/ takes no entries.*ENOSPC/)

      rmSync(join(disk, 'others'))
      await expect.poll(held, { timeout: 10_000, interval: 300 }).toBe(MIB)
      expect(log()).toMatch(/"@level":"warn".*the audit device file\/ takes entries again/)
      expect(log()).toMatch(/"@level":"info".*is held again/)
      await call('DELETE', 'sys/audit/file')
      expect(spawnSync('ls', ['-A', disk], { encoding: 'utf8' }).stdout.trim()).toBe('a.log')
      expect(await stopServer(child)).toBe(0)
    } finally {
      spawnSync('umount', [disk])
    }
  }, 30_000)
})
