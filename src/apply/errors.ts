/** What can keep a value from being put together, as one class with stable codes. No message holds a value. */

export type ApplyErrorCode =
  /** A `prompt` value is needed and there is nobody to ask. */
  | 'apply-no-prompt'
  /** The answer to a `prompt` was empty. */
  | 'apply-empty-answer'
  /** What a `vault` reference points at does not exist. */
  | 'apply-no-source'
  /** What a `vault` reference points at cannot stand in this field. */
  | 'apply-source-type'
  /** The plan names something that the hub given with it does not declare. */
  | 'apply-other-hub'
  /** What `generate` asks for cannot be made. */
  | 'apply-alphabet'

export class ApplyError extends Error {
  override readonly name = 'ApplyError'
  readonly code: ApplyErrorCode

  constructor(code: ApplyErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
