/**
 * What the barrier refuses. Texts name paths, never values or keys.
 */
export type BarrierErrorCode =
  /** There are no keys in memory: unseal first. */
  | 'barrier-sealed'
  /** The keyring does not open with this root key. */
  | 'barrier-wrong-key'
  /** What is stored is not what the barrier wrote there. */
  | 'barrier-corrupt'
  /** The keyring was written by a later Plenum. */
  | 'barrier-version'
  /** The active key has no encryptions left, and no new term could be stored. */
  | 'barrier-exhausted'

export class BarrierError extends Error {
  readonly code: BarrierErrorCode

  constructor(code: BarrierErrorCode, text: string, options?: { readonly cause?: unknown }) {
    super(text, options)
    this.code = code
  }
}

/** A stored entry that cannot be trusted. `why` says what is wrong with it. */
export function corrupt(path: string, why: string): BarrierError {
  const what = `the stored entry ${JSON.stringify(path)} ${why}`
  return new BarrierError(
    'barrier-corrupt',
    `${what}: it was altered, moved or damaged; restore the store from a backup`,
  )
}
