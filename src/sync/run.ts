/**
 * Pass after pass, until it is told to end. Whatever is unreachable is waited for, with longer and longer breaks; when it
 * is back, a full pass finds what happened meanwhile.
 *
 * Invariant: only what waiting may mend is waited for. A mistake in the call, or a bug, ends it.
 */
import type { Finding } from '../importers/found.ts'
import type { Outcome } from './outcome.ts'
import type { PassResult } from './pass.ts'
import { backoff, type Trouble, troubleOf } from './trouble.ts'

export type SyncEvent =
  /** News of an object: what was done, or what somebody has to look at. Not repeated while it stays so. */
  | { readonly kind: 'object'; readonly address: string; readonly outcome: Outcome }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'pass'; readonly result: PassResult; readonly durationMs: number }
  | { readonly kind: 'trouble'; readonly trouble: Trouble; readonly retryInMs: number }
  | { readonly kind: 'recovered'; readonly afterMs: number }

/** What the loop needs of `Passes`. */
export interface RunnablePasses {
  full(): Promise<PassResult>
  changes(withTroubles: boolean): Promise<PassResult>
}

export interface RunOptions {
  readonly passes: RunnablePasses
  /** Between two passes, in ms. */
  readonly intervalMs: number
  /** Between two looks at everything, in ms: what changed in Vault alone is seen then. */
  readonly fullEveryMs: number
  /** Until then, or until the database says that something changed. Never rejects. */
  readonly wait: (ms: number) => Promise<void>
  /** Milliseconds, only growing. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly onEvent: (event: SyncEvent) => void
  readonly signal: AbortSignal
}

/** Between two looks at what is in conflict or was refused, in ms: somebody may have settled it. */
const TROUBLES_EVERY_MS = 15_000

/** Resolves when `signal` aborts. @throws what is no trouble. */
export async function runSync(options: RunOptions): Promise<void> {
  const { passes, intervalMs, fullEveryMs, wait, now, random, onEvent, signal } = options
  let fullAt: number | undefined
  let troublesAt = now()
  let failures = 0
  let failedAt = 0
  while (!signal.aborted) {
    const began = now()
    const isFull = fullAt === undefined || began - fullAt >= fullEveryMs
    const withTroubles = began - troublesAt >= TROUBLES_EVERY_MS
    try {
      const result = isFull ? await passes.full() : await passes.changes(withTroubles)
      if (isFull) fullAt = began
      if (isFull || withTroubles) troublesAt = began
      if (failures > 0) onEvent({ kind: 'recovered', afterMs: now() - failedAt })
      failures = 0
      onEvent({ kind: 'pass', result, durationMs: now() - began })
      await wait(intervalMs)
    } catch (error) {
      if (signal.aborted) return
      const trouble = troubleOf(error)
      if (trouble === undefined) throw error
      if (failures === 0) failedAt = began
      const retryInMs = backoff(failures, intervalMs, random())
      failures += 1
      // What happened meanwhile in Vault is not known.
      fullAt = undefined
      onEvent({ kind: 'trouble', trouble, retryInMs })
      await wait(retryInMs)
    }
  }
}
