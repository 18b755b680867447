/**
 * What keeps sync from working for a while: a database or a Vault that is not there. It waits and comes back; nothing is
 * lost meanwhile, because what is to be done is found by comparing, not by following events.
 */
import { ImportError } from '../importers/found.ts'
import { VaultError, type VaultErrorCode } from '../vault/index.ts'

export interface Trouble {
  readonly side: 'database' | 'vault'
  readonly code: string
  readonly text: string
  readonly hint: string | undefined
}

/** Refusals of one object. All else concerns the whole Vault. */
const OF_ONE_OBJECT: ReadonlySet<VaultErrorCode> = new Set(['vault-denied', 'vault-bad-request', 'vault-too-large'])

export function isOutage({ code }: VaultError): boolean {
  return !OF_ONE_OBJECT.has(code)
}

/** Undefined for what waiting does not mend: a bug, an interruption. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof VaultError) return { side: 'vault', code: error.code, text: error.message, hint: undefined }
  if (error instanceof ImportError) {
    return { side: 'database', code: error.code, text: error.message, hint: error.hint }
  }
  return undefined
}

/** The longest wait between two attempts, in ms. */
const LONGEST_MS = 60_000

/**
 * Twice as long after each failure, and between half and all of it, so that instances that failed together do not come
 * back together. `random` is in [0, 1).
 */
export function backoff(failures: number, intervalMs: number, random: number): number {
  const longest = Math.min(LONGEST_MS, Math.max(intervalMs, 250) * 2 ** Math.min(failures, 16))
  return Math.round(longest / 2 + (longest / 2) * random)
}
