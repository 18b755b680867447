import { describe, expect, it } from 'vitest'
import type { Application, NotDone } from './application.ts'
import { applySummary, notDoneLines } from './apply-words.ts'
import { PLAIN } from './screen.ts'

const application = (done: Application['done'], rest: Partial<Application> = {}): Application => ({
  done,
  notDone: [],
  left: 0,
  milliseconds: 412,
  ...rest,
})
const failed: NotDone = {
  action: 'update',
  address: 'connection:x',
  status: 'failed',
  text: '403 permission denied',
  hint: 'use another token',
}

describe('the sum of an application', () => {
  it('says so when there was nothing to do', () => {
    expect(applySummary(application([]))).toBe('no changes')
  })

  it('counts kinds when everything was created', () => {
    const done = ['mount:secret', 'policy:a', 'policy:b', 'connection:x'].map((address) => ({
      action: 'create' as const,
      address,
    }))
    expect(applySummary(application(done))).toBe('4 of 4 created: 1 mount, 2 policies, 1 connection (0.4 s)')
  })

  it('counts actions when they are mixed', () => {
    const done = [
      { action: 'create' as const, address: 'variable:a' },
      { action: 'update' as const, address: 'variable:b' },
      { action: 'delete' as const, address: 'variable:c' },
    ]
    expect(applySummary(application(done, { notDone: [failed], left: 1 }))).toBe(
      '3 of 5 applied: 1 created, 1 changed, 1 deleted (0.4 s)',
    )
  })

  it('does not hide that nothing worked', () => {
    expect(applySummary(application([], { notDone: [failed] }))).toBe('0 of 1 applied (0.4 s)')
  })
})

it('what was not done says why and what to do', () => {
  expect(
    notDoneLines([failed, { ...failed, status: 'drifted', hint: undefined, text: 'changed meanwhile' }], PLAIN),
  ).toEqual([
    'x connection  x  403 permission denied',
    `${' '.repeat(17)}use another token`,
    '! connection  x  changed meanwhile',
  ])
})
