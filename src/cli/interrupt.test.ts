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

  it('leaves SIGHUP to a server that opens its logs anew', () => {
    const process = new FakeProcess()
    let hangups = 0
    const { signal, release } = watchInterruption(process, () => {
      hangups += 1
    })
    process.emit('SIGHUP')
    process.emit('SIGHUP')
    expect([hangups, signal.aborted, process.status]).toEqual([2, false, undefined])
    process.emit('SIGTERM')
    expect(signal.aborted).toBe(true)
    release()
    expect(process.listenerCount('SIGHUP')).toBe(0)
  })

  it('leaves no listener behind', () => {
    const process = new FakeProcess()
    watchInterruption(process).release()
    expect(['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name))).toEqual([0, 0, 0])
  })
})
