import { describe, expect, it } from 'vitest'
import { mapBounded, Pace } from './index.ts'
import { nextLimit } from './pace.ts'

const BOUNDS = { least: 4, most: 20 }

function answers(pace: Pace, ms: number, count: number = pace.limit): void {
  for (let one = 0; one < count; one += 1) pace.answered(ms)
}

describe('the pace', () => {
  it('grows while the way takes most of the time, up to its most', () => {
    const pace = new Pace(BOUNDS)
    const limits = [1, 2, 3, 4].map(() => {
      answers(pace, 31)
      return pace.limit
    })
    expect(limits).toEqual([8, 16, 20, 20])
  })

  it('changes after a whole round only', () => {
    const pace = new Pace(BOUNDS)
    answers(pace, 31, 3)
    expect(pace.limit).toBe(4)
    answers(pace, 31, 1)
    expect(pace.limit).toBe(8)
  })

  it('stays where the server is busy all the time, and goes back where it is far behind', () => {
    const pace = new Pace(BOUNDS)
    answers(pace, 30)
    answers(pace, 90)
    expect(pace.limit).toBe(8)
    answers(pace, 150)
    expect(pace.limit).toBe(6)
    answers(pace, 150)
    answers(pace, 150)
    expect(pace.limit).toBe(4)
  })

  it('stays at the least with a server that is near', () => {
    const pace = new Pace(BOUNDS)
    pace.answered(0)
    for (let round = 0; round < 10; round += 1) answers(pace, 12)
    expect(pace.limit).toBe(4)
  })

  it('takes a refusal once, halves, and asks for no more again', () => {
    const pace = new Pace(BOUNDS)
    answers(pace, 30)
    for (let one = 0; one < 8; one += 1) pace.refused()
    expect(pace.limit).toBe(4)
    for (let round = 0; round < 10; round += 1) answers(pace, 30)
    expect(pace.limit).toBe(4)
    pace.refused()
    expect(pace.limit).toBe(2)
  })

  it('never stops altogether', () => {
    const pace = new Pace({ least: 1, most: 1 })
    pace.refused()
    answers(pace, 1000)
    pace.refused()
    expect(pace.limit).toBe(1)
  })

  it.each([
    [8, 1.9, 16],
    [8, 2, 8],
    [8, 4, 8],
    [8, 4.1, 6],
    [16, 1, 20],
    [4, 100, 4],
    [8, Number.NaN, 8],
    [8, Number.POSITIVE_INFINITY, 6],
  ])('%d at once, stretched %d times: %d next', (limit, stretch, next) => {
    expect(nextLimit(limit, stretch, BOUNDS)).toBe(next)
  })
})

describe('mapBounded with a bound that changes', () => {
  it('starts more when it grows, ends some when it shrinks, and keeps the order', async () => {
    const bound = { limit: 1 }
    let running = 0
    const seen: number[] = []
    const results = await mapBounded(
      Array.from({ length: 40 }, (_, index) => index),
      bound,
      async (item) => {
        running += 1
        seen.push(running)
        await new Promise((resolve) => setTimeout(resolve, 1))
        running -= 1
        if (item === 3) bound.limit = 6
        if (item === 20) bound.limit = 2
        return item
      },
    )
    expect(results).toEqual(Array.from({ length: 40 }, (_, index) => index))
    expect(Math.max(...seen.slice(0, 4))).toBe(1)
    expect(Math.max(...seen)).toBe(6)
    expect(Math.max(...seen.slice(-8))).toBeLessThanOrEqual(2)
  })
})
