import { expect, it } from 'vitest'
import { watchTroubles } from './server-troubles.ts'

function plant() {
  const told: string[] = []
  const clock = { now: 0 }
  const screen = { fail: (message: string) => told.push(message), warn: (message: string) => told.push(message) }
  return { told, clock, troubles: watchTroubles(screen, () => clock.now) }
}

const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })

it('keeps the first one and tells every text', () => {
  const { told, troubles } = plant()
  expect(troubles.first).toBeUndefined()
  troubles.report({ kind: 'unsealed' })
  troubles.report({ kind: 'internal-error', error: full, requestId: 'r' })
  troubles.report({ kind: 'audit-failed', path: 'file/', error: full })
  troubles.report({ kind: 'audit-notice', severity: 'warn', text: 'little room' })
  troubles.report({ kind: 'audit-notice', severity: 'info', text: 'room again' })
  expect(troubles.first).toBe(full)
  expect(told).toEqual([
    'internal error: no space left',
    'the audit device file/ takes no entries, requests that no other one records are refused: no space left',
    'little room',
  ])
})

it('tells the same text once a minute', () => {
  const { told, clock, troubles } = plant()
  for (clock.now = 0; clock.now <= 120_000; clock.now += 1000) {
    troubles.report({ kind: 'audit-failed', path: 'file/', error: full })
  }
  expect(told).toHaveLength(3)
})
