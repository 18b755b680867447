import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../sensitive/index.ts'
import { Findings } from './messages.ts'
import { explainIssues } from './explain.ts'
import { WRITTEN_HUB } from './schema.ts'
import { readValue } from './value.ts'

const scalar = fc.constantFrom<Json>('a', 'NAME', '', 5, 9, true, null, 'hex', 'abcdefghijk')
const inner = fc.oneof(
  scalar,
  fc.dictionary(fc.constantFrom('length', 'alphabet', 'path', 'field', 'x'), scalar, { maxKeys: 3 }),
)
const value: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('env', 'file', 'generate', 'prompt', 'vault', 'literal', 'external', 'other'), inner, {
    maxKeys: 2,
  }),
)

function hubWith(connection: Json): Json {
  return {
    version: 1,
    hub: 'h',
    airflow: { version: '3.3', provider: '4.8' },
    projects: { p: { connections: { c: connection } } },
  }
}

/** What the schema says, and whether something was said about it in words. */
function judged(connection: Json): { readonly right: boolean; readonly explained: boolean } {
  const plain = hubWith(connection)
  const result = WRITTEN_HUB.safeParse(plain)
  const findings = new Findings(() => ({ file: 'f', line: 1, column: 1 }))
  explainIssues(result.error?.issues ?? [], plain, findings)
  return { right: result.success, explained: findings.errors.length > 0 }
}

describe('the schema and the reader of values', () => {
  it('agree on every text', () => {
    fc.assert(
      fc.property(value, (raw) => {
        const reading = readValue(raw, 'text', '/')
        const right = reading.kind === 'reference' || (reading.kind === 'literal' && typeof raw === 'string')
        expect(judged({ conn_type: 'x', login: raw })).toEqual({ right, explained: !right })
      }),
      { numRuns: 500 },
    )
  })

  it('agree on every password', () => {
    fc.assert(
      fc.property(value, (raw) => {
        const right = readValue(raw, 'text', '/').kind === 'reference'
        expect(judged({ conn_type: 'x', password: raw })).toEqual({ right, explained: !right })
      }),
      { numRuns: 500 },
    )
  })

  it('agree on every port', () => {
    fc.assert(
      fc.property(value, (raw) => {
        const reading = readValue(raw, 'port', '/')
        const right = reading.kind === 'reference' || (reading.kind === 'literal' && typeof raw === 'number')
        expect(judged({ conn_type: 'x', port: raw })).toEqual({ right, explained: !right })
      }),
      { numRuns: 500 },
    )
  })

  it('leave nothing unexplained, whatever a connection is', () => {
    const anything = fc.oneof(
      value,
      fc.dictionary(fc.constantFrom('conn_type', 'external', 'extra', 'port', 'host', 'x'), value),
    )
    fc.assert(
      fc.property(anything, (raw) => {
        const { right, explained } = judged(raw)
        expect(explained).toBe(!right)
      }),
      { numRuns: 500 },
    )
  })
})
