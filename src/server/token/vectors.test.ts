import { describe, expect, it } from 'vitest'
import { shortDuration } from '../logical/duration.ts'
import { LogicalError } from '../logical/errors.ts'
import { signedDurationField } from '../logical/fields.ts'
import type { TokenEntry } from '../logical/logical.ts'
import { planRenewal } from './renewal.ts'
import { calculateTtl } from './ttl.ts'
import {
  loadTokenVectors,
  readTokenVectors,
  type RenewalVector,
  type TokenVector,
  type TtlVector,
} from './vectors.case.ts'

const SYSTEM = { default: 2_764_800, max: 2_764_800 }
/** Any time will do: what counts is what has passed since. */
const ISSUED = Date.parse('2026-01-02T03:04:05.670Z')

const TOKEN: TokenEntry = {
  id: 'h',
  type: 'service',
  accessor: 'a',
  parent: '',
  orphan: true,
  policies: ['default'],
  path: 'auth/token/create',
  meta: null,
  displayName: 'token',
  numUses: 0,
  creationTime: ISSUED,
  creationTtl: 600,
  expireTime: Number.MAX_SAFE_INTEGER,
  explicitMaxTtl: 0,
  period: 0,
  renewable: true,
  lastRenewal: null,
  boundCidrs: [],
  entityId: '',
  noDefaultPolicy: false,
  role: '',
}

/** What the code makes of a vector, in the shape of `wanted`. */
function found(vector: TokenVector): unknown {
  switch (vector.kind) {
    case 'ttl':
      return outcome(() => ttlOf(vector))
    case 'renewal':
      return outcome(() => renewalOf(vector))
    case 'duration':
      return outcome(() => ({ seconds: signedDurationField({ ttl: vector.value }, 'ttl') ?? null }))
    case 'printed':
      return shortDuration(vector.seconds)
    case 'mount':
      throw new Error('mounts are played in core/lease-ttl.test.ts')
  }
}

function wanted(vector: TokenVector): unknown {
  switch (vector.kind) {
    case 'ttl':
    case 'renewal':
      return vector.error === undefined ? { seconds: vector.seconds, warnings: vector.warnings } : vector.error
    case 'duration':
      return vector.refused === true
        ? 'Field validation failed: error converting input for field "ttl": expected a duration'
        : { seconds: vector.seconds }
    case 'printed':
      return vector.text
    case 'mount':
      return vector.effective
  }
}

function ttlOf({ given: { age = 0, ...given } }: TtlVector): unknown {
  const nothing = { increment: 0, backendTtl: 0, period: 0, backendMaxTtl: 0, explicitMaxTtl: 0, mount: SYSTEM }
  return calculateTtl({ ...nothing, ...given, issuedAt: ISSUED, now: ISSUED + age * 1000 })
}

function renewalOf({ token: { endless, ...token }, given }: RenewalVector): unknown {
  const { age, increment = 0, ...terms } = given
  const entry = { ...TOKEN, ...token, expireTime: endless === true ? null : TOKEN.expireTime }
  const now = ISSUED + age * 1000
  const renewal = planRenewal(entry, increment, { ttl: 0, maxTtl: 0, period: 0, mount: SYSTEM, ...terms }, now)
  expect(renewal.entry).toMatchObject({ expireTime: now + renewal.ttl * 1000, lastRenewal: now, creationTime: ISSUED })
  return { seconds: renewal.ttl, warnings: renewal.warnings }
}

function outcome(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    if (error instanceof LogicalError && error.code === 'invalid-request') return error.message
    throw error
  }
}

describe('the token vectors (vault-api 11)', () => {
  for (const name of ['ttl', 'renewal', 'duration']) {
    const { about, vectors } = loadTokenVectors(name)
    describe(`${name}: ${about}`, () => {
      it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) =>
        expect(found(vector)).toEqual(wanted(vector)),
      )
    })
  }

  it('cannot hold a key that nobody reads, nor no outcome', () => {
    const vector = { name: 'v', kind: 'ttl', given: {}, seconds: 1, warnings: [] }
    const read = (...vectors: unknown[]): unknown => readTokenVectors('x', JSON.stringify({ about: '', vectors }))
    expect(read(vector)).toMatchObject({ vectors: [vector] })
    expect(() => read({ ...vector, sconds: 1 })).toThrow('unknown key sconds')
    expect(() => read({ ...vector, given: { incremnt: 1 } })).toThrow('unknown key incremnt')
    expect(() => read({ ...vector, kind: 'other' })).toThrow('unknown kind')
    expect(() => read({ name: 'v', kind: 'ttl', given: {} })).toThrow('needs exactly one outcome')
    expect(() => read({ ...vector, error: 'x' })).toThrow('needs exactly one outcome')
  })
})
