/** What follows from keys of the configuration of `plenum server`, seen by its clients. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { launchServer, type ServerProcess, stopServer, stopServers } from './plenum-server.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-server-config-'))
afterEach(stopServers)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DEV = ['-dev', '-dev-root-token-id=root', '-dev-listen-address=127.0.0.1:0', '-dev-no-store-token']

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return `-config=${path}`
}

async function ask({ address }: ServerProcess, path: string, body?: object): Promise<[number, unknown]> {
  const answer = await fetch(`${address}/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'X-Vault-Token': 'root' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return [answer.status, text === '' ? undefined : (JSON.parse(text) as { data?: unknown }).data]
}

describe('user_lockout', () => {
  const LOCKOUT = `
    user_lockout "all" {
      lockout_threshold = "2"
      lockout_duration  = "1h"
    }
    user_lockout "approle" { disable_lockout = true }`

  /** A server with a user `bob` at each mount, whose password is `right`. */
  async function launch(args: readonly string[], mounts: readonly string[], env = {}): Promise<ServerProcess> {
    const server = await launchServer([...DEV, ...args], { folder, until: /^Root Token: .*$/m, env })
    for (const mount of mounts) {
      expect((await ask(server, `sys/auth/${mount}`, { type: 'userpass' }))[0]).toBe(204)
      expect((await ask(server, `auth/${mount}/users/bob`, { password: 'right' }))[0]).toBe(204)
    }
    return server
  }

  async function logins(server: ServerProcess, mount: string, passwords: readonly string[]): Promise<number[]> {
    const statuses: number[] = []
    for (const password of passwords) statuses.push((await ask(server, `auth/${mount}/login/bob`, { password }))[0])
    return statuses
  }

  it('holds where a mount is not tuned, field by field', async () => {
    const server = await launch([file('lockout.hcl', LOCKOUT)], ['as-said', 'tuned', 'off'])
    const tune = (mount: string, config: object) =>
      ask(server, `sys/auth/${mount}/tune`, { user_lockout_config: config })
    expect((await tune('tuned', { lockout_threshold: '3' }))[0]).toBe(204)
    expect((await tune('off', { lockout_disable: true }))[0]).toBe(204)
    expect(await logins(server, 'as-said', ['no', 'no', 'right'])).toEqual([400, 400, 403])
    expect(await logins(server, 'tuned', ['no', 'no', 'no', 'right'])).toEqual([400, 400, 400, 403])
    expect(await logins(server, 'off', ['no', 'no', 'no', 'right'])).toEqual([400, 400, 400, 200])
    const [, locked] = await ask(server, 'sys/locked-users')
    expect(locked).toMatchObject({ total: 2 })
  })

  it('is told, with what stands where nothing is said', async () => {
    const server = await launch([file('told.hcl', LOCKOUT)], [])
    const [, state] = await ask(server, 'sys/config/state/sanitized')
    const common = { lockout_threshold: 2, lockout_duration: 3_600_000_000_000, lockout_counter_reset: 900_000_000_000 }
    expect(state).toMatchObject({
      user_lockout_configs: [
        { type: 'all', ...common, disable_lockout: false },
        { type: 'approle', ...common, disable_lockout: true },
      ],
    })
  })

  it('is off with VAULT_DISABLE_USER_LOCKOUT, whatever the file says', async () => {
    const server = await launch([file('env.hcl', LOCKOUT)], ['people'], { VAULT_DISABLE_USER_LOCKOUT: 'true' })
    expect(await logins(server, 'people', ['no', 'no', 'no', 'right'])).toEqual([400, 400, 400, 200])
  })

  it('of several files is said together; what changes needs a restart', async () => {
    const first = file('first.hcl', 'user_lockout "userpass" { lockout_threshold = 9\n lockout_duration = "1h" }')
    const second = file('second.hcl', 'user_lockout "userpass" { lockout_threshold = 1 }')
    const server = await launch([first, second], ['people'])
    expect(await logins(server, 'people', ['no', 'right'])).toEqual([400, 403])
    file('second.hcl', 'user_lockout "userpass" { lockout_threshold = 4 }')
    server.child.kill('SIGHUP')
    await expect.poll(server.log).toContain('user lockout changed in the configuration: restart the server')
    expect(await logins(server, 'people', ['right'])).toEqual([403])
  })

  it('does not start what it cannot read, and says where', async () => {
    const wrong = launchServer([...DEV, file('wrong.hcl', 'user_lockout "all" {\n  lockout_threshold = 0\n}')], {
      folder,
    })
    await expect(wrong).rejects.toThrow(/wrong\.hcl:2:23: user_lockout "all": lockout_threshold must be a whole number/)
  })
})

describe('pid_file', () => {
  const LISTENER = 'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}'

  it('holds the number of the process from before it says that it has started, and goes with it', async () => {
    const path = join(folder, 'dev.pid')
    writeFileSync(path, 'of a server that was killed')
    const server = await launchServer([...DEV, file('pid.hcl', 'pid_file = "dev.pid"')], { folder })
    expect(readFileSync(path, 'utf8')).toBe(String(server.child.pid))
    expect((await ask(server, 'sys/config/state/sanitized'))[1]).toMatchObject({ pid_file: path })
    file('pid.hcl', 'pid_file = "other.pid"')
    server.child.kill('SIGHUP')
    await expect
      .poll(server.log)
      .toContain('the file of the process id changed in the configuration: restart the server')
    expect(await stopServer(server.child)).toBe(0)
    expect(readdirSync(folder).filter((name) => name.includes('.pid'))).toEqual([])
  })

  it('is left alone by a second server that does not get the store', async () => {
    const config = file('twice.hcl', `pid_file = "twice.pid"\nstorage "file" { path = "twice" }\n${LISTENER}`)
    const server = await launchServer([config], { folder })
    await expect(launchServer([config], { folder })).rejects.toThrow('ended with 1')
    expect(readFileSync(join(folder, 'twice.pid'), 'utf8')).toBe(String(server.child.pid))
    expect(await stopServer(server.child)).toBe(0)
    expect(existsSync(join(folder, 'twice.pid'))).toBe(false)
  })

  it('needs a folder: the server ends, and says what to do', async () => {
    const config = file('lost.hcl', `pid_file = "no/lost.pid"\nstorage "file" { path = "lost" }\n${LISTENER}`)
    const lost = launchServer([config], { folder })
    await expect(lost).rejects.toThrow(/ended with 1: [^]*there is no folder [^]*make the folder/)
    const found = file('lost.hcl', `pid_file = "lost.pid"\nstorage "file" { path = "lost" }\n${LISTENER}`)
    expect((await launchServer([found], { folder })).out).toContain('Storage: file')
  })
})
