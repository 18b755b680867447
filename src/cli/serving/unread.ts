/**
 * Lines to a stream that perhaps nobody reads: a pipe whose other end sleeps takes 64 KiB and no more.
 *
 * Invariant: whoever writes never waits, and what waits is bounded: then lines are dropped, and how many is said once
 * there is room again. The process ends all the same.
 */

export interface LineStream {
  /** As `Writable.write`. */
  write(text: string, done: (error?: Error | null) => void): unknown
}

export interface Lines {
  write(line: string): void
  /** What is stuck by then does not keep the process. */
  close(): void
}

export interface UnreadOptions {
  /** The line that says how many were dropped. */
  readonly lost: (count: number) => string
  /** Characters that may wait. Default 256 Ki. */
  readonly most?: number
  /** Ends the process, some time after `close`, when the stream is still stuck. */
  readonly exit: () => void
  /** In ms. Default 1000. */
  readonly patience?: number
}

export function writeUnread(
  stream: LineStream,
  { lost, most = 256 * 1024, exit, patience = 1000 }: UnreadOptions,
): Lines {
  let waiting = ''
  let dropped = 0
  let busy = false

  function send(text: string): void {
    busy = true
    // A reader that went away is no error: there is nowhere left to say so.
    stream.write(text, () => {
      busy = false
      const next = waiting + (dropped === 0 ? '' : lost(dropped))
      waiting = ''
      dropped = 0
      if (next !== '') send(next)
    })
  }

  return {
    write(line) {
      if (!busy) send(line)
      else if (dropped === 0 && waiting.length + line.length <= most) waiting += line
      else dropped += 1
    },
    close() {
      if (busy)
        setTimeout(() => {
          if (busy) exit()
        }, patience).unref()
    },
  }
}
