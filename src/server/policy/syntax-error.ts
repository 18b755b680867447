import type { Position } from '../hcl/index.ts'

/**
 * The text is no policy. The message is what clients get after `failed to parse policy: ` (vault-api 3.3); the place is
 * in the fields, and in the message where Vault puts it there too.
 */
export class PolicySyntaxError extends Error {
  readonly code = 'policy-syntax'
  readonly line: number
  readonly column: number

  constructor(message: string, at: Position, options?: ErrorOptions) {
    super(message, options)
    this.line = at.line
    this.column = at.column
  }
}

/** Bytes of one policy text (vault-api 10.1). */
export const MAX_POLICY_BYTES = 1_048_576
