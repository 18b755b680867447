/**
 * Progress of long work on stderr: a bar with rate and time left on a terminal, a line every few seconds elsewhere,
 * nothing at all for work that is done before anyone would look.
 */
export interface Progress {
  update(done: number, total: number): void
  /** Clears the bar. */
  end(): void
}

export interface ProgressOptions {
  readonly label: string
  readonly quiet: boolean
  /** Defaults to stderr. */
  readonly stream?: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>
  /** Unix milliseconds. */
  readonly now?: () => number
}

/** Work shorter than this shows nothing. */
const SILENT_MS = 500
const REDRAW_MS = 100
const LINE_MS = 5000
const BAR_WIDTH = 24
/** Numbers come before the bar on a narrow terminal. */
const NARROWEST_BAR = 4

export function startProgress({ label, quiet, stream = process.stderr, now = Date.now }: ProgressOptions): Progress {
  const started = now()
  let drawn = started + SILENT_MS - REDRAW_MS
  let shown = false

  return {
    update(done, total) {
      const time = now()
      if (quiet || time - started < SILENT_MS) return
      if (time - drawn < (stream.isTTY ? REDRAW_MS : LINE_MS)) return
      drawn = time
      const seconds = (time - started) / 1000
      if (stream.isTTY) {
        const room = (stream.columns ?? 80) - 1
        stream.write(`\r\u001b[2K${renderProgress(label, done, total, seconds, room).slice(0, room)}`)
        shown = true
      } else {
        stream.write(`${renderProgress(label, done, total, seconds)}\n`)
      }
    },
    end() {
      if (shown) stream.write('\r\u001b[2K')
      shown = false
    },
  }
}

/** `apply  [======------]  120/240  300/s  0:01 left`. The bar gives way so that all fits into `room` columns. */
export function renderProgress(
  label: string,
  done: number,
  total: number,
  seconds: number,
  room: number = Number.POSITIVE_INFINITY,
): string {
  const share = total === 0 ? 1 : done / total
  const rate = seconds === 0 ? 0 : done / seconds
  const left = rate === 0 ? undefined : Math.ceil((total - done) / rate)
  const time = left === undefined ? '' : `  ${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`
  const numbers = `${done}/${total}  ${rate.toFixed(0)}/s${time}`
  const width = Math.max(NARROWEST_BAR, Math.min(BAR_WIDTH, room - `${label}  []  ${numbers}`.length))
  const filled = Math.round(share * width)
  return `${label}  [${'='.repeat(filled)}${'-'.repeat(width - filled)}]  ${numbers}`
}
