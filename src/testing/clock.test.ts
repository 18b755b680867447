import { describe, expect, it } from 'vitest'
import { createClock } from './clock.ts'

function clockAt(start: number) {
  const system = { time: start }
  const moves: number[] = []
  const clock = createClock(
    () => system.time,
    async () => void moves.push(clock.now()),
  )
  return { clock, system, moves }
}

describe('the clock of a test', () => {
  it('runs with the system clock until it is moved', () => {
    const { clock, system } = clockAt(1000)
    system.time = 5000
    expect(clock.now()).toBe(5000)
  })

  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['90', 90_000],
    [250, 250],
    [0, 0],
  ])('advances by %j and then stands', async (by, ms) => {
    const { clock, system, moves } = clockAt(1000)
    await clock.advance(by)
    system.time = 99_000
    expect(clock.now()).toBe(1000 + ms)
    expect(moves).toEqual([1000 + ms])
  })

  it.each([
    [new Date(0), 0],
    [86_400_000, 86_400_000],
    ['2030-01-01T00:00:00Z', Date.UTC(2030, 0, 1)],
  ])('is set to %j, also back', async (to, time) => {
    const { clock } = clockAt(Date.UTC(2040, 0, 1))
    await clock.set(to)
    expect(clock.now()).toBe(time)
  })

  it('runs on from what it shows', async () => {
    const { clock, system } = clockAt(1000)
    await clock.advance('1h')
    clock.run()
    expect(clock.now()).toBe(3_601_000)
    system.time += 500
    expect(clock.now()).toBe(3_601_500)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 'soon', '', '-5s'])('does not advance by %j', async (by) => {
    const { clock, moves } = clockAt(1000)
    await expect(clock.advance(by)).rejects.toMatchObject({ code: 'testing-clock' })
    expect([clock.now(), moves]).toEqual([1000, []])
  })

  it.each([new Date(Number.NaN), Number.NaN, 'tomorrow', 9e15])('is not set to %j', async (to) => {
    const { clock, moves } = clockAt(1000)
    await expect(clock.set(to)).rejects.toMatchObject({ code: 'testing-clock' })
    expect([clock.now(), moves]).toEqual([1000, []])
  })
})
