import { describe, expect, it } from 'vitest'
import type { SecretIdInfo } from '../vault/index.ts'
import { stillServes } from './credentials.ts'

const info = (expiresAt: number | undefined): SecretIdInfo => ({
  accessor: 'a',
  createdAt: 0,
  expiresAt,
  usesLeft: 0,
  metadata: {},
})

describe('a secret-id', () => {
  it('that the role does not know is made anew', () => {
    expect(stillServes(undefined, 0)).toBe(false)
  })

  it('that never expires is kept', () => {
    expect(stillServes(info(undefined), Number.MAX_SAFE_INTEGER)).toBe(true)
  })

  it.each([
    [0, true],
    [799, true],
    [800, false],
    [1000, false],
    [1001, false],
  ])('of 1000 ms of life is at %i ms kept: %s', (now, kept) => {
    expect(stillServes(info(1000), now)).toBe(kept)
  })
})
