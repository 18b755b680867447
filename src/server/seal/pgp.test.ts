import { randomBytes } from 'node:crypto'
import { createMessage, decrypt, encrypt, generateKey, type PrivateKey, readMessage, revokeKey } from 'openpgp'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRekey, createRootGeneration, encryptShares, readPgpKeys, type ShareBackup } from './index.ts'
import { hex, make, unsealed, unsealWith } from './sealed.case.ts'
import { combineShares } from './shares.ts'

const NOW = Date.now()
const now = () => NOW

interface Person {
  readonly secret: PrivateKey
  readonly armored: string
  readonly base64: string
  readonly fingerprint: string
}

async function person(name: string, options: Partial<Parameters<typeof generateKey>[0]> = {}): Promise<Person> {
  const { privateKey } = await generateKey({
    userIDs: [{ name }],
    date: new Date(NOW - 60_000),
    ...options,
    format: 'object',
  })
  const open = privateKey.toPublic()
  return {
    secret: privateKey,
    armored: open.armor(),
    base64: Buffer.from(open.write()).toString('base64'),
    fingerprint: open.getFingerprint(),
  }
}

/** What the holder of the key reads. */
async function read(message: Uint8Array, { secret }: Person): Promise<Buffer> {
  const { data } = await decrypt({
    message: await readMessage({ binaryMessage: message }),
    decryptionKeys: secret,
    format: 'binary',
  })
  return Buffer.from(data)
}

let ada: Person
let bob: Person
let rsa: Person

beforeAll(async () => {
  ;[ada, bob, rsa] = await Promise.all([person('Ada'), person('Bob'), person('Rsa', { type: 'rsa', rsaBits: 2048 })])
})

/** The text of the refusal, which never repeats what was given. */
async function refusal(texts: readonly string[], at = now): Promise<string> {
  const error: unknown = await readPgpKeys(texts, { now: at }).then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  )
  const { code, message } = error as { readonly code?: string; readonly message: string }
  expect(code).toBe('invalid-request')
  for (const text of texts) if (text.length > 60) expect(message).not.toContain(text.slice(-30, -10))
  return message
}

