import { describe, expect, it } from 'vitest'
import { type BatchDevice, createBatchSink } from './batch-sink.ts'
import { AuditWriteError } from './line-sink.ts'

/** Each delivery waits until it is let go on, well or not. */
function device() {
  const deliveries: { readonly lines: readonly string[]; finish(error?: Error): void }[] = []
  const calls: string[] = []
  const to: BatchDevice = {
    name: 'it',
    send: (lines) =>
      new Promise((resolve, reject) => {
        deliveries.push({ lines, finish: (error) => (error === undefined ? resolve() : reject(error)) })
      }),
    reopen: () => void calls.push('reopen'),
    close: () => void calls.push('close'),
  }
  return { to, deliveries, calls }
}

const turn = () => new Promise(setImmediate)

describe('a batch sink', () => {
  it('gathers lines while a delivery is under way, and keeps their order', async () => {
    const { to, deliveries } = device()
    const sink = createBatchSink(to)
    const first = [sink.write('a\n'), sink.write('b\n')]
    await turn()
    const second = [sink.write('c\n'), sink.write('d\n')]
    await turn()
    expect(deliveries.map(({ lines }) => lines)).toEqual([['a\n', 'b\n']])
    deliveries[0]?.finish()
    await Promise.all(first)
    expect(deliveries.map(({ lines }) => lines)).toEqual([
      ['a\n', 'b\n'],
      ['c\n', 'd\n'],
    ])
    deliveries[1]?.finish()
    await Promise.all(second)
  })

  it('S44: rejects every line of a delivery that failed, and none of the next', async () => {
    const { to, deliveries } = device()
    const sink = createBatchSink(to)
    const failing = Promise.allSettled([sink.write('a\n'), sink.write('b\n')])
    await turn()
    const next = sink.write('c\n')
    deliveries[0]?.finish(new Error('gone'))
    const outcomes = await failing
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'audit-write', message: 'cannot write it: gone' },
      })
    }
    deliveries[1]?.finish()
    await next
  })

  it('delivers what waits when it closes, and takes nothing after', async () => {
    const { to, deliveries, calls } = device()
    const sink = createBatchSink(to)
    const write = sink.write('a\n')
    sink.close()
    sink.close()
    sink.reopen()
    await expect(sink.write('b\n')).rejects.toBeInstanceOf(AuditWriteError)
    await turn()
    expect(calls).toEqual([])
    deliveries[0]?.finish()
    await write
    await turn()
    expect(calls).toEqual(['close'])
  })

  it('closes at once when nothing is under way', () => {
    const { to, calls } = device()
    const sink = createBatchSink(to)
    sink.reopen()
    sink.close()
    expect(calls).toEqual(['reopen', 'close'])
  })
})
