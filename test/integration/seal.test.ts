/**
 * The life of a seal over HTTP: initialise, unseal, rekey with and without verification, make a root token, seal.
 *
 * It begins with a server that nobody has initialised: the embedded one, or the one at PLENUM_TEST_SEALED_ADDR, whose
 * listener must allow `sys/rekey` and `sys/generate-root` (OpenBao: `disable_unauthed_rekey_endpoints = false`). What
 * follows depends on what came before, so this file is one story, and a test that fails may take others along.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'

interface Answer {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
}

let server: EmbeddedServer | undefined
let address: string
/** Today's. */
let keys: string[] = []
let rootToken = ''
/** Shares, tokens, passwords that went over the wire. */
const secrets = new Set<string>()
const folder = mkdtempSync(join(tmpdir(), 'plenum-seal-'))
const elsewhere = process.env['PLENUM_TEST_SEALED_ADDR']

beforeAll(async () => {
  if (elsewhere === undefined)
    server = await startServer({ storage: { kind: 'memory' }, port: 0, auditFolders: [folder] })
  address = elsewhere ?? server?.address ?? ''
})
afterAll(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

const SECRET_FIELDS = ['key', 'keys', 'keys_base64', 'root_token', 'otp', 'encoded_token']

function remember(fields: unknown): void {
  const values = fields as Readonly<Record<string, unknown>>
  for (const value of SECRET_FIELDS.flatMap((name) => [values[name], ...listOf(values[name])]))
    if (typeof value === 'string' && value.length > 20) secrets.add(value)
}

async function ask(method: string, path: string, body?: unknown, token = rootToken): Promise<Answer> {
  const answer = await fetch(`${address}/v1/${path}`, {
    method,
    headers: token === '' ? {} : { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const json = text === '' ? {} : JSON.parse(text)
  remember(body ?? {})
  remember(json)
  return { status: answer.status, json }
}
const refused = (...errors: string[]): Answer => ({ status: 400, json: { errors } })
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : [])

describe('sys/init', () => {
  const init = (body: object) => ask('PUT', 'sys/init', body)

  it('tells that nobody has initialised the server', async () => {
    expect(await ask('GET', 'sys/init')).toEqual({ status: 200, json: { initialized: false } })
    expect((await ask('GET', 'sys/health')).status).toBe(501)
    expect((await ask('GET', 'sys/health?uninitcode=299&sealedcode=298')).status).toBe(299)
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ initialized: false, sealed: true, t: 0, n: 0 })
  })

  it.each([
    [{}, 'shares must be at least one'],
    [{ secret_shares: 3 }, 'threshold must be at least one'],
    [{ secret_shares: 3, secret_threshold: 1 }, 'threshold must be greater than one for multiple shares'],
    [{ secret_shares: 3, secret_threshold: 4 }, 'threshold cannot be larger than shares'],
    [{ secret_shares: 256, secret_threshold: 2 }, 'shares must be less than 256'],
    [
      { secret_shares: 3, secret_threshold: 2, pgp_keys: ['x'] },
      'count mismatch between number of provided PGP keys and number of shares',
    ],
  ])('refuses %j', async (body, reason) => {
    expect(await init(body)).toEqual(refused(`invalid seal configuration: ${reason}`))
  })

  it('refuses recovery keys, which this seal does not have', async () => {
    const parts = { secret_shares: 3, secret_threshold: 2 }
    expect(await init({ ...parts, recovery_shares: 3, recovery_threshold: 2 })).toEqual(
      refused('parameters recovery_shares,recovery_threshold not applicable to seal type shamir'),
    )
    expect((await ask('GET', 'sys/init')).json).toEqual({ initialized: false })
  })

  it('makes shares and a root token, takes what the command line sends, and stays sealed', async () => {
    const made = await init({
      secret_shares: 3,
      secret_threshold: 2,
      stored_shares: 0,
      pgp_keys: null,
      recovery_shares: 0,
      recovery_threshold: 0,
      recovery_pgp_keys: null,
      root_token_pgp_key: '',
    })
    expect(made.status).toBe(200)
    expect(Object.keys(made.json).sort()).toEqual(['keys', 'keys_base64', 'root_token'])
    keys = listOf(made.json['keys'])
    rootToken = textOf(made.json['root_token'])
    expect(keys.map((key) => key.length)).toEqual([66, 66, 66])
    expect(listOf(made.json['keys_base64'])).toEqual(keys.map((key) => Buffer.from(key, 'hex').toString('base64')))
    expect((await ask('GET', 'sys/health')).status).toBe(503)
    expect((await init({ secret_shares: 1, secret_threshold: 1 })).json).toEqual({
      errors: ['Vault is already initialized'],
    })
  })
})

const unseal = (body: object) => ask('PUT', 'sys/unseal', body)

async function unsealWith(shares: readonly string[]): Promise<Answer> {
  let last: Answer = { status: 0, json: {} }
  for (const key of shares) last = await unseal({ key })
  return last
}

describe('sys/unseal', () => {
  it('counts shares under one nonce, each once, until it is reset', async () => {
    const first = await unseal({ key: keys[0] })
    expect(first.json).toMatchObject({ sealed: true, t: 2, n: 3, progress: 1, nonce: expect.stringMatching(/^.{36}$/) })
    expect((await unseal({ key: keys[0] })).json).toMatchObject({ progress: 1, nonce: first.json['nonce'] })
    expect((await unseal({ reset: true })).json).toMatchObject({ sealed: true, progress: 0, nonce: '' })
    expect(await unseal({})).toEqual(refused("'key' must be specified in request body as JSON, or 'reset' set to true"))
    expect(await unseal({ key: 'not a key' })).toEqual(refused("'key' must be a valid hex or base64 string"))
    expect(await unseal({ key: keys[0], migrate: true })).toEqual({
      status: 500,
      json: { errors: ["can't perform a seal migration, no migration seal found"] },
    })
  })

  it('S45: answers nothing else while sealed', async () => {
    for (const path of [
      'sys/rekey/init',
      'sys/generate-root/attempt',
      'sys/rotate/config',
      'sys/mounts',
      'sys/ha-status',
    ])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 503])
    expect((await ask('GET', 'sys/leader')).status).toBe(200)
  })

  it('opens with the last share that is needed', async () => {
    const opened = await unsealWith(keys.slice(1))
    expect(opened.json).toMatchObject({ sealed: false, progress: 0, nonce: '' })
    await expect.poll(async () => (await ask('GET', 'sys/health')).status).toBe(200)
    expect(await unseal({ reset: true })).toEqual(refused('vault is unsealed'))
    if (elsewhere !== undefined) return
    const options = { file_path: join(folder, 'audit.log') }
    expect((await ask('PUT', 'sys/audit/file', { type: 'file', options })).status).toBe(204)
  })
})

