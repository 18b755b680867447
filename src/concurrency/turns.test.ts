import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  it('keep work under one key apart, and work under others together', async () => {
    const turns = new Turns()
    const log: string[] = []
    const work = (name: string) => async () => {
      log.push(`${name} begins`)
      await later()
      log.push(`${name} ends`)
    }
    await Promise.all([turns.run('a', work('a1')), turns.run('a', work('a2')), turns.run('b', work('b1'))])
    expect(log.indexOf('a1 ends')).toBeLessThan(log.indexOf('a2 begins'))
    expect(log.indexOf('b1 begins')).toBeLessThan(log.indexOf('a1 ends'))
  })

  it('leave a failure with its caller', async () => {
    const turns = new Turns()
    const failing = turns.run('a', () => Promise.reject(new Error('mine')))
    const next = turns.run('a', () => 'fine')
    await expect(failing).rejects.toThrow('mine')
    expect(await next).toBe('fine')
  })
})
