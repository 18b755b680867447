/**
 * HCL1 -> the neutral syntax tree, by recursive descent.
 *
 * Invariant: the answer is a whole tree or an `HclSyntaxError`; no other error, and never a part of a tree. This is the
 * subset that policies and the server's configuration use (vault-api 10.1): no expressions, no interpolation, no templates. As HCL1, it takes one
 * `=` before a value or a block, none after a labelled block (`path "a" = {` is an error), and an optional comma after
 * each entry.
 */
import { Scanner, type Token } from './scan.ts'
import { MAX_DEPTH, malformed, type SyntaxEntry, type SyntaxNode, type SyntaxObject } from './syntax.ts'

/** @throws {HclSyntaxError} */
export function parseHcl(source: string): SyntaxObject {
  const parser = new HclParser(source)
  return parser.document()
}

class HclParser {
  readonly #scanner: Scanner
  #token: Token
  #depth = 0

  constructor(source: string) {
    this.#scanner = new Scanner(source)
    this.#token = this.#scanner.next()
  }

  document(): SyntaxObject {
    const { at } = this.#token
    const entries: SyntaxEntry[] = []
    while (this.#token.kind !== 'end') {
      entries.push(this.#entry())
      this.#accept(',')
    }
    return { kind: 'object', entries, at }
  }

  #advance(): Token {
    const token = this.#token
    this.#token = this.#scanner.next()
    return token
  }

  #is(punctuation: string): boolean {
    return this.#token.kind === 'punctuation' && this.#token.text === punctuation
  }

  #accept(punctuation: string): boolean {
    const found = this.#is(punctuation)
    if (found) this.#advance()
    return found
  }

  #entry(): SyntaxEntry {
    const keys: Token[] = []
    while (this.#token.kind === 'identifier' || this.#token.kind === 'string') {
      if (keys.length === MAX_DEPTH) throw malformed('too many labels on one block', this.#token.at)
      keys.push(this.#advance())
    }
    const first = keys[0]
    if (first === undefined) throw malformed(`expected a key, found ${describe(this.#token)}`, this.#token.at)
    if (this.#is('=') && keys.length > 1) throw malformed('a labelled block takes no =', this.#token.at)
    if (this.#accept('=')) return { key: first.text, at: first.at, value: this.#value() }
    if (!this.#is('{')) throw malformed(`expected = or {, found ${describe(this.#token)}`, this.#token.at)
    const block = keys.slice(1).reduceRight<SyntaxNode>(nest, this.#object())
    return { key: first.text, at: first.at, value: block }
  }

  #value(): SyntaxNode {
    const { kind, text, at } = this.#token
    if (this.#is('{')) return this.#object()
    if (this.#is('[')) return this.#list()
    if (kind === 'string' || kind === 'heredoc') return this.#literal({ kind: 'string', value: text, at })
    if (kind === 'number') return this.#literal({ kind: 'number', text, at })
    if (kind === 'identifier' && (text === 'true' || text === 'false')) {
      return this.#literal({ kind: 'boolean', value: text === 'true', at })
    }
    throw malformed(`expected a value, found ${describe(this.#token)}; text needs quotes`, at)
  }

  #literal(node: SyntaxNode): SyntaxNode {
    this.#advance()
    return node
  }

  #object(): SyntaxObject {
    const { at } = this.#token
    this.#enter()
    const entries: SyntaxEntry[] = []
    while (!this.#accept('}')) {
      if (this.#token.kind === 'end') throw malformed('this { is not closed: add }', at)
      entries.push(this.#entry())
      this.#accept(',')
    }
    this.#depth -= 1
    return { kind: 'object', entries, at }
  }

  #list(): SyntaxNode {
    const { at } = this.#token
    this.#enter()
    const items: SyntaxNode[] = []
    while (!this.#accept(']')) {
      if (this.#token.kind === 'end') throw malformed('this [ is not closed: add ]', at)
      items.push(this.#value())
      if (!this.#accept(',') && !this.#is(']')) {
        throw malformed(`expected a comma or ], found ${describe(this.#token)}`, this.#token.at)
      }
    }
    this.#depth -= 1
    return { kind: 'list', items, at }
  }

  #enter(): void {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw malformed('nested too deep', this.#token.at)
    this.#advance()
  }
}

function nest(value: SyntaxNode, label: Token): SyntaxNode {
  return { kind: 'object', entries: [{ key: label.text, at: label.at, value }], at: label.at }
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'the end of the text'
  return token.kind === 'punctuation' ? token.text : `a${token.kind === 'identifier' ? 'n' : ''} ${token.kind}`
}