describe('sys/health and its neighbours', () => {
  it('answers with the codes that are asked for', async () => {
    expect((await ask('GET', 'sys/health?activecode=299&sealedcode=298')).status).toBe(299)
    expect((await ask('GET', 'sys/health?standbyok=true&perfstandbyok=true')).status).toBe(200)
    for (const name of ['activecode', 'standbycode', 'sealedcode', 'uninitcode'])
      expect([name, await ask('GET', `sys/health?${name}=many`)]).toEqual([name, { status: 400, json: { errors: [] } }])
    const head = await fetch(`${address}/v1/sys/health?activecode=204`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([204, ''])
  })

  // OpenBao takes any number, and does not know the replication's.
  it.skipIf(elsewhere !== undefined)('refuses codes that are no answers', async () => {
    for (const code of ['0', '99', '100', '1000', '-1', ''])
      expect([code, (await ask('GET', `sys/health?activecode=${code}`)).status]).toEqual([code, 400])
    for (const name of ['drsecondarycode', 'performancestandbycode'])
      expect((await ask('GET', `sys/health?${name}=many`)).status).toBe(400)
    expect((await ask('GET', 'sys/health?activecode=204')).status).toBe(204)
  })

  it('tells of one node', async () => {
    expect((await ask('GET', 'sys/leader')).json).toMatchObject({ ha_enabled: false, is_self: false })
    const nodes = (await ask('GET', 'sys/ha-status')).json['nodes']
    expect(nodes).toEqual([
      {
        hostname: expect.stringMatching(/./),
        api_address: '',
        cluster_address: expect.any(String),
        active_node: true,
        last_echo: null,
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      },
    ])
    expect((await ask('GET', 'sys/ha-status', undefined, '')).status).toBe(403)
  })
})

describe('sys/rekey', () => {
  const start = (body: object) => ask('PUT', 'sys/rekey/init', body)
  const update = (key: string | undefined, nonce: unknown) => ask('PUT', 'sys/rekey/update', { key, nonce })
  const verify = (key: string | undefined, nonce: unknown) => ask('PUT', 'sys/rekey/verify', { key, nonce })
  const idle = {
    nonce: '',
    started: false,
    t: 0,
    n: 0,
    progress: 0,
    required: 2,
    pgp_fingerprints: null,
    backup: false,
    verification_required: false,
  }

  it('refuses what it cannot do', async () => {
    expect(await ask('GET', 'sys/rekey/init')).toEqual({ status: 200, json: idle })
    expect(await update(keys[0], '')).toEqual(refused('no barrier rekey in progress'))
    expect(await start({ secret_shares: 2, secret_threshold: 2, backup: true })).toEqual(
      refused('cannot request a backup of the new keys without providing PGP keys for encryption'),
    )
    expect(await start({ secret_shares: 2, secret_threshold: 2, pgp_keys: ['x'] })).toEqual(
      refused('incorrect number of PGP keys for rekey'),
    )
    const wrong = await start({ secret_shares: 3, secret_threshold: 1 })
    expect([wrong.status, wrong.json]).toEqual([
      // OpenBao: 500
      elsewhere === undefined ? 400 : 500,
      { errors: ['invalid rekey seal configuration: threshold must be greater than one for multiple shares'] },
    ])
    expect(await ask('GET', 'sys/rekey/verify')).toEqual(refused('no rekey configuration found'))
    expect(await ask('GET', 'sys/rekey/backup')).toEqual(refused('no backed-up keys found'))
    expect((await ask('DELETE', 'sys/rekey/backup')).status).toBe(204)
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(await ask(method, 'sys/rekey-recovery-key/init')).toEqual(refused('recovery rekeying not supported'))
  })

  it('is cancelled without a trace', async () => {
    const { nonce } = (await start({ secret_shares: 5, secret_threshold: 3 })).json
    expect((await update(keys[0], nonce)).json).toMatchObject({ progress: 1 })
    expect(await start({ secret_shares: 5, secret_threshold: 3 })).toEqual(refused('rekey already in progress'))
    expect((await ask('DELETE', 'sys/rekey/init')).status).toBe(204)
    expect((await ask('GET', 'sys/rekey/init')).json).toEqual(idle)
    expect((await ask('DELETE', 'sys/rekey/init')).status).toBe(204)
  })

  it('makes new shares for a quorum of the old ones', async () => {
    const started = (await start({ secret_shares: 1, secret_threshold: 1 })).json
    expect(started).toEqual({ ...idle, nonce: started['nonce'], started: true, t: 1, n: 1 })
    expect(await update(keys[0], 'x')).toEqual(
      refused(`incorrect nonce supplied; nonce for this rekey operation is "${textOf(started['nonce'])}"`),
    )
    expect(await update('', started['nonce'])).toEqual(refused("'key' must be specified in request body as JSON"))
    expect((await update(keys[0], started['nonce'])).json).toEqual({ ...started, progress: 1 })
    expect(await update(keys[0], started['nonce'])).toEqual(
      refused('given key has already been provided during this generation operation'),
    )
    const { status, json } = await update(keys[2], started['nonce'])
    expect([status, json]).toEqual([
      200,
      {
        nonce: started['nonce'],
        complete: true,
        keys: [expect.stringMatching(/^[0-9a-f]{64}$/)],
        keys_base64: [expect.any(String)],
        pgp_fingerprints: null,
        backup: false,
        verification_required: false,
      },
    ])
    keys = listOf(json['keys'])
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ t: 1, n: 1, sealed: false })
  })

  it('leaves the old shares valid until the new ones are verified', async () => {
    const started = (await start({ secret_shares: 3, secret_threshold: 2, require_verification: true })).json
    expect(started).toMatchObject({ verification_required: true, required: 1 })
    expect((await ask('GET', 'sys/rekey/verify')).json).toMatchObject({ started: false, progress: 0 })
    const made = (await update(keys[0], started['nonce'])).json
    expect(made).toMatchObject({ complete: true, verification_required: true })
    const fresh = listOf(made['keys'])
    const nonce = made['verification_nonce']
    expect((await ask('GET', 'sys/rekey/init')).json).toMatchObject({ started: true, verification_nonce: nonce })
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ t: 1, n: 1 })

    expect((await verify(fresh[0], nonce)).json).toEqual({ nonce, started: true, t: 2, n: 3, progress: 1 })
    expect(await verify(fresh[0], nonce)).toEqual(
      refused('given key has already been provided during this verify operation'),
    )
    const again = (await ask('DELETE', 'sys/rekey/verify')).json
    expect(again).toEqual({ nonce: expect.not.stringMatching(textOf(nonce)), started: true, t: 2, n: 3, progress: 0 })
    expect(await verify(fresh[0], nonce)).toEqual(
      refused(`incorrect nonce supplied; nonce for this verify operation is "${textOf(again['nonce'])}"`),
    )
    await verify(fresh[2], again['nonce'])
    expect((await verify(fresh[1], again['nonce'])).json).toEqual({ nonce: again['nonce'], complete: true })
    keys = fresh
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ t: 2, n: 3, sealed: false })
    expect((await ask('GET', 'sys/rekey/init')).json).toEqual(idle)
  })

  it.skipIf(elsewhere !== undefined)(
    'S15: nobody starts, feeds or cancels one without a token that has sudo',
    async () => {
      const { nonce } = (await start({ secret_shares: 1, secret_threshold: 1 })).json
      await ask('PUT', 'sys/policies/acl/no-sudo', {
        policy: 'path "sys/*" { capabilities = ["create", "read", "update", "delete"] }',
      })
      const made = await ask('POST', 'auth/token/create', { policies: ['no-sudo'], ttl: '5m' })
      const weak = textOf((made.json['auth'] as Record<string, unknown>)['client_token'])
      for (const token of ['', weak]) {
        const statuses = [
          await ask('PUT', 'sys/rekey/init', { secret_shares: 1, secret_threshold: 1 }, token),
          await ask('PUT', 'sys/rekey/update', { key: keys[0], nonce }, token),
          await ask('DELETE', 'sys/rekey/init', undefined, token),
          await ask('GET', 'sys/rekey/init', undefined, token),
          await ask('GET', 'sys/rekey/verify', undefined, token),
          await ask('DELETE', 'sys/rekey/verify', undefined, token),
          await ask('DELETE', 'sys/rekey/backup', undefined, token),
        ].map(({ status }) => status)
        expect(new Set(statuses)).toEqual(new Set([403]))
      }
      expect((await ask('GET', 'sys/rekey/init')).json).toMatchObject({ started: true, nonce, progress: 0 })
      await ask('DELETE', 'sys/rekey/init')
    },
  )
})

