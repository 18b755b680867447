<<<<<<< HEAD
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Alarm } from './alarm.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const NEVER = new AbortController().signal

/** Whether it has ended, without a wait of the test's own. */
function watched(wait: Promise<void>): { readonly ended: () => Promise<boolean> } {
  let hasEnded = false
  void wait.finally(() => (hasEnded = true))
  return { ended: () => vi.advanceTimersByTimeAsync(0).then(() => hasEnded) }
}

describe('Alarm', () => {
  it('waits as long as it is told', async () => {
    const { ended } = watched(new Alarm().wait(1000, NEVER))
    await vi.advanceTimersByTimeAsync(999)
    expect(await ended()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await ended()).toBe(true)
  })

  it('ends at once when it rings, and leaves no timer behind', async () => {
    const alarm = new Alarm()
    const { ended } = watched(alarm.wait(60_000, NEVER))
    alarm.ring()
    expect(await ended()).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps what rang while nobody waited, until it is reset', async () => {
    const alarm = new Alarm()
    alarm.ring()
    expect(await watched(alarm.wait(60_000, NEVER)).ended()).toBe(true)
    alarm.reset()
    expect(await watched(alarm.wait(60_000, NEVER)).ended()).toBe(false)
    alarm.ring()
  })

  it('can wait and ring again after each reset', async () => {
    const alarm = new Alarm()
    for (let round = 0; round < 3; round += 1) {
      const { ended } = watched(alarm.wait(60_000, NEVER))
      expect(await ended()).toBe(false)
      alarm.ring()
      alarm.ring()
      expect(await ended()).toBe(true)
      alarm.reset()
    }
  })

  it('listens for the end no longer than it waits', async () => {
    const { signal } = new AbortController()
    const [listen, unlisten] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    const { ended } = watched(new Alarm().wait(1000, signal))
    await vi.advanceTimersByTimeAsync(1000)
    expect(await ended()).toBe(true)
    expect(unlisten.mock.calls).toEqual(listen.mock.calls)
    expect(listen).toHaveBeenCalledOnce()
  })

  it('ends when aborted, also before it began, and never rejects', async () => {
    const stop = new AbortController()
    const { ended } = watched(new Alarm().wait(60_000, stop.signal))
    stop.abort(new Error('stopped'))
    expect(await ended()).toBe(true)
    await expect(new Alarm().wait(60_000, stop.signal)).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
=======
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Alarm } from './alarm.ts'

const HOUR = 3_600_000
const never = new AbortController().signal

/** Whether it ends at once. */
function ends(waiting: Promise<void>): Promise<boolean> {
  return Promise.race([waiting.then(() => true), sleep(20).then(() => false)])
}

describe('an alarm', () => {
  it('ends a wait when it rings', async () => {
    const alarm = new Alarm()
    const waiting = alarm.wait(HOUR, never)
    alarm.ring()
    expect(await ends(waiting)).toBe(true)
  })

  it('ends the next wait, and no other, when it rang while nobody waited', async () => {
    const alarm = new Alarm()
    const stop = new AbortController()
    alarm.ring()
    alarm.ring()
    expect(await ends(alarm.wait(HOUR, never))).toBe(true)
    expect(await ends(alarm.wait(HOUR, stop.signal))).toBe(false)
    stop.abort()
  })

  it('forgets a ring that ended a wait', async () => {
    const alarm = new Alarm()
    const stop = new AbortController()
    const first = alarm.wait(HOUR, never)
    alarm.ring()
    await first
    expect(await ends(alarm.wait(HOUR, stop.signal))).toBe(false)
    stop.abort()
  })

  it('forgets on demand', async () => {
    const alarm = new Alarm()
    const stop = new AbortController()
    alarm.ring()
    alarm.reset()
    expect(await ends(alarm.wait(HOUR, stop.signal))).toBe(false)
    stop.abort()
  })

  it('ends when it is told to end, also before', async () => {
    const alarm = new Alarm()
    const stop = new AbortController()
    const waiting = alarm.wait(HOUR, stop.signal)
    stop.abort()
    expect(await ends(waiting)).toBe(true)
    expect(await ends(alarm.wait(HOUR, stop.signal))).toBe(true)
>>>>>>> a165e0f (wip3)
  })
})
