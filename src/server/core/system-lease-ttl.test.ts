import { expect, it } from 'vitest'
import { SYSTEM_LEASE_TTL, systemLeaseTtl } from './lease-ttl.ts'

it.each([
  [{}, SYSTEM_LEASE_TTL],
  [{ max: 60 }, { default: 60, max: 60 }],
  [{ default: 60 }, { default: 60, max: SYSTEM_LEASE_TTL.max }],
  [{ default: 3_000_000 }, { default: 3_000_000, max: 3_000_000 }],
  [
    { default: 30, max: 60 },
    { default: 30, max: 60 },
  ],
])('%j', (said, expected) => {
  expect(systemLeaseTtl(said)).toEqual(expected)
})
