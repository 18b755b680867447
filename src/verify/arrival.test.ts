import { describe, expect, it } from 'vitest'
import { compareDigests } from './arrival.ts'

describe('compareDigests', () => {
  it('is equal for the same fields', () => {
    expect(compareDigests({ host: 'a', port: 'b' }, { port: 'b', host: 'a' })).toEqual({ kind: 'equal' })
  })

  it('names what differs, what is missing and what is too much, in order', () => {
    expect(compareDigests({ password: 'a', host: 'b' }, { password: 'c', extra: 'd' })).toEqual({
      kind: 'different',
      fields: ['extra', 'host', 'password'],
    })
  })
})