describe('sys/generate-root', () => {
  const start = (body: object) => ask('PUT', 'sys/generate-root/attempt', body)
  const update = (key: string | undefined, nonce: unknown) => ask('PUT', 'sys/generate-root/update', { key, nonce })
  /** As `vault operator generate-root -decode`. */
  const decode = (encoded: unknown, otp: string) =>
    Buffer.from(Buffer.from(textOf(encoded), 'base64').map((byte, at) => byte ^ otp.charCodeAt(at))).toString()
  const idle = {
    nonce: '',
    started: false,
    progress: 0,
    required: 2,
    complete: false,
    encoded_token: '',
    encoded_root_token: '',
    pgp_fingerprint: '',
    otp: '',
    // OpenBao's tokens are shorter.
    otp_length: elsewhere === undefined ? 28 : 26,
  }

  it('answers a password once, and for a quorum the token under it', async () => {
    expect(await ask('GET', 'sys/generate-root/attempt')).toEqual({ status: 200, json: idle })
    expect(await update(keys[0], '')).toEqual(refused('no root generation in progress'))
    const { nonce, otp, ...more } = (await start({})).json
    expect(more).toMatchObject({ started: true, progress: 0, otp_length: textOf(otp).length })
    expect((await ask('GET', 'sys/generate-root/attempt')).json).toEqual({ ...idle, started: true, nonce })
    expect(await start({})).toEqual(refused('root generation already in progress'))
    expect((await update(keys[0], nonce)).json).toMatchObject({ progress: 1, complete: false, encoded_token: '' })
    expect(await update(keys[0], nonce)).toEqual(
      refused('given key has already been provided during this generation operation'),
    )
    const done = (await update(keys[1], nonce)).json
    expect(done).toMatchObject({ complete: true, progress: 2, started: true, otp: '' })
    expect(done['encoded_root_token']).toBe(done['encoded_token'])
    const token = decode(done['encoded_token'], textOf(otp))
    const self = await ask('GET', 'auth/token/lookup-self', undefined, token)
    expect(self.json['data']).toMatchObject({ policies: ['root'], orphan: true, ttl: 0, path: 'auth/token/root' })
    expect((await ask('POST', 'auth/token/revoke-self', undefined, token)).status).toBe(204)
    expect((await ask('GET', 'sys/generate-root/attempt')).json).toEqual(idle)
  })

  it('takes a password of the caller’s, of the right length', async () => {
    expect(await start({ otp: 'short' })).toEqual(refused('OTP string is wrong length'))
    const otp = createHash('sha256').update('a password').digest('hex').slice(0, idle.otp_length)
    const started = (await start({ otp })).json
    expect(started).toMatchObject({ started: true, otp: '' })
    await update(keys[2], started['nonce'])
    const token = decode((await update(keys[0], started['nonce'])).json['encoded_token'], otp)
    expect((await ask('POST', 'auth/token/revoke-self', undefined, token)).status).toBe(204)
  })

  it('S16: wants the nonce, and is cancelled without a trace', async () => {
    const { nonce } = (await start({})).json
    for (const wrong of [undefined, '', 'x'])
      expect(await update(keys[0], wrong)).toEqual(
        refused(`incorrect nonce supplied; nonce for this root generation operation is "${textOf(nonce)}"`),
      )
    expect((await ask('GET', 'sys/generate-root/attempt')).json).toMatchObject({ progress: 0 })
    expect((await ask('DELETE', 'sys/generate-root/attempt')).status).toBe(204)
    expect((await ask('GET', 'sys/generate-root/attempt')).json).toEqual(idle)
  })

  it.skipIf(elsewhere !== undefined)(
    'S16: nobody starts, feeds or cancels one without a token that has sudo',
    async () => {
      const { nonce } = (await start({})).json
      const made = await ask('POST', 'auth/token/create', { policies: ['no-sudo'], ttl: '5m' })
      const weak = textOf((made.json['auth'] as Record<string, unknown>)['client_token'])
      for (const token of ['', weak]) {
        const statuses = [
          await ask('PUT', 'sys/generate-root/attempt', {}, token),
          await ask('PUT', 'sys/generate-root/update', { key: keys[0], nonce }, token),
          await ask('DELETE', 'sys/generate-root/attempt', undefined, token),
          await ask('GET', 'sys/generate-root/attempt', undefined, token),
        ].map(({ status }) => status)
        expect(new Set(statuses)).toEqual(new Set([403]))
      }
      expect((await ask('GET', 'sys/generate-root/attempt')).json).toMatchObject({ started: true, nonce, progress: 0 })
      await ask('DELETE', 'sys/generate-root/attempt')
    },
  )
})

