/**
 * `plenum server generate-root`: a new root token for a stopped store, for whoever has its unseal shares or its key file.
 * It runs the built package.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer, writeKeyFile } from '../../src/server/index.ts'
import { sensitive, staticToken, VaultClient } from '../../src/vault/index.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-generate-root-'))
const data = join(work, 'vault')
const audit = join(work, 'audit')
const log = join(audit, 'audit.log')
const configHome = join(work, 'config')
let shares: readonly string[] = []

const open = (): Promise<EmbeddedServer> =>
  startServer({ storage: { kind: 'lmdb', folder: data }, port: 0, auditFolders: [audit] })

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], input = ''): Ran {
  return spawnSync(process.execPath, [main, 'server', 'generate-root', ...args], {
    cwd: work,
    env: { PATH: process.env['PATH'] ?? '', HOME: work, XDG_CONFIG_HOME: configHome },
    encoding: 'utf8',
    input,
  })
}

const onStore = (...args: string[]): string[] => ['--data', data, '--audit-folder', audit, ...args]

function file(name: string, lines: readonly string[]): string {
  const path = join(work, name)
  writeFileSync(path, lines.join('\n'))
  return path
}

/** Whose token it is, on a server that is started for it. */
async function lookUp(token: string): Promise<unknown> {
  const server = await open()
  const client = new VaultClient({ address: server.address, tokens: staticToken(sensitive(token)) })
  try {
    for (const key of shares.slice(0, 2)) await client.request('PUT', 'sys/unseal', { body: { key } })
    return (await client.request('GET', 'auth/token/lookup-self')).body
  } finally {
    await client.close()
    await server.close()
  }
}

