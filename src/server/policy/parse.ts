/**
 * Policy text -> `Policy` (vault-api 10.1).
 *
 * Invariant: the answer is a whole policy or a `PolicySyntaxError`; never a part of a policy. The error's message is
 * what follows `failed to parse policy: ` for clients.
 *
 * Stricter than OpenBao where its HCL1 reader guesses: a key that stands twice in one rule is an error (it would keep
 * only one of the two), and a `path` without a path of its own is an error.
 */
import {
  HclSyntaxError,
  parseSyntax,
  type Position,
  type SyntaxEntry,
  type SyntaxNode,
  type SyntaxObject,
} from '../hcl/index.ts'
import { parsePattern, type PathPattern, PathPatternError } from './pattern.ts'
import type { PathRule, Policy } from './policy.ts'
import { parseRuleBody, quote, unknownKey } from './rule-body.ts'
import { MAX_POLICY_BYTES, PolicySyntaxError } from './syntax-error.ts'
import { parseTemplate, type PathTemplate, TemplateError } from './template.ts'

/** @throws {PolicySyntaxError} with line and column */
export function parsePolicy(name: string, source: string): Policy {
  const rules: PathRule[] = []
  const warnings: string[] = []
  for (const entry of parseDocument(source).entries) {
    if (entry.key === 'name') continue
    if (entry.key !== 'path') throw unknownKey('', entry)
    for (const { key, at, value } of entriesOf(entry.value, 'path needs a path and a block: path "secret/*" { … }')) {
      const path = parseRulePath(key, at)
      for (const block of blocksOf(value, `path ${quote(key)}: expected a block`)) {
        const { rule, ignored } = parseRuleBody(key, block)
        rules.push({ path, ...rule })
        warnings.push(
          ...ignored.map((what) => `path ${quote(key)}: ${what} is accepted but not enforced by this server`),
        )
      }
    }
  }
  return { name, rules, warnings }
}

/** Lower case without blanks around it: ` Root` is `root` (S3). Every comparison and every key uses this form. */
export function normalizePolicyName(name: string): string {
  return name.trim().toLowerCase()
}

function parseDocument(source: string): SyntaxObject {
  const start: Position = { line: 1, column: 1 }
  if (Buffer.byteLength(source) > MAX_POLICY_BYTES) {
    throw new PolicySyntaxError(`the policy is larger than ${MAX_POLICY_BYTES} bytes: split it`, start)
  }
  try {
    return parseSyntax(source)
  } catch (cause) {
    if (cause instanceof HclSyntaxError) throw new PolicySyntaxError(cause.message, cause, { cause })
    throw cause
  }
}

function parseRulePath(path: string, at: Position): PathPattern | PathTemplate {
  try {
    const template = parseTemplate(path)
    if (template === undefined) return parsePattern(path)
    // Values hold no wildcards and are never empty, so one sample shows whether any expansion is a legal pattern.
    parsePattern(template.parts.map((part) => ('literal' in part ? part.literal : 'x')).join(''))
    return template
  } catch (error) {
    if (error instanceof TemplateError) throw new PolicySyntaxError(error.message, at)
    if (error instanceof PathPatternError) throw new PolicySyntaxError(`path ${quote(path)}: ${error.message}`, at)
    throw error
  }
}

function entriesOf(node: SyntaxNode, message: string): readonly SyntaxEntry[] {
  return blocksOf(node, message).flatMap((block) => block.entries)
}

/** A block, or a list of blocks. */
function blocksOf(node: SyntaxNode, message: string): readonly SyntaxObject[] {
  const nodes = node.kind === 'list' ? node.items : [node]
  return nodes.map((block) => {
    if (block.kind !== 'object') throw new PolicySyntaxError(message, block.at)
    return block
  })
}
