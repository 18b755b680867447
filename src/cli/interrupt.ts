/**
 * Ctrl-C and its siblings. The first signal asks politely: work under way ends at a safe point. The second one leaves
 * at once, which is safe too: every write is whole or not there.
 */
import { setMaxListeners } from 'node:events'
import { CommandError } from './failure.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** 128 + SIGINT, as shells count it. */
const STATUS_INTERRUPTED = 130

export interface Interruption {
  /** Aborts at the first signal, with a CommandError 'interrupted' as its reason. */
  readonly signal: AbortSignal
  /** Resolves at the first signal. */
  readonly arrived: Promise<void>
  /** Gives the signals back to whoever had them. */
  release(): void
}

/** `onHangup`: what SIGHUP asks of a server, to open its logs anew. Without it, SIGHUP ends like the others. */
export function watchInterruption(
  process: NodeJS.EventEmitter & { exit(status: number): never } = globalThis.process,
  onHangup?: () => void,
): Interruption {
  const controller = new AbortController()
  // Every request under way listens; the usual limit of ten is no sign of a leak here.
  setMaxListeners(0, controller.signal)
  let tell: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => {
    tell = resolve
  })
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(STATUS_INTERRUPTED)
    controller.abort(
      new CommandError('interrupted', 'interrupted', { hint: 'run it again: it goes on where it stopped' }),
    )
    tell()
  }
  const listeners = SIGNALS.map((name) => [name, name === 'SIGHUP' ? (onHangup ?? onSignal) : onSignal] as const)
  for (const [name, listener] of listeners) process.on(name, listener)
  return {
    signal: controller.signal,
    arrived,
    release() {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}

/** Runs work that can be interrupted; the signals are its own while it runs. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = watchInterruption()
  try {
    return await work(interruption.signal)
  } finally {
    interruption.release()
  }
}
