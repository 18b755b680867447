import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { watchOutput } from './output.ts'

class PlantedStream extends EventEmitter {
  readonly written: string[] = []
  write(text: string): boolean {
    this.written.push(text)
    return true
  }
}

function plant() {
  const stdout = new PlantedStream()
  const stderr = new PlantedStream()
  const process = { stdout, stderr, exitCode: undefined as number | undefined }
  return { stdout, stderr, process, output: watchOutput(process as never) }
}

const failure = (code: string) => Object.assign(new Error(`${code}: planted`), { code })

it('a reader that leaves ends nothing and changes nothing', () => {
  const { stdout, stderr, process, output } = plant()
  stdout.emit('error', failure('EPIPE'))
  stderr.emit('error', failure('EPIPE'))
  output.finish(0)
  expect([process.exitCode, stderr.written]).toEqual([0, []])
})

it.each(['before', 'after'])('data that is lost %s the end is a failure, told once', (when) => {
  const { stdout, stderr, process, output } = plant()
  if (when === 'after') output.finish(0)
  for (let n = 0; n < 3; n += 1) stdout.emit('error', failure('ENOSPC'))
  if (when === 'before') output.finish(0)
  expect(process.exitCode).toBe(1)
  expect(stderr.written).toEqual(['plenum: the output could not be written: ENOSPC: planted\n'])
})

it('a status that says more than 1 is kept', () => {
  const { stdout, process, output } = plant()
  stdout.emit('error', failure('ENOSPC'))
  output.finish(3)
  expect(process.exitCode).toBe(3)
})
