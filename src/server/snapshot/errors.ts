/** What a snapshot is refused for. Every text says what to do. */
export type SnapshotErrorCode =
  /** Cut off, altered, or no snapshot at all. */
  | 'snapshot-damaged'
  /** Sound as far as it goes, but of another kind of store. */
  | 'snapshot-foreign'
  /** A later Plenum wrote it. */
  | 'snapshot-version'
  | 'snapshot-too-large'
  /** Other unseal keys open it, or somebody made it without them. */
  | 'snapshot-other-seal'

export class SnapshotError extends Error {
  readonly code: SnapshotErrorCode

  constructor(code: SnapshotErrorCode, text: string, options?: { readonly cause?: unknown }) {
    super(text, options)
    this.code = code
  }
}

export function damaged(what: string, cause?: unknown): SnapshotError {
  const text = `the snapshot is damaged or none: ${what}; nothing was changed; take another copy of the file`
  return new SnapshotError('snapshot-damaged', text, cause === undefined ? undefined : { cause })
}
