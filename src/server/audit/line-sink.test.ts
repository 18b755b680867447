import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuditWriteError, createLineSink, type LineDevice } from './line-sink.ts'

type Held = ReturnType<LineDevice['begin']>

/** Holds what it took. `room` bytes fit, then it fails as a full disk does; `most` bytes at a time. */
function device(): LineDevice & {
  text: string
  room: number
  most: number
  calls: number
  closed: number
  held: Held
} {
  return {
    name: 'the audit log /x',
    text: '',
    room: Number.POSITIVE_INFINITY,
    most: Number.POSITIVE_INFINITY,
    calls: 0,
    closed: 0,
    held: 'same',
    begin() {
      const { held } = this
      this.held = 'same'
      return held
    },
    reopen: () => undefined,
    take(bytes, offset) {
      this.calls += 1
      if (this.room <= 0) throw new Error('ENOSPC: no space left on device, write')
      const taken = Math.min(bytes.length - offset, this.room, this.most)
      this.room -= taken
      this.text += Buffer.from(bytes.subarray(offset, offset + taken)).toString()
      return taken
    },
    close() {
      this.closed += 1
    },
  }
}

const outcomes = (writes: readonly Promise<void>[]) =>
  Promise.all(
    writes.map((write) =>
      write.then(
        () => 'stored',
        (error: unknown) => (error instanceof AuditWriteError ? error.message : String(error)),
      ),
    ),
  )

describe('a line sink', () => {
  it('writes the lines of one turn together, in order', async () => {
    const to = device()
    const sink = createLineSink(to)
    const writes = ['a\n', 'b\n', 'c\n'].map((line) => sink.write(line))
    expect(to.text).toBe('')
    expect(await outcomes(writes)).toEqual(['stored', 'stored', 'stored'])
    expect([to.text, to.calls]).toEqual(['a\nb\nc\n', 1])
    await sink.write('d\n')
    expect([to.text, to.calls]).toEqual(['a\nb\nc\nd\n', 2])
  })

  it('goes on where the device stopped', async () => {
    const to = device()
    to.most = 1
    const sink = createLineSink(to)
    await Promise.all([sink.write('ab\n'), sink.write('é\n')])
    expect(to.calls).toBe(6)
    expect(to.text.startsWith('ab\n')).toBe(true)
  })

  it('S44: rejects every line of a turn that failed midway', async () => {
    const to = device()
    to.room = 4
    const sink = createLineSink(to)
    const failed = 'cannot write the audit log /x: ENOSPC: no space left on device, write'
    expect(await outcomes([sink.write('a\n'), sink.write('bcd\n'), sink.write('e\n')])).toEqual([
      failed,
      failed,
      failed,
    ])
    to.room = 100
    await sink.write('f\n')
    expect(to.text).toBe('a\nbc\nf\n')
  })

  it('rejects when the device takes nothing, rather than to try for ever', async () => {
    const sink = createLineSink({ ...device(), name: 'it', take: () => 0 })
    expect(await outcomes([sink.write('a\n')])).toEqual(['cannot write it: it takes no more'])
  })

  it('begins a line of its own after what an earlier process left', async () => {
    const to = device()
    to.held = 'torn'
    const sink = createLineSink(to)
    await sink.write('a\n')
    await sink.write('b\n')
    expect(to.text).toBe('\na\nb\n')
  })

  it('begins afresh in a file that took the place of one that ends within a line', async () => {
    const to = device()
    to.room = 1
    const sink = createLineSink(to)
    await outcomes([sink.write('abc\n')])
    to.held = 'whole'
    to.room = 100
    to.text = ''
    await sink.write('d\n')
    expect(to.text).toBe('d\n')
  })

  it('S44: rejects what cannot be opened, and takes lines once it can', async () => {
    const to = device()
    const begin = to.begin
    to.begin = () => {
      throw new Error('EACCES')
    }
    const sink = createLineSink(to)
    expect(await outcomes([sink.write('a\n')])).toEqual(['cannot write the audit log /x: EACCES'])
    to.begin = begin
    expect(await outcomes([sink.write('b\n')])).toEqual(['stored'])
    expect(to.text).toBe('b\n')
  })

  it('never mixes a stored line with the rest of another, wherever the disk fills up', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 }).map((text) => `${text}\n`)
    const turns = fc.array(fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 4 }), room: fc.nat(12) }), {
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(turns, async (turns) => {
        const to = device()
        const sink = createLineSink(to)
        const stored: string[] = []
        for (const { lines, room } of turns) {
          to.room = room
          const results = await outcomes(lines.map((one) => sink.write(one)))
          stored.push(...lines.filter((_, index) => results[index] === 'stored'))
        }
        const found = to.text.split('\n').map((text) => `${text}\n`)
        for (const one of stored) expect(found.indexOf(one)).not.toBe(-1)
      }),
    )
  })

  it('writes what waits when it closes, and nothing after', async () => {
    const to = device()
    const sink = createLineSink(to)
    const write = sink.write('a\n')
    sink.close()
    sink.close()
    await write
    expect([to.text, to.closed]).toEqual(['a\n', 1])
    expect(await outcomes([sink.write('b\n')])).toEqual(['cannot write the audit log /x: it is closed'])
    expect(to.text).toBe('a\n')
  })
})
