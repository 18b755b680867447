import { describe, expect, it } from 'vitest'
import { loadTokenVectors, type TokenVector } from '../token/vectors.case.ts'
import { effectiveLeaseTtl, type LeaseTtl } from './lease-ttl.ts'

function tunedOf(vector: TokenVector): { readonly tuned: LeaseTtl; readonly effective: LeaseTtl } {
  if (vector.kind !== 'mount') throw new Error(`no vector of a mount: ${vector.name}`)
  return vector
}

describe('effective lease TTLs of a mount (vault-api 11)', () => {
  it.each(loadTokenVectors('mount').vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const { tuned, effective } = tunedOf(vector)
    expect(effectiveLeaseTtl(tuned)).toEqual(effective)
  })
})
