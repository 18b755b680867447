/**
 * HCL1 and its JSON form -> one syntax tree with positions. Policies and the server's configuration are read through it;
 * it knows the keys of neither.
 */
import { parseHcl } from './hcl.ts'
import { isJsonForm, parseJsonForm } from './json-form.ts'
import type { SyntaxObject } from './syntax.ts'

/** The form is told by the first character. @throws {HclSyntaxError} */
export function parseSyntax(source: string): SyntaxObject {
  return isJsonForm(source) ? parseJsonForm(source) : parseHcl(source)
}

export {
  HclSyntaxError,
  MAX_DEPTH,
  type Position,
  type SyntaxEntry,
  type SyntaxNode,
  type SyntaxObject,
} from './syntax.ts'