describe('sys/seal', () => {
  it('drops what was begun, and the shares of the last rekey open again', async () => {
    await ask('PUT', 'sys/rekey/init', { secret_shares: 1, secret_threshold: 1 })
    await ask('PUT', 'sys/generate-root/attempt', {})
    expect((await ask('PUT', 'sys/seal')).status).toBe(204)
    expect((await unseal({ key: keys[0] })).json).toMatchObject({ sealed: true, progress: 1 })
    expect((await unseal({ key: keys[2] })).json).toMatchObject({ sealed: false })
    await expect.poll(async () => (await ask('GET', 'sys/health')).status).toBe(200)
    expect((await ask('GET', 'sys/rekey/init')).json['started']).toBe(false)
    // OpenBao goes on with it.
    expect((await ask('GET', 'sys/generate-root/attempt')).json['started']).toBe(elsewhere !== undefined)
  })

  it.skipIf(elsewhere !== undefined)('S11: nothing of all that stands in the audit log', () => {
    const log = readFileSync(join(folder, 'audit.log'), 'utf8')
    for (const path of [
      'sys/rekey/update',
      'sys/rekey/verify',
      'sys/generate-root/attempt',
      'sys/generate-root/update',
    ])
      expect(log).toContain(`"path":"${path}"`)
    expect(secrets.size).toBeGreaterThan(20)
    expect([...secrets].filter((secret) => log.includes(secret))).toEqual([])
  })
})
