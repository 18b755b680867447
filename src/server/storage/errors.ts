/**
 * What can be wrong with a store on disk. Every text names the folder and says what to do.
 */
export type StoreErrorCode =
  /** The folder holds something else than a store. */
  | 'store-foreign'
  /** Written by a later Plenum. */
  | 'store-version'
  /** Another process has it open. */
  | 'store-locked'
  /** What is there is not what was written. */
  | 'store-corrupt'
  /** The system refuses to read or write. */
  | 'store-unreadable'
  | 'store-full'
  /** A snapshot took its place while something was under way. */
  | 'store-replaced'

export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, text: string, options?: { readonly cause?: unknown }) {
    super(text, options)
    this.code = code
  }
}

/** Used after `close`: a bug of the caller. */
export class StorageClosedError extends Error {
  readonly code = 'storage-closed'
  constructor() {
    super('the storage is closed')
  }
}

export function replaced(): StoreError {
  return new StoreError('store-replaced', 'the store was replaced or closed meanwhile: unseal the server and try again')
}

/** The system's error code (`ENOENT`), if it is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
