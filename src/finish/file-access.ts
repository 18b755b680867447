/** The disk, as this folder needs it. Whoever calls brings it. */

export interface FileAccess {
  /** Throws the system's error when it cannot be read. */
  read(path: string): Buffer
  /**
   * Puts `after` in the place of `before`, whole or not at all (a new file that is renamed over the old one), with the
   * old one's mode and owner. Throws FinishError 'finish-file-changed' when the file is not `before`, the system's
   * error when it cannot be written.
   */
  replace(path: string, before: Buffer, after: Buffer): void
}

/** The system refused: a missing file, no permission, no room. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error
}
