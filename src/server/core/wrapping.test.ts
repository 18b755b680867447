import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogicalError } from '../logical/index.ts'
import { parseWrapTtl } from './wrapping.ts'

describe('X-Vault-Wrap-TTL', () => {
  it.each([
    ['', 0],
    ['0', 0],
    ['0s', 0],
    ['-0', 0],
    ['300', 300],
    ['5m', 300],
    ['1d', 86_400],
    ['500ms', 1],
    [' 60 ', 60],
  ])('%j is %d seconds', (header, seconds) => {
    expect(parseWrapTtl(header)).toBe(seconds)
  })

  it.each([
    ['planted', 'error parsing X-Vault-Wrap-TTL header: invalid duration'],
    ['99999999999', 'error parsing X-Vault-Wrap-TTL header: invalid duration'],
    ['-5', 'error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative'],
    ['-5m', 'error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative'],
  ])('%j is refused, without being repeated', (header, text) => {
    expect(() => parseWrapTtl(header)).toThrow(LogicalError)
    expect(() => parseWrapTtl(header)).toThrow(new RegExp(`^${text}$`))
  })

  it('S10, S34: is whole seconds that are not negative, or 400 without its text, whatever is sent', () => {
    const mark = 'Zq7'
    const headers = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('-', '+', ' ', '1', '60', 's', 'm', '.5', '99999999999'), { maxLength: 8 })
        .map((all) => all.join('')),
    )
    fc.assert(
      fc.property(headers, fc.boolean(), (text, marked) => {
        try {
          const seconds = parseWrapTtl(marked ? text + mark : text)
          expect(Number.isInteger(seconds) && seconds >= 0).toBe(true)
        } catch (error) {
          if (!(error instanceof LogicalError)) throw error
          expect([error.status, error.message.includes(mark)]).toEqual([400, false])
        }
      }),
      { numRuns: 1000 },
    )
  })
})
