import * as fc from 'fast-check'
import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { Fernet, FernetError } from './fernet.ts'

const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='
const TOKEN = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='
const OTHER = Buffer.alloc(32, 7).toString('base64')

const fernet = (keys: string): Fernet => new Fernet(sensitive(keys))

describe('Fernet (airflow 3.2)', () => {
  it('agrees with the published vector, both ways', () => {
    expect(fernet(KEY).decrypt(TOKEN).reveal()).toBe('hello')
    const iv = Uint8Array.from({ length: 16 }, (_, index) => index)
    expect(fernet(KEY).encrypt(sensitive('hello'), { now: 499_162_800_999, iv })).toBe(TOKEN)
  })

  it('encrypts with the first key and decrypts with any', () => {
    const made = fernet(`${OTHER}, ${KEY}`).encrypt(sensitive('x'), { now: 0, iv: Buffer.alloc(16) })
    expect(fernet(OTHER).decrypt(made).reveal()).toBe('x')
    expect(fernet(`${OTHER},${KEY}`).decrypt(TOKEN).reveal()).toBe('hello')
    expect(() => fernet(OTHER).decrypt(TOKEN)).toThrow(expect.objectContaining({ code: 'airflow-fernet-token' }))
  })

  it('gives back every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (text, iv) => {
        expect(
          fernet(KEY)
            .decrypt(fernet(KEY).encrypt(sensitive(text), { now: 1e12, iv }))
            .reveal(),
        ).toBe(text)
      }),
    )
  })

  it('refuses a token with any bit turned', () => {
    const bytes = Buffer.from(TOKEN, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => fernet(KEY).decrypt(altered.toString('base64'))).toThrow(FernetError)
    }
  })

  it('refuses another version and what is no text, also when rightly signed', () => {
    const signed = (change: (bytes: Buffer) => void): string => {
      const bytes = Buffer.from(TOKEN, 'base64url').subarray(0, -32)
      change(bytes)
      const mac = createHmac('sha256', Buffer.from(KEY, 'base64url').subarray(0, 16)).update(bytes).digest()
      return Buffer.concat([bytes, mac]).toString('base64')
    }
    expect(
      fernet(KEY)
        .decrypt(signed(() => undefined))
        .reveal(),
    ).toBe('hello')
    expect(() => fernet(KEY).decrypt(signed((bytes) => bytes.writeUInt8(0x81, 0)))).toThrow(FernetError)
    expect(() => fernet(KEY).decrypt(signed((bytes) => bytes.writeUInt8(0xff, 9)))).toThrow(FernetError)
    expect(() => fernet(KEY).decrypt(signed((bytes) => bytes.fill(0, 25)))).toThrow(FernetError)
  })

  it.each(['', 'planted-value', `${TOKEN}=`, TOKEN.slice(0, -4), TOKEN.slice(0, 60), `${TOKEN} `])(
    'refuses %j as a token',
    (token) => {
      expect(() => fernet(KEY).decrypt(token)).toThrow(
        expect.objectContaining({
          code: 'airflow-fernet-token',
          message: expect.not.stringContaining('planted') as string,
        }),
      )
    },
  )

  it.each(['', ',', `${KEY},`, KEY.slice(0, -1), 'planted-key', `${KEY}${KEY}`])(
    'refuses %j as keys and does not show them',
    (keys) => {
      expect(() => fernet(keys)).toThrow(
        expect.objectContaining({
          code: 'airflow-fernet-key',
          message: expect.not.stringContaining('planted') as string,
        }),
      )
    },
  )

  it('shows no key when printed', () => {
    expect(inspect(fernet(KEY), { depth: 9, showHidden: true })).not.toContain('cw_0x')
  })
})
