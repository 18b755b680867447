/**
 * PGP keys at the seal over HTTP (vault-api 2): a store initialised for their holders, rekeyed for others with a backup
 * and with verification, and a root token for one of them. One story, on the embedded server; openpgp itself holds the
 * private keys, and gpg where it is on PATH.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decrypt, generateKey, type PrivateKey, readMessage } from 'openpgp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'

interface Person {
  readonly secret: PrivateKey
  readonly base64: string
  readonly armored: string
  readonly fingerprint: string
}

interface Answer {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
}

const folder = mkdtempSync(join(tmpdir(), 'plenum-pgp-'))
const auditLog = join(folder, 'audit.log')
let server: EmbeddedServer
let ada: Person
let bob: Person
let rootToken = ''
/** Today's shares, in clear. */
let shares: readonly string[] = []

async function person(name: string): Promise<Person> {
  const { privateKey } = await generateKey({ userIDs: [{ name }], format: 'object' })
  const open = privateKey.toPublic()
  return {
    secret: privateKey,
    base64: Buffer.from(open.write()).toString('base64'),
    armored: open.armor(),
    fingerprint: open.getFingerprint(),
  }
}

async function read(base64: unknown, { secret }: Person): Promise<string> {
  const message = await readMessage({ binaryMessage: Buffer.from(String(base64), 'base64') })
  const { data } = await decrypt({ message, decryptionKeys: secret, format: 'utf8' })
  return data
}

