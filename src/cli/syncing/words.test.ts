import { describe, expect, it } from 'vitest'
import { type ConflictWhat, type LeftWhy, type Outcome, OUTCOME_KINDS, type SyncEvent } from '../../sync/index.ts'
import { countWords, eventJson, objectLine, seconds } from './words.ts'

const plain = (text: string): string => text
const PAINT = { good: plain, bad: plain, warn: plain, dim: plain, bold: plain }
const line = (outcome: Outcome, address = 'variable:symbols'): string => objectLine(address, outcome, PAINT)

const WHATS: readonly ConflictWhat[] = ['both-changed', 'never-in-step', 'deleted-in-vault', 'deleted-in-airflow']
const WHYS: readonly (LeftWhy | 'secret-in-vault')[] = [
  'vault-ahead',
  'deleted-in-vault',
  'kept',
  'declared',
  'other-hub',
  'secret-in-vault',
]

describe('a line', () => {
  it.each<[Outcome, string]>([
    [
      { kind: 'created', version: 1, project: 'trading' },
      '  + variable    symbols  created, version 1, project trading',
    ],
    [{ kind: 'updated', version: 4, conflict: undefined }, '  ~ variable    symbols  version 4'],
    [
      { kind: 'updated', version: 4, conflict: 'both-changed' },
      '  ~ variable    symbols  version 4; Airflow wins (changed in Airflow and in Vault since they were last in step)',
    ],
    [
      { kind: 'deleted', version: 4, conflict: undefined },
      '  - variable    symbols  deleted (version 4 can be undeleted)',
    ],
    [
      { kind: 'recorded', conflict: 'never-in-step' },
      '  = variable    symbols  in step; Vault wins (Airflow and Vault have had two values since before sync)',
    ],
    [
      { kind: 'carried-back', version: 5, fields: ['host', 'port'] },
      '  < variable    symbols  version 5 of Vault brought back to Airflow: host, port',
    ],
    [{ kind: 'failed', code: 'vault-denied', text: 'permission denied' }, '  x variable    symbols  permission denied'],
  ])('of %o', (outcome, expected) => {
    expect(line(outcome)).toBe(expected)
  })

  it('names what an id with a colon is', () => {
    expect(line({ kind: 'described' }, 'connection:a:b')).toBe('  ~ connection  a:b  description or team changed')
  })

  it('tells every conflict and every reason from the others', () => {
    const conflicts = WHATS.map((what) => line({ kind: 'conflict', what }))
    const left = WHYS.map((why) => line({ kind: 'left', why }))
    expect(new Set([...conflicts, ...left]).size).toBe(WHATS.length + WHYS.length)
    for (const text of conflicts) expect(text).toMatch(/^ {2}! variable {4}symbols {2}conflict: \S/)
    for (const text of left) expect(text).toMatch(/^ {2}\. variable {4}symbols {2}\S/)
  })
})

describe('countWords', () => {
  const all = (...outcomes: readonly Outcome[]): (readonly [string, Outcome])[] =>
    outcomes.map((outcome, index) => [`variable:${index}`, outcome])

  it('counts objects, and takes what was only recorded as in step', () => {
    const created: Outcome = { kind: 'created', version: 1, project: 'p' }
    const outcomes = all({ kind: 'in-step' }, { kind: 'recorded', conflict: undefined }, created, { kind: 'nothing' })
    expect(countWords(outcomes)).toBe('3 objects: 2 in step, 1 created')
    expect(countWords(all({ kind: 'conflict', what: 'both-changed' }))).toBe('1 object: 1 in conflict')
    expect(countWords([])).toBe('0 objects')
  })

  it('has a word for every outcome', () => {
    const words = OUTCOME_KINDS.map((kind) => countWords([['variable:x', { kind } as Outcome]]))
    expect(words.join('\n')).not.toContain('undefined')
    // `recorded` counts as in step.
    expect(new Set(words).size).toBe(OUTCOME_KINDS.length - 1)
  })
})

describe('seconds', () => {
  it.each([
    [0, '0 ms'],
    [12.4, '12 ms'],
    [949, '949 ms'],
    [1000, '1.0 s'],
    [2000, '2.0 s'],
    [61_234, '61.2 s'],
  ])('%d ms are %s', (ms, expected) => {
    expect(seconds(ms)).toBe(expected)
  })
})

describe('eventJson', () => {
  it.each<[SyncEvent, object]>([
    [
      { kind: 'object', address: 'variable:x', outcome: { kind: 'in-step' } },
      { event: 'object', address: 'variable:x', outcome: { kind: 'in-step' } },
    ],
    [
      { kind: 'pass', result: { kind: 'full', looked: 3, findings: [] }, durationMs: 12 },
      { event: 'pass', kind: 'full', looked: 3, findings: 0, durationMs: 12 },
    ],
    [
      { kind: 'recovered', afterMs: 10 },
      { event: 'recovered', afterMs: 10 },
    ],
  ])('is one line that says when: %o', (event, expected) => {
    const text = eventJson(event, Date.UTC(2026, 0, 1))
    expect(text).not.toContain('\n')
    expect(JSON.parse(text)).toEqual({ at: '2026-01-01T00:00:00.000Z', ...expected })
  })
})