describe('a PGP key', () => {
  it('is read in base64 and armoured, and takes messages that its holder alone reads', async () => {
    const texts = [ada.base64, bob.armored, rsa.base64, `${ada.base64.slice(0, 60)}\n${ada.base64.slice(60)}\n`]
    const recipients = await readPgpKeys(texts, { now })
    const people = [ada, bob, rsa, ada]
    expect(recipients.map(({ fingerprint }) => fingerprint)).toEqual(people.map(({ fingerprint }) => fingerprint))
    for (const [at, recipient] of recipients.entries()) {
      const plain = Buffer.from('forty-two')
      const message = await recipient.encrypt(plain)
      expect(plain).toEqual(Buffer.alloc(9))
      expect((await read(message, people[at] ?? ada)).toString()).toBe('forty-two')
    }
    const forAda = await recipients[0]?.encrypt(Buffer.from('x'))
    await expect(read(forAda ?? Buffer.alloc(0), bob)).rejects.toThrow('decrypting message')
  })

  it.each([
    ['', 'error decoding given PGP key: it is neither base64 of a binary public key nor an armoured one'],
    ['not base64!', 'error decoding given PGP key: it is neither base64 of a binary public key nor an armoured one'],
    [
      'keybase:someone',
      'error decoding given PGP key: it is neither base64 of a binary public key nor an armoured one',
    ],
    ['bm90IGEga2V5IGF0IGFsbA==', 'error parsing given PGP key: it holds no OpenPGP public key'],
    ['-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nbroken', 'error parsing given PGP key: it holds no OpenPGP public key'],
    ['A'.repeat(1024 * 1024 + 4), 'error decoding given PGP key: it is longer than 1048576 characters'],
  ])('is not %.20j', async (text, message) => {
    expect(await refusal([text])).toBe(message)
  })

  it('is not a message, a truncated key or several keys', async () => {
    const message = await encrypt({
      message: await createMessage({ text: 'x' }),
      encryptionKeys: ada.secret.toPublic(),
    })
    expect(await refusal([message])).toBe('error parsing given PGP key: it holds no OpenPGP public key')
    const bytes = Buffer.from(ada.base64, 'base64')
    expect(await refusal([bytes.subarray(0, 40).toString('base64')])).toContain('error parsing given PGP key: it ')
    const both = Buffer.concat([bytes, Buffer.from(bob.base64, 'base64')]).toString('base64')
    expect(await refusal([both])).toBe('error parsing given PGP key: it holds several keys: export one alone')
  })

  it('is never a private one', async () => {
    const given = [ada.secret.armor(), Buffer.from(ada.secret.write()).toString('base64')]
    for (const text of given)
      expect(await refusal([text])).toBe(
        'error parsing given PGP key: it is a private key: give its public one, and keep this to yourself',
      )
  })

  it('has to be in force, and made for encryption', async () => {
    const cannot =
      'error parsing given PGP key: it cannot encrypt: it has expired, is revoked, or is for signatures only'
    const brief = await person('Brief', { keyExpirationTime: 30 })
    expect(await refusal([brief.base64])).toBe(cannot)
    const signer = await person('Signer', { subkeys: [{ sign: true }] })
    expect(await refusal([signer.base64])).toBe(cannot)
    const gone = await person('Gone')
    const { publicKey } = await revokeKey({ key: gone.secret, date: new Date(NOW - 1000), format: 'object' })
    expect(await refusal([Buffer.from(publicKey.write()).toString('base64')])).toBe(cannot)
  })

  it('is told by its number when there are several', async () => {
    expect(await refusal([ada.base64, 'bm90IGEga2V5', bob.base64])).toBe(
      'error parsing given PGP key: key 2 of 3 holds no OpenPGP public key',
    )
  })

  it('that runs out later is refused when it has to take a message', async () => {
    const brief = await person('Brief', { keyExpirationTime: 3600 })
    let time = NOW
    const [recipient] = await readPgpKeys([brief.base64], { now: () => time })
    time += 2 * 3600 * 1000
    const plain = Buffer.from('x')
    await expect(recipient?.encrypt(plain)).rejects.toMatchObject({
      code: 'invalid-request',
      message: 'error encrypting with the given PGP key: it cannot take a message any more',
    })
    expect(plain).toEqual(Buffer.alloc(1))
  })

  it('is refused with what to install when the package is not there', async () => {
    const load = () => Promise.reject(new Error('Cannot find package'))
    await expect(readPgpKeys([ada.base64], { now, load })).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(/optional dependency.*npm install openpgp@6/),
    })
    expect(await readPgpKeys([], { now, load })).toEqual([])
  })
})