async function ask(method: string, path: string, body?: unknown, token = rootToken): Promise<Answer> {
  const answer = await fetch(`${server.address}/v1/${path}`, {
    method,
    headers: token === '' ? {} : { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, json: text === '' ? {} : (JSON.parse(text) as Answer['json']) }
}
const refused = (...errors: string[]): Answer => ({ status: 400, json: { errors } })
const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

beforeAll(async () => {
  server = await startServer({ storage: { kind: 'memory' }, port: 0, auditFolders: [folder] })
  ;[ada, bob] = await Promise.all([person('Ada'), person('Bob')])
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('sys/init with PGP keys', () => {
  it('refuses what is no key for encryption, and stores nothing', async () => {
    const init = (body: object) => ask('PUT', 'sys/init', { secret_shares: 2, secret_threshold: 2, ...body })
    const start = 'invalid seal configuration: '
    expect(await init({ pgp_keys: [ada.base64] })).toEqual(
      refused(`${start}count mismatch between number of provided PGP keys and number of shares`),
    )
    expect(await init({ pgp_keys: [ada.base64, 'keybase:bob'] })).toEqual(
      refused(
        `${start}error decoding given PGP key: key 2 of 2 is neither base64 of a binary public key nor an armoured one`,
      ),
    )
    expect(await init({ root_token_pgp_key: ada.secret.armor() })).toEqual(
      refused('error parsing given PGP key: it is a private key: give its public one, and keep this to yourself'),
    )
    expect((await ask('GET', 'sys/init')).json).toEqual({ initialized: false })
  })

  it('answers each share and the root token for its holder alone', async () => {
    const { status, json } = await ask('PUT', 'sys/init', {
      secret_shares: 2,
      secret_threshold: 2,
      pgp_keys: [ada.base64, bob.armored],
      root_token_pgp_key: ada.base64,
    })
    expect(status).toBe(200)
    expect(Object.keys(json).sort()).toEqual(['keys', 'keys_base64', 'root_token'])
    const [first, second] = listOf(json['keys_base64'])
    expect(listOf(json['keys'])).toEqual([first, second].map((key) => Buffer.from(key ?? '', 'base64').toString('hex')))
    shares = [await read(first, ada), await read(second, bob)]
    expect(shares).toEqual([expect.stringMatching(/^[0-9a-f]{66}$/), expect.stringMatching(/^[0-9a-f]{66}$/)])
    for (const key of shares) await ask('PUT', 'sys/unseal', { key })
    rootToken = await read(json['root_token'], ada)
    expect((await ask('GET', 'auth/token/lookup-self')).json).toMatchObject({ data: { policies: ['root'] } })
    const audit = { type: 'file', options: { file_path: auditLog } }
    expect((await ask('PUT', 'sys/audit/file', audit)).status).toBe(204)
  })
})

/** Gives today's shares; what the last one answers. */
async function give(path: string, nonce: unknown): Promise<Answer> {
  let last: Answer = { status: 0, json: {} }
  for (const key of shares) last = await ask('PUT', path, { key, nonce })
  return last
}

describe('sys/rekey with PGP keys', () => {
  const init = (body: object) => ask('PUT', 'sys/rekey/init', { secret_shares: 2, secret_threshold: 2, ...body })

  it('refuses wrong keys, and a backup without any', async () => {
    expect(await init({ pgp_keys: [ada.base64] })).toEqual(refused('incorrect number of PGP keys for rekey'))
    expect(await init({ backup: true })).toEqual(
      refused('cannot request a backup of the new keys without providing PGP keys for encryption'),
    )
    const { status, json } = await init({ pgp_keys: [ada.base64, bob.secret.armor()] })
    expect([status, json]).toEqual([400, { errors: [expect.stringContaining('key 2 of 2 is a private key')] }])
    expect((await ask('GET', 'sys/rekey/init')).json).toMatchObject({ started: false, pgp_fingerprints: null })
    expect(await ask('GET', 'sys/rekey/backup')).toEqual(refused('no backed-up keys found'))
  })

  it('answers the new shares for their holders, with fingerprints, and keeps them where a backup is asked for', async () => {
    const started = await init({ pgp_keys: [bob.base64, ada.armored], backup: true })
    const fingerprints = [bob.fingerprint, ada.fingerprint]
    expect(started.json).toMatchObject({ started: true, pgp_fingerprints: fingerprints, backup: true })
    expect((await ask('GET', 'sys/rekey/init')).json).toEqual(started.json)
    const { nonce } = started.json
    const { json } = await give('sys/rekey/update', nonce)
    expect(json).toMatchObject({ nonce, complete: true, pgp_fingerprints: fingerprints, backup: true })
    const [ofBob, ofAda] = listOf(json['keys_base64'])
    shares = [await read(ofBob, bob), await read(ofAda, ada)]

    await ask('PUT', 'sys/seal')
    for (const key of shares) await ask('PUT', 'sys/unseal', { key })
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ sealed: false })

    const kept = await ask('GET', 'sys/rekey/backup')
    const [hexOfBob, hexOfAda] = listOf(json['keys'])
    expect(kept.json['data']).toEqual({
      nonce,
      keys: { [bob.fingerprint]: [hexOfBob], [ada.fingerprint]: [hexOfAda] },
      keys_base64: { [bob.fingerprint]: [ofBob], [ada.fingerprint]: [ofAda] },
    })
    expect((await ask('DELETE', 'sys/rekey/backup')).status).toBe(204)
    expect((await ask('DELETE', 'sys/rekey/backup')).status).toBe(204)
    expect(await ask('GET', 'sys/rekey/backup')).toEqual(refused('no backed-up keys found'))
  })

  it('S15: neither starts nor tells its backup without a token', async () => {
    const body = { secret_shares: 1, secret_threshold: 1, pgp_keys: [ada.base64] }
    expect((await ask('PUT', 'sys/rekey/init', body, '')).status).toBe(403)
    expect((await ask('GET', 'sys/rekey/backup', undefined, '')).status).toBe(403)
    expect((await ask('DELETE', 'sys/rekey/backup', undefined, '')).status).toBe(403)
  })

  it('waits for the decrypted shares where they are to be verified', async () => {
    const { json } = await init({ pgp_keys: [ada.base64, ada.base64], require_verification: true })
    const made = await give('sys/rekey/update', json['nonce'])
    expect(made.json).toMatchObject({ complete: true, verification_required: true, backup: false })
    const old = shares
    shares = await Promise.all(listOf(made.json['keys_base64']).map((key) => read(key, ada)))
    expect(await ask('GET', 'sys/rekey/backup')).toEqual(refused('no backed-up keys found'))
    const verified = await give('sys/rekey/verify', made.json['verification_nonce'])
    expect(verified.json).toEqual({ nonce: made.json['verification_nonce'], complete: true })
    await ask('PUT', 'sys/seal')
    for (const key of old) await ask('PUT', 'sys/unseal', { key })
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ sealed: true })
    for (const key of shares) await ask('PUT', 'sys/unseal', { key })
    expect((await ask('GET', 'sys/seal-status')).json).toMatchObject({ sealed: false })
  })
})

