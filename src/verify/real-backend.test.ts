import { describe, expect, it } from 'vitest'
import { fingerprintKey } from '../sensitive/index.ts'
import type { LookupFinding } from './findings.ts'
import { compareReal, parseRealAnswer, realBackendInput } from './real-backend.ts'

const lookup = (id: string, outcome: LookupFinding['outcome']): LookupFinding => ({
  kind: 'connection',
  id,
  project: 'p',
  request: `secret/data/airflow/connections/${id}`,
  outcome,
})
const resolved = (digests: Record<string, string>): LookupFinding['outcome'] => ({
  kind: 'resolved',
  digests,
  warning: undefined,
})
const line = (record: object): string => `plenum-answer:${JSON.stringify(record)}`

describe('the answer of the real backend', () => {
  it('is read among whatever Airflow prints', () => {
    const answer = parseRealAnswer(
      [
        '[2026-01-31] {x.py} INFO - plugins',
        line({ kind: 'versions', airflow: '3.3.2', provider: '4.8.4' }),
        'noise plenum-answer:{}',
        line({ kind: 'connection', id: 'a', digests: { host: 'd1' } }),
        line({ kind: 'variable', id: 'a', digests: null }),
        line({ kind: 'variable', id: 'b', error: 'VaultError' }),
        'plenum-answer:not json',
      ].join('\n'),
    )
    expect(answer).toEqual({
      kind: 'answers',
      airflow: '3.3.2',
      provider: '4.8.4',
      outcomes: new Map([
        ['connection:a', { kind: 'found', digests: { host: 'd1' } }],
        ['variable:a', { kind: 'missing' }],
        ['variable:b', { kind: 'raised', error: 'VaultError' }],
      ]),
    })
  })

  it('is broken without versions, and when the program says so', () => {
    expect(parseRealAnswer('Traceback').kind).toBe('broken')
    expect(parseRealAnswer(line({ kind: 'broken', reason: "No module named 'airflow'" }))).toEqual({
      kind: 'broken',
      reason: "No module named 'airflow'",
    })
  })
})

describe('the comparison', () => {
  const differences = (
    outcome: LookupFinding['outcome'],
    real: Parameters<typeof compareReal>[1] extends ReadonlyMap<string, infer T> ? T | undefined : never,
  ) =>
    compareReal([lookup('a', outcome)], real === undefined ? new Map() : new Map([['connection:a', real]]))[0]
      ?.difference

  it('holds when every field has the same digest', () => {
    expect(
      differences(resolved({ host: '1', port: '2' }), { kind: 'found', digests: { port: '2', host: '1' } }),
    ).toBeUndefined()
  })

  it('names fields that differ, and those that only one has', () => {
    expect(differences(resolved({ host: '1', login: 'x' }), { kind: 'found', digests: { host: '2', port: '3' } })).toBe(
      'it gets another host, login, port',
    )
  })

  it('fails when the real backend gets nothing, raises or is silent', () => {
    expect(differences(resolved({}), { kind: 'missing' })).toBe('it gets nothing')
    expect(differences(resolved({}), { kind: 'raised', error: 'ValueError' })).toBe('it raises ValueError')
    expect(differences(resolved({}), undefined)).toBe('it gave no answer')
  })

  it('agrees on what neither gets, and tells when only the real one does', () => {
    expect(differences({ kind: 'denied' }, { kind: 'raised', error: 'Forbidden' })).toBeUndefined()
    expect(differences({ kind: 'lost', reason: 'x' }, { kind: 'found', digests: {} })).toBe(
      'it gets a value all the same',
    )
  })
})

it('the input names look-ups and holds the key, not the requests', () => {
  const input: unknown = JSON.parse(
    realBackendInput([lookup('a', { kind: 'denied' })], fingerprintKey(Buffer.alloc(32, 1))),
  )
  expect(input).toEqual({ key: '01'.repeat(32), lookups: [{ kind: 'connection', id: 'a' }] })
})
