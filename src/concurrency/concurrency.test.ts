import { describe, expect, it } from 'vitest'
import { mapBounded } from './index.ts'

describe('mapBounded', () => {
  it('keeps the order and the bound', async () => {
    let running = 0
    let most = 0
    const results = await mapBounded([5, 1, 3, 2, 4], 2, async (ms) => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, ms))
      running -= 1
      return ms * 10
    })
    expect(results).toEqual([50, 10, 30, 20, 40])
    expect(most).toBe(2)
  })

  it('starts nothing new after a failure, waits for what runs, and throws the first error', async () => {
    const started: number[] = []
    const finished: number[] = []
    const run = mapBounded([0, 1, 2, 3], 2, async (item) => {
      started.push(item)
      await new Promise((resolve) => setTimeout(resolve, item === 0 ? 1 : 10))
      if (item === 0) throw new Error('first')
      finished.push(item)
    })
    await expect(run).rejects.toThrow('first')
    expect(started).toEqual([0, 1])
    expect(finished).toEqual([1])
  })

  it('takes an empty list', async () => {
    expect(await mapBounded([], 4, () => Promise.reject(new Error('never')))).toEqual([])
  })
})