beforeAll(async () => {
  mkdirSync(audit)
  const server = await open()
  const made = await server.core.initialize({ shares: 3, threshold: 2 })
  shares = made.keys.map((key) => key.toString('base64'))
  const client = new VaultClient({ address: server.address, tokens: staticToken(sensitive(made.rootToken)) })
  for (const key of shares.slice(0, 2)) await client.request('PUT', 'sys/unseal', { body: { key } })
  await client.request('PUT', 'sys/audit/file', { body: { type: 'file', options: { file_path: log } } })
  await client.request('PUT', 'auth/token/revoke-self')
  await client.close()
  await server.close()
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

describe('plenum server generate-root', () => {
  it('makes a root token from shares in files and on standard input, twice in a row', async () => {
    const first = run(onStore('--shares', file('one.txt', [shares[0] ?? '', '']), '--shares', '-'), `${shares[2]}\n`)
    expect(first.status, first.stderr).toBe(0)
    const again = run(onStore('--shares', file('all.txt', ['', ...shares])))
    expect(again.status, again.stderr).toBe(0)
    const tokens = [first.stdout, again.stdout].map((out) => out.trim())
    expect(tokens[0]).toMatch(/^hvs\.[A-Za-z0-9]{24}$/)
    expect(tokens[1]).not.toBe(tokens[0])
    for (const token of tokens)
      expect(await lookUp(token)).toMatchObject({ data: { policies: ['root'], path: 'auth/token/root', ttl: 0 } })
    for (const secret of [...shares, ...tokens]) expect(first.stderr + again.stderr).not.toContain(secret)
  })

  it('asks which store, where there is no hub and none is named', () => {
    const { status, stdout, stderr } = run([])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain(`which store? There is no plenum.yaml in ${work}`)
    expect(stderr).toContain("name the store's folder with --data")
  })

  it('S16: is recorded by the audit devices, before and after, without share and token', () => {
    const before = readFileSync(log, 'utf8').split('\n').length
    const { stdout, status } = run(onStore('--shares', file('all.txt', shares), '--json'))
    expect(status).toBe(0)
    const { root_token: token } = JSON.parse(stdout) as { readonly root_token: string }
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .slice(before - 1, -1)
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { type: 'request', request: { path: 'sys/generate-root/update', operation: 'update' } },
      {
        type: 'response',
        request: { path: 'sys/generate-root/update' },
        response: { data: { complete: true, root_token: expect.stringMatching(/^hmac-sha256:/) } },
      },
    ])
    for (const secret of [...shares, token]) expect(lines.join('\n')).not.toContain(secret)
  })

  it('makes none when no audit device takes the entry', () => {
    rmSync(audit, { recursive: true })
    writeFileSync(audit, 'in the way')
    const out = join(work, 'unaudited')
    const { status, stdout, stderr } = run(onStore('--shares', file('all.txt', shares), '--out', out))
    rmSync(audit)
    mkdirSync(audit)
    expect([status, stdout, existsSync(out)]).toEqual([1, '', false])
    expect(stderr).toContain('audit')
  })

  it('writes a file of 0600 that was not there before', async () => {
    const out = join(work, 'token')
    const { status, stdout, stderr } = run(onStore('--shares', file('all.txt', shares), '--out', out))
    expect([status, stdout], stderr).toEqual([0, ''])
    expect(statSync(out).mode & 0o777).toBe(0o600)
    const token = readFileSync(out, 'utf8')
    expect(await lookUp(token.trim())).toMatchObject({ data: { policies: ['root'] } })
    const again = run(onStore('--shares', file('all.txt', shares), '--out', out))
    expect(again.status).toBe(1)
    expect(again.stderr).toContain('name a file that is not there yet')
    expect(readFileSync(out, 'utf8')).toBe(token)
  })

  it('uses the key file of plenum up, where it lies or where it is said to', async () => {
    const hub = join(work, 'hub')
    mkdirSync(join(hub, '.plenum'), { recursive: true })
    writeFileSync(join(hub, 'plenum.yaml'), 'version: 1\nhub: demo\n')
    const server = await startServer({ storage: { kind: 'lmdb', folder: join(hub, '.plenum/vault') }, port: 0 })
    const { keys } = await server.core.initialize({ shares: 1, threshold: 1 })
    const id = server.core.storeId
    await server.close()
    const path = join(configHome, 'plenum/unseal', `${id}.json`)
    writeKeyFile(path, keys[0] ?? Buffer.alloc(0), id)
    for (const args of [
      ['--hub', hub],
      ['--hub', hub, '--key-file', path],
      ['--data', join(hub, '.plenum/vault')],
    ]) {
      const { status, stdout, stderr } = run(args)
      expect(status, stderr).toBe(0)
      expect(stdout).toMatch(/^hvs\.\w{24}\n$/)
    }
    rmSync(path)
    writeKeyFile(path, Buffer.alloc(32, 7), id)
    const old = run(['--hub', hub])
    expect([old.status, old.stdout]).toEqual([1, ''])
    expect(old.stderr).toMatch(/this store does not open with .*config\/plenum\/unseal.*\n.*--shares/)
    const other = run(onStore('--key-file', path))
    expect([other.status, other.stdout]).toEqual([1, ''])
    expect(other.stderr).toContain('holds the key of another store')
  })

  it('refuses while a server has the store open', async () => {
    const server = await open()
    try {
      const { status, stdout, stderr } = run(onStore('--shares', file('all.txt', shares)))
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/open|process/)
    } finally {
      await server.close()
    }
  })

  it.each([
    ['too few', () => [shares[0] ?? ''], /2 different unseal shares are needed, and 1 were given/],
    ['the same twice', () => [shares[0] ?? '', shares[0] ?? ''], /2 different unseal shares are needed/],
    [
      'of another store',
      () => [shares[0] ?? '', Buffer.alloc(33, 7).toString('base64')],
      /this store does not open with these unseal shares/,
    ],
    ['of other lengths', () => [shares[0] ?? '', Buffer.alloc(20, 7).toString('hex')], /do not belong together/],
    ['none at all', () => ['hvs.thisIsNoShareAtAll'], /bad\.txt, line 1: this is no unseal share/],
  ])('refuses shares that are %s, and repeats none', (_, given, message) => {
    const lines = given()
    const { status, stdout, stderr } = run(onStore('--shares', file('bad.txt', lines)))
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    for (const line of lines) expect(stderr).not.toContain(line)
  })

  it('refuses a wrong call, and makes no store where there is none', () => {
    const nobody = run(onStore())
    expect([nobody.status, nobody.stdout]).toEqual([2, ''])
    expect(nobody.stderr).toContain('nobody to ask for its unseal shares')
    expect(run(onStore('--shares', 'x', '--key-file', 'y')).stderr).toContain('the key is said twice')
    expect(run(['--dev']).stderr).toContain('a server of --dev keeps nothing')
    expect(run(onStore('--shares', join(work, 'absent'))).stderr).toContain('cannot be read')
    expect(run(onStore(shares[0] ?? '')).status).toBe(2)
    const nowhere = run(['--data', join(work, 'nothing'), '--shares', file('all.txt', shares)])
    expect([nowhere.status, nowhere.stdout]).toEqual([1, ''])
    expect(nowhere.stderr).toContain('there is no store in')
    expect(readdirSync(work)).not.toContain('nothing')
  })
})
