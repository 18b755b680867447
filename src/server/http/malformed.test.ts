import { expect, it } from 'vitest'
import type { MalformedRequest } from '../core/index.ts'
import { tellingSome } from './malformed.ts'

it('tells twenty at once and then one a second, with the count of the others', () => {
  const told: MalformedRequest[] = []
  const clock = { now: 0 }
  const note = tellingSome(
    (request) => told.push(request),
    () => clock.now,
  )
  const request = { flaw: 'path', status: 400, code: '', address: '127.0.0.1' } as const
  for (let sent = 0; sent < 1000; sent += 1) note(request)
  expect(told).toHaveLength(20)
  expect(told.every(({ untold }) => untold === 0)).toBe(true)
  clock.now = 1000
  note({ ...request, flaw: 'body', status: 413 })
  expect(told.slice(20)).toEqual([{ ...request, flaw: 'body', status: 413, untold: 980 }])
  note(request)
  expect(told).toHaveLength(21)
  clock.now = 60_000
  note(request)
  note(request)
  expect(told.slice(21).map(({ untold }) => untold)).toEqual([1, 0])
})
