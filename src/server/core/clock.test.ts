import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSteadyClock } from './clock.ts'

const START = Date.parse('2026-01-02T03:04:05Z')
const HOUR = 3_600_000

interface World {
  readonly now: () => number
  /** Time passes, and the machine's clock is set by so much. */
  pass(ms: number, step?: number): void
  readonly wall: number
}

function world(): World {
  const state = { wall: START, elapsed: 12_345.6 }
  return {
    now: createSteadyClock(
      () => state.wall,
      () => state.elapsed,
    ),
    pass(ms, step = 0) {
      state.elapsed += ms
      state.wall += ms + step
    },
    get wall() {
      return state.wall
    },
  }
}

describe("the server's clock", () => {
  it('is the machine’s while that is left alone', () => {
    const { now, pass } = world()
    expect(now()).toBe(START)
    pass(1500)
    expect(now()).toBe(START + 1500)
  })

  it('goes on when the clock is set back, and comes back to it when that is undone', () => {
    const made = world()
    made.pass(1000, -HOUR)
    expect(made.now()).toBe(START + 1000)
    made.pass(1000)
    expect(made.now()).toBe(START + 2000)
    made.pass(1000, HOUR)
    expect([made.now(), made.wall]).toEqual([START + 3000, START + 3000])
  })

  it('follows a clock that is set forward', () => {
    const { now, pass } = world()
    pass(1000, 24 * HOUR)
    expect(now()).toBe(START + 1000 + 24 * HOUR)
    pass(1000, -24 * HOUR)
    expect(now()).toBe(START + 2000 + 24 * HOUR)
  })

  it('waits where the clock is set back by less than a second', () => {
    const { now, pass } = world()
    pass(100, -600)
    expect(now()).toBe(START)
    pass(400)
    expect(now()).toBe(START)
    pass(200)
    expect(now()).toBe(START + 100)
  })

  it('never runs back, and never slower than time passes, whatever is done to the clock', () => {
    const step = fc.oneof(fc.constant(0), fc.integer({ min: -400 * 24 * HOUR, max: 400 * 24 * HOUR }))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 10 * HOUR }), step), { maxLength: 30 }), (changes) => {
        const { now, pass } = world()
        let before = now()
        let owed = 0
        for (const [ms, by] of changes) {
          pass(ms, by)
          const after = now()
          expect(after).toBeGreaterThanOrEqual(before)
          // A small step is waited for, once.
          owed += ms - (Math.abs(by) < 1000 ? Math.abs(by) : 1)
          expect(after - START).toBeGreaterThanOrEqual(owed)
          before = after
        }
      }),
    )
  })
})
