import { expect, it } from 'vitest'
import { Patience } from './patience.ts'

it('takes so many at once, then so many a second, and never more than that at once again', () => {
  const patience = new Patience({ atOnce: 3, eachSecond: 2 }, 0)
  expect([0, 0, 0, 0].map((now) => patience.strike(now))).toEqual([true, true, true, false])
  expect([1000, 1000, 1000].map((now) => patience.strike(now))).toEqual([true, true, false])
  expect([1e9, 1e9, 1e9, 1e9].map((now) => patience.strike(now))).toEqual([true, true, true, false])
})

it('a clock that goes back gives nothing', () => {
  const patience = new Patience({ atOnce: 1, eachSecond: 1 }, 5000)
  expect([5000, 0, 500].map((now) => patience.strike(now))).toEqual([true, false, false])
})
