/** What can stop a clean-up or its undoing as a whole, with stable codes. No message holds a value. */

export type FinishErrorCode =
  /** A file is no longer what the plan saw. Thrown by `FileAccess.replace`. */
  | 'finish-file-changed'
  /** The record has rows and no database was given. */
  | 'finish-no-database'
  /** Another record has this id. */
  | 'finish-undo-taken'
  /** There is no record of this id. */
  | 'finish-undo-unknown'
  /** The record in Vault is not whole, or of a form that this version does not know. */
  | 'finish-undo-broken'
  /** Somebody else carries this record out, or undoes it, at the same time. */
  | 'finish-busy'

export class FinishError extends Error {
  override readonly name = 'FinishError'
  readonly code: FinishErrorCode
  readonly hint: string | undefined

  constructor(
    code: FinishErrorCode,
    message: string,
    options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}
