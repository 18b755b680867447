import { describe, expect, it } from 'vitest'
import { fingerprintKey, sensitive } from '../sensitive/index.ts'
import { claimChanges, type Digest, digestOf, GONE, recordOf, settledChanges } from './record.ts'

const [A, B] = ['a', 'b'].map((digit) => digit.repeat(64)) as [Digest, Digest]
const KEY = fingerprintKey(Buffer.alloc(32, 1))

describe('digestOf', () => {
  const digest = digestOf('variable:x', sensitive({ value: 'one', other: 1 }), KEY)

  it('is the same for the same content, in whichever order', () => {
    expect(digestOf('variable:x', sensitive({ other: 1, value: 'one' }), KEY)).toBe(digest)
    expect(digest).toMatch(/^[\da-f]{64}$/)
  })

  it('is another for another content, object or key', () => {
    expect(digestOf('variable:x', sensitive({ value: 'two', other: 1 }), KEY)).not.toBe(digest)
    expect(digestOf('variable:y', sensitive({ value: 'one', other: 1 }), KEY)).not.toBe(digest)
    const other = fingerprintKey(Buffer.alloc(32, 2))
    expect(digestOf('variable:x', sensitive({ value: 'one', other: 1 }), other)).not.toBe(digest)
  })
})

describe('a record', () => {
  it('is read back as it was written', () => {
    const settled = settledChanges({ version: 3, digest: A })
    expect(settled).toEqual({ 'sync-digest': A, 'sync-version': '3' })
    const claims = [
      { version: 4, digest: B },
      { version: 4, digest: A },
      { version: 4, digest: GONE },
    ] as const
    const custom = Object.assign({}, settled, ...claims.map((claim) => claimChanges({}, 0, claim)))
    expect(recordOf(custom)).toEqual({ synced: { version: 3, digest: A }, claims })
  })

  it('may say that a row is gone, or that nothing was written yet', () => {
    expect(recordOf({ 'sync-digest': GONE, 'sync-version': '2' }).synced).toEqual({ version: 2, digest: GONE })
    expect(recordOf({ 'sync-digest': A, 'sync-version': '0' }).synced).toEqual({ version: 0, digest: A })
  })

  it.each([
    ['nothing', {}],
    ['a digest alone', { 'sync-digest': A }],
    ['a version alone', { 'sync-version': '3' }],
    ['a short digest', { 'sync-digest': A.slice(1), 'sync-version': '3' }],
    ['a digest in capitals', { 'sync-digest': A.toUpperCase(), 'sync-version': '3' }],
    ['a longer digest', { 'sync-digest': `${A}a`, 'sync-version': '3' }],
    ['no number', { 'sync-digest': A, 'sync-version': 'three' }],
    ['a number like no version', { 'sync-digest': A, 'sync-version': '03' }],
    ['a number that is too large', { 'sync-digest': A, 'sync-version': '9'.repeat(16) }],
    ['a negative number', { 'sync-digest': A, 'sync-version': '-1' }],
  ])('that somebody edited counts as none: %s', (_, custom) => {
    expect(recordOf(custom)).toEqual({ synced: undefined, claims: [] })
  })

  it.each([
    ['no digest', { 'sync-claim-4-aaaaaaaaaaaaaaaa': 'x' }],
    ['no version', { 'sync-claim-x-aaaaaaaaaaaaaaaa': A }],
    ['version 0', { 'sync-claim-0-aaaaaaaaaaaaaaaa': A }],
    ['another key', { 'my-sync-claim-4-aaaaaaaaaaaaaaaa': A }],
  ])('keeps no claim with %s', (_, custom) => {
    expect(recordOf(custom).claims).toEqual([])
  })
})

describe('claimChanges', () => {
  it('does not overwrite the claim that another instance made of the same version', () => {
    const mine = claimChanges({}, 3, { version: 4, digest: A })
    const theirs = claimChanges({}, 3, { version: 4, digest: B })
    expect(Object.keys(mine)).not.toEqual(Object.keys(theirs))
    expect(
      recordOf({ ...(mine as Record<string, string>), ...(theirs as Record<string, string>) }).claims,
    ).toHaveLength(2)
  })

  it('takes claims away once their version cannot be the newest again, and nothing else', () => {
    const custom = {
      description: 'kept',
      'sync-digest': A,
      'sync-version': '3',
      'sync-claim-2-aaaaaaaaaaaaaaaa': A,
      'sync-claim-3-bbbbbbbbbbbbbbbb': B,
      'sync-claim-4-gone': GONE,
    }
    expect(claimChanges(custom, 3, { version: 4, digest: B })).toEqual({
      'sync-claim-2-aaaaaaaaaaaaaaaa': null,
      'sync-claim-4-bbbbbbbbbbbbbbbb': B,
    })
  })

  it('forgets attempts at a version that was never written, once there are many, and no other', () => {
    const attempts = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`sync-claim-4-${index}`, A]))
    const standing = { 'sync-claim-3-bbbbbbbbbbbbbbbb': B }
    const claim = { 'sync-claim-4-bbbbbbbbbbbbbbbb': B }
    expect(claimChanges({ ...standing, ...attempts(15) }, 3, { version: 4, digest: B })).toEqual(claim)
    const forgotten = Object.fromEntries(Object.keys(attempts(16)).map((key) => [key, null]))
    const changes = claimChanges({ ...standing, ...attempts(16) }, 3, { version: 4, digest: B })
    expect(changes).toEqual({ ...forgotten, ...claim })
    // Claims of the version that stands tell whose it is.
    expect(claimChanges(attempts(40), 4, { version: 4, digest: GONE })).toEqual({ 'sync-claim-4-gone': GONE })
  })

  /** Vault takes keys of 128 bytes, and values of 512. */
  it('fits into custom_metadata', () => {
    const changes = claimChanges({}, 0, { version: 999_999_999_999_999, digest: A })
    for (const [key, value] of Object.entries(changes)) expect([key.length, value?.length]).toEqual([43, 64])
  })
})
