import { expect, it } from 'vitest'
import { watchTroubles } from './server-troubles.ts'

function plant() {
  const told: string[] = []
  const clock = { now: 0 }
  const troubles = watchTroubles({ fail: (message) => told.push(message) }, () => clock.now)
  return { told, clock, troubles }
}

it('keeps the first one and tells every text', () => {
  const { told, troubles } = plant()
  expect(troubles.first).toBeUndefined()
  const full = new Error('no space left')
  troubles.options.onInternalError?.(full)
  troubles.options.onAuditFailure?.(new Error('cannot write'), 'file/')
  expect(troubles.first).toBe(full)
  expect(told).toEqual([
    'internal error in the server: no space left',
    'the audit device file/ failed, requests that no other device records are refused: cannot write',
  ])
})

it('tells the same text once a minute', () => {
  const { told, clock, troubles } = plant()
  for (clock.now = 0; clock.now <= 120_000; clock.now += 1000) {
    troubles.options.onAuditFailure?.(new Error('cannot write'), 'file/')
  }
  expect(told).toHaveLength(3)
})