describe('sys/generate-root with a PGP key', () => {
  const attempt = 'sys/generate-root/attempt'

  it('refuses what is no key', async () => {
    const { status, json } = await ask('PUT', attempt, { pgp_key: 'keybase:ada' })
    expect([status, json]).toEqual([400, { errors: [expect.stringContaining('error decoding given PGP key: it is')] }])
    expect((await ask('GET', attempt)).json).toMatchObject({ started: false, pgp_fingerprint: '' })
  })

  it('answers a root token for its holder', async () => {
    const started = await ask('PUT', attempt, { pgp_key: ada.armored })
    expect(started.json).toMatchObject({ started: true, otp: '', otp_length: 28, pgp_fingerprint: ada.fingerprint })
    const { json } = await give('sys/generate-root/update', started.json['nonce'])
    expect(json).toMatchObject({ complete: true, pgp_fingerprint: ada.fingerprint })
    expect(json['encoded_root_token']).toBe(json['encoded_token'])
    const token = await read(json['encoded_token'], ada)
    expect((await ask('GET', 'auth/token/lookup-self', undefined, token)).json).toMatchObject({
      data: { policies: ['root'], path: 'auth/token/root' },
    })
  })

  it('leaves no share, no token and no encrypted form of them in the audit log', () => {
    const log = readFileSync(auditLog, 'utf8')
    expect(log).toContain('sys/generate-root/update')
    for (const secret of [...shares, rootToken]) expect(log).not.toContain(secret)
    expect(log).not.toContain(ada.base64)
  })
})

const gpg = spawnSync('gpg', ['--version']).status === 0

describe.skipIf(!gpg)('with gpg (skipped where gpg is not on PATH)', () => {
  const home = join(folder, 'gpg')
  const env = { ...process.env, GNUPGHOME: home }
  const run = (args: readonly string[], input?: Buffer): Buffer =>
    execFileSync('gpg', ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', ...args], {
      env,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  afterAll(() => void spawnSync('gpgconf', ['--kill', 'gpg-agent'], { env }))

  it.each(['ed25519/cv25519', 'rsa2048/rsa2048'])('a key of %s takes a root token that gpg decrypts', async (kind) => {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const name = `${kind.split('/')[0]} <test@example.com>`
    const [main = '', sub = ''] = kind.split('/')
    writeFileSync(join(home, 'gpg.conf'), 'no-tty\n')
    run(['--quick-generate-key', name, main, 'sign', 'never'])
    const listed = run(['--list-keys', '--with-colons', name]).toString()
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? ''
    const signer = run(['--export', fingerprint]).toString('base64')
    const none = await ask('PUT', 'sys/generate-root/attempt', { pgp_key: signer })
    expect(none.json).toEqual({ errors: [expect.stringContaining('for signatures only')] })
    run(['--quick-add-key', fingerprint, sub, 'encr', 'never'])
    const started = await ask('PUT', 'sys/generate-root/attempt', {
      pgp_key: run(['--export', fingerprint]).toString('base64'),
    })
    expect(started.json['pgp_fingerprint']).toBe(fingerprint.toLowerCase())
    const { json } = await give('sys/generate-root/update', started.json['nonce'])
    const token = run(['--decrypt'], Buffer.from(String(json['encoded_token']), 'base64')).toString()
    expect((await ask('GET', 'auth/token/lookup-self', undefined, token)).status).toBe(200)
  })
})
