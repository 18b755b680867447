import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { watchInterruption } from './interrupt.ts'

class FakeProcess extends EventEmitter {
  status: number | undefined
  exit(status: number): never {
    this.status = status
    return undefined as never
  }
}

describe('an interruption', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('by %s aborts, and says how to go on', async (name) => {
    const process = new FakeProcess()
    const { signal, arrived } = watchInterruption(process)
    expect(signal.aborted).toBe(false)
    process.emit(name)
    await arrived
    expect(signal.reason).toMatchObject({ code: 'interrupted', hint: expect.stringContaining('run it again') })
    expect(process.status).toBeUndefined()
  })

  it('a second time ends the process at once', () => {
    const process = new FakeProcess()
    watchInterruption(process)
    process.emit('SIGINT')
    process.emit('SIGINT')
    expect(process.status).toBe(130)
  })

  it('leaves no listener behind', () => {
    const process = new FakeProcess()
    watchInterruption(process).release()
    expect(['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name))).toEqual([0, 0, 0])
  })
})