describe('shares for the holders of PGP keys', () => {
  it('are their digits, encrypted one by one, and overwritten', async () => {
    const shares = [randomBytes(33), randomBytes(33)]
    const digits = shares.map((share) => share.toString('hex'))
    const encrypted = await encryptShares(shares, await readPgpKeys([ada.base64, bob.base64], { now }))
    expect((await read(encrypted[0] ?? Buffer.alloc(0), ada)).toString()).toBe(digits[0])
    expect((await read(encrypted[1] ?? Buffer.alloc(0), bob)).toString()).toBe(digits[1])
    for (const share of shares) expect(share).toEqual(Buffer.alloc(33))
  })

  it('of a rekey open the store, are kept when a backup is asked for, and before the old ones are useless', async () => {
    const { keys, seal, lower } = await unsealed(3, 2)
    let kept: ShareBackup | undefined
    const rekey = createRekey({
      seal,
      random: randomBytes,
      keepBackup: async (backup) => {
        kept = backup
        expect(await unsealWith(make(lower).seal, keys.slice(0, 2))).toBe(true)
      },
    })
    const recipients = await readPgpKeys([ada.base64, bob.base64, ada.base64], { now })
    const fingerprints = [ada.fingerprint, bob.fingerprint, ada.fingerprint]
    const started = rekey.start({ shares: 3, threshold: 2, verify: false, pgp: { recipients, backup: true } })
    expect(started).toMatchObject({ pgpFingerprints: fingerprints, backup: true })
    await rekey.submit(hex(keys[0]), started.nonce)
    const done = await rekey.submit(hex(keys[1]), started.nonce)
    if (done.kind !== 'complete') throw new Error('not complete')
    expect(done).toMatchObject({ pgpFingerprints: fingerprints, backup: true })
    const shares = await Promise.all([
      read(done.keys[0] ?? Buffer.alloc(0), ada),
      read(done.keys[1] ?? Buffer.alloc(0), bob),
    ])
    const fresh = shares.map((digits) => Buffer.from(digits.toString(), 'hex'))
    expect(await unsealWith(make(lower).seal, fresh)).toBe(true)
    await expect(unsealWith(make(lower).seal, keys.slice(0, 2))).rejects.toThrow('invalid key')
    expect(kept).toEqual({
      nonce: started.nonce,
      keys: { [ada.fingerprint]: [hex(done.keys[0]), hex(done.keys[2])], [bob.fingerprint]: [hex(done.keys[1])] },
    })
  })

  it('change nothing when one of the keys has run out, or the backup cannot be kept', async () => {
    const { keys, seal, lower } = await unsealed(1, 1)
    const brief = await person('Brief', { keyExpirationTime: 3600 })
    let time = NOW
    const recipients = await readPgpKeys([brief.base64], { now: () => time })
    const rekey = createRekey({ seal, random: randomBytes, keepBackup: () => Promise.reject(new Error('disk full')) })
    const attempt = async () => {
      const { nonce } = rekey.start({ shares: 1, threshold: 1, verify: false, pgp: { recipients, backup: true } })
      return rekey.submit(hex(keys[0]), nonce).finally(() => rekey.cancel())
    }
    await expect(attempt()).rejects.toThrow('disk full')
    time += 2 * 3600 * 1000
    await expect(attempt()).rejects.toThrow('cannot take a message any more')
    expect(await unsealWith(make(lower).seal, keys)).toBe(true)
  })

  it('are given back decrypted when the rekey is to be verified', async () => {
    const { keys, seal, lower } = await unsealed(1, 1)
    const rekey = createRekey({ seal, random: randomBytes, keepBackup: () => Promise.reject(new Error('none')) })
    const recipients = await readPgpKeys([ada.base64, bob.base64], { now })
    const { nonce } = rekey.start({ shares: 2, threshold: 2, verify: true, pgp: { recipients, backup: false } })
    const made = await rekey.submit(hex(keys[0]), nonce)
    if (made.kind !== 'complete') throw new Error('not complete')
    const digits = [
      (await read(made.keys[0] ?? Buffer.alloc(0), ada)).toString(),
      (await read(made.keys[1] ?? Buffer.alloc(0), bob)).toString(),
    ]
    expect(await unsealWith(make(lower).seal, keys)).toBe(true)
    await rekey.verify(digits[0] ?? '', made.verificationNonce)
    expect(await rekey.verify(digits[1] ?? '', made.verificationNonce)).toMatchObject({ kind: 'complete' })
    const fresh = digits.map((text) => Buffer.from(text, 'hex'))
    expect((await combineShares(fresh))?.length).toBe(32)
    expect(await unsealWith(make(lower).seal, fresh)).toBe(true)
  })
})

describe('a root token for the holder of a PGP key', () => {
  it('is encrypted, and made only if it can be', async () => {
    const { keys, seal } = await unsealed(1, 1)
    const token = 'hvs.abcdefghijklmnopqrstuvwx'
    let made = 0
    const generation = createRootGeneration({
      seal,
      random: randomBytes,
      otpLength: token.length,
      newOtp: () => '',
      createRoot: () => {
        made += 1
        return Promise.resolve(token)
      },
    })
    const brief = await person('Brief', { keyExpirationTime: 3600 })
    let time = NOW
    const [recipient] = await readPgpKeys([brief.base64], { now: () => time })
    if (recipient === undefined) throw new Error('no recipient')
    const started = generation.startFor(recipient)
    expect(started).toMatchObject({ started: true, pgpFingerprint: brief.fingerprint, otpLength: 28 })
    const done = await generation.submit(hex(keys[0]), started.nonce)
    expect(done).toMatchObject({ complete: true, pgpFingerprint: brief.fingerprint })
    expect((await read(Buffer.from(done.encodedToken, 'base64'), brief)).toString()).toBe(token)
    expect(generation.status()).toMatchObject({ started: false, pgpFingerprint: '' })
    const { nonce } = generation.startFor(recipient)
    expect(() => generation.start(undefined)).toThrow('root generation already in progress')
    time += 2 * 3600 * 1000
    await expect(generation.submit(hex(keys[0]), nonce)).rejects.toThrow('cannot take a message any more')
    expect(made).toBe(1)
  })
})
