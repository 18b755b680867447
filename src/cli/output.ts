/**
 * stdout and stderr that can be taken away: the reader of a pipe leaves (`plenum plan | head -1`), the disk of a log is
 * full. Work under way goes on all the same: an apply is not cut off, and a server does not end, because nobody reads
 * what it says.
 *
 * Data that could not be written is a failure. News that could not be written is not: there is nowhere left to say so.
 */
export interface Output {
  /** Sets the exit status of the process; 1 instead of 0 when data was lost. */
  finish(status: number): void
}

type Streams = Pick<NodeJS.Process, 'stdout' | 'stderr' | 'exitCode'>

export function watchOutput(process: Streams): Output {
  let lost = false
  process.stdout.on('error', (error) => {
    if (lost || isGone(error)) return
    lost = true
    process.stderr.write(`plenum: the output could not be written: ${error.message}\n`)
    if (process.exitCode === 0) process.exitCode = 1
  })
  process.stderr.on('error', () => undefined)
  return {
    finish(status) {
      process.exitCode = status === 0 && lost ? 1 : status
    },
  }
}

/** Whoever read has seen enough. */
function isGone(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE'
}
