import { describe, expect, it, vi } from 'vitest'
import { writeUnread } from './unread.ts'

/** A stream that takes one text and then sleeps until it is woken. */
function sleeping() {
  const taken: string[] = []
  let wake: (() => void) | undefined
  return {
    taken,
    stream: {
      write(text: string, done: () => void) {
        taken.push(text)
        wake = done
      },
    },
    wake() {
      const now = wake
      wake = undefined
      now?.()
    },
  }
}

const lost = (count: number): string => `${count} lost\n`

describe('lines that nobody reads', () => {
  it('wait together, and go out in order', () => {
    const { taken, stream, wake } = sleeping()
    const lines = writeUnread(stream, { lost, exit: () => undefined })
    for (const line of ['1\n', '2\n', '3\n']) lines.write(line)
    expect(taken).toEqual(['1\n'])
    wake()
    expect(taken).toEqual(['1\n', '2\n3\n'])
    wake()
    lines.write('4\n')
    expect(taken).toEqual(['1\n', '2\n3\n', '4\n'])
  })

  it('are dropped when too much waits, and counted', () => {
    const { taken, stream, wake } = sleeping()
    const lines = writeUnread(stream, { lost, most: 4, exit: () => undefined })
    // The last one would have room: but what is missing is missing at one place.
    for (const line of ['1\n', '2\n', 'three\n', 'four\n', '5\n']) lines.write(line)
    wake()
    expect(taken).toEqual(['1\n', '2\n3 lost\n'])
    wake()
    lines.write('6\n')
    expect(taken.at(-1)).toBe('6\n')
  })

  it('do not keep the process: it ends when they are still stuck', async () => {
    const exit = vi.fn()
    const { stream, wake } = sleeping()
    const lines = writeUnread(stream, { lost, exit, patience: 5 })
    lines.write('1\n')
    lines.close()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(exit).toHaveBeenCalledOnce()

    const other = sleeping()
    const quick = writeUnread(other.stream, { lost, exit, patience: 5 })
    quick.write('1\n')
    quick.close()
    other.wake()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(exit).toHaveBeenCalledOnce()
    wake()
  })
})
