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
  })
})
