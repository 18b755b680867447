import { describe, expect, it } from 'vitest'
import type { Finding } from '../importers/found.ts'
import { News } from './news.ts'
import type { Outcome } from './outcome.ts'

const CONFLICT: Outcome = { kind: 'conflict', what: 'both-changed' }
const IN_STEP: Outcome = { kind: 'in-step' }

describe('News', () => {
  it.each<Outcome>([
    { kind: 'created', version: 1, project: 'p' },
    { kind: 'updated', version: 2, conflict: undefined },
    { kind: 'deleted', version: 2, conflict: undefined },
    { kind: 'recorded', conflict: undefined },
    { kind: 'described' },
    { kind: 'carried-back', version: 3, fields: ['host'] },
  ])('tells each change, every time: $kind', (change) => {
    const news = new News()
    expect([news.isNews('variable:x', change), news.isNews('variable:x', change)]).toEqual([true, true])
  })

  it.each<Outcome>([IN_STEP, { kind: 'nothing' }, { kind: 'raced' }])('never tells $kind', (quiet) => {
    expect(new News().isNews('variable:x', quiet)).toBe(false)
  })

  it('tells a trouble once for each object, until it is another one', () => {
    const news = new News()
    expect(news.isNews('variable:x', CONFLICT)).toBe(true)
    expect(news.isNews('variable:x', CONFLICT)).toBe(false)
    expect(news.isNews('variable:y', CONFLICT)).toBe(true)
    expect(news.isNews('variable:x', { kind: 'conflict', what: 'deleted-in-vault' })).toBe(true)
    expect(news.isNews('variable:x', { kind: 'failed', code: 'vault-denied', text: 'no' })).toBe(true)
    expect(news.isNews('variable:x', { kind: 'failed', code: 'vault-denied', text: 'no' })).toBe(false)
    expect(news.isNews('variable:x', { kind: 'left', why: 'kept' })).toBe(true)
    expect(news.isNews('variable:x', { kind: 'left', why: 'kept' })).toBe(false)
  })

  it.each<Outcome>([IN_STEP, { kind: 'updated', version: 3, conflict: undefined }])(
    'tells a trouble again that came back after $kind',
    (between) => {
      const news = new News()
      news.isNews('variable:x', CONFLICT)
      news.isNews('variable:x', between)
      expect(news.isNews('variable:x', CONFLICT)).toBe(true)
    },
  )

  it('tells findings that were not there the last time', () => {
    const news = new News()
    const one: Finding = { severity: 'error', code: 'a', where: 'row 1', id: 'x', text: 'lost', hint: undefined }
    const two: Finding = { ...one, where: 'row 2' }
    expect(news.newFindings([one])).toEqual([one])
    expect(news.newFindings([one, two])).toEqual([two])
    expect(news.newFindings([two])).toEqual([])
    expect(news.newFindings([one, two])).toEqual([one])
  })
})
