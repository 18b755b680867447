/** The neutral syntax tree: what HCL1 and its JSON form have in common, with positions. Nothing here knows a key. */

/** Both count from 1; a column is a UTF-16 code unit. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface SyntaxEntry {
  readonly key: string
  readonly at: Position
  readonly value: SyntaxNode
}

/**
 * An object keeps its entries in order and keeps repeated keys: two `path "a"` blocks are two rules. A labelled block
 * `path "a" { … }` is the object `path` that holds the object `a`, as in the JSON form.
 */
export type SyntaxNode =
  | { readonly kind: 'string'; readonly value: string; readonly at: Position }
  | { readonly kind: 'number'; readonly text: string; readonly at: Position }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: Position }
  | { readonly kind: 'null'; readonly at: Position }
  | { readonly kind: 'list'; readonly items: readonly SyntaxNode[]; readonly at: Position }
  | SyntaxObject

export interface SyntaxObject {
  readonly kind: 'object'
  readonly entries: readonly SyntaxEntry[]
  readonly at: Position
}

/** The text is neither HCL1 nor JSON. The place is in the fields, and in the message where Vault puts it there too. */
export class HclSyntaxError extends Error {
  readonly code = 'hcl-syntax'
  readonly line: number
  readonly column: number

  constructor(message: string, at: Position) {
    super(message)
    this.line = at.line
    this.column = at.column
  }
}

export function malformed(message: string, at: Position): HclSyntaxError {
  return new HclSyntaxError(`at ${at.line}:${at.column}: ${message}`, at)
}

/** Nesting of objects and lists. A real policy needs four. */
export const MAX_DEPTH = 100
