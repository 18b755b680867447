/**
 * Words of `ENV` and `ARG` as BuildKit reads them: quotes and escapes go, `$NAME` and `${NAME:-default}` are put in. Pure.
 */

export type DockerWord =
  | { readonly kind: 'text'; readonly text: string }
  /** These variables are known to a build alone. */
  | { readonly kind: 'unknown'; readonly names: readonly string[] }
  | { readonly kind: 'malformed'; readonly text: string }

/** Undefined: declared, and known to a build alone; no entry: of the base image, or nowhere. */
type Variables = ReadonlyMap<string, string | undefined>

/** Split at blanks outside of quotes; quotes and escapes stay. */
export function dockerWords(text: string, escape: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at)
    if (sign === escape && quote !== "'" && at + 1 < text.length) {
      word += sign + text.charAt(at + 1)
      at += 1
    } else if (quote === '' && /\s/.test(sign)) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      if (sign === quote) quote = ''
      else if (quote === '' && /["']/.test(sign)) quote = sign
      word += sign
    }
  }
  return word === '' ? words : [...words, word]
}

export function dockerWord(word: string, escape: string, variables: Variables): DockerWord {
  const expander = new Expander(word, escape, variables)
  try {
    const text = expander.expand('')
    return expander.unknown.length === 0
      ? { kind: 'text', text }
      : { kind: 'unknown', names: [...new Set(expander.unknown)] }
  } catch (error) {
    if (error instanceof WordProblem) return { kind: 'malformed', text: error.message }
    throw error
  }
}

/** Leaves the recursion; never leaves this file. */
class WordProblem extends Error {}

const DEEPEST = 50
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy
/** What a shell has of its own; BuildKit has nothing for it. */
const SPECIAL = /\p{Nd}+|[@*#?$!-]/uy

class Expander {
  readonly unknown: string[] = []
  readonly #word: string
  readonly #escape: string
  readonly #variables: Variables
  #at = 0
  #depth = 0

  constructor(word: string, escape: string, variables: Variables) {
    this.#word = word
    this.#escape = escape
    this.#variables = variables
  }

  /** Up to the sign `end`, which is taken too; '' for the end of the word. */
  expand(end: string): string {
    let text = ''
    for (;;) {
      const sign = this.#word.charAt(this.#at)
      if (sign === '') {
        if (end === '') return text
        throw new WordProblem('a ${ is never closed in it')
      }
      this.#at += 1
      if (sign === end) return text
      if (sign === "'") text += this.#single()
      else if (sign === '"') text += this.#double()
      else if (sign === '$') text += this.#dollar()
      else if (sign === this.#escape) text += this.#next()
      else text += sign
    }
  }

  #next(): string {
    this.#at += 1
    return this.#word.charAt(this.#at - 1)
  }

  #single(): string {
    const end = this.#word.indexOf("'", this.#at)
    if (end === -1) throw new WordProblem('a quote is opened in it and never closed')
    const text = this.#word.slice(this.#at, end)
    this.#at = end + 1
    return text
  }

  #double(): string {
    let text = ''
    for (;;) {
      const sign = this.#next()
      if (sign === '') throw new WordProblem('a quote is opened in it and never closed')
      if (sign === '"') return text
      if (sign === '$') text += this.#dollar()
      else if (sign === this.#escape) {
        const next = this.#next()
        text += next === '"' || next === '$' || next === this.#escape ? next : `${sign}${next}`
      } else text += sign
    }
  }

  #dollar(): string {
    const isBraced = this.#word.charAt(this.#at) === '{'
    if (isBraced) this.#at += 1
    const name = this.#match(NAME)
    if (name === undefined) {
      if (!isBraced && this.#match(SPECIAL) !== undefined) return ''
      if (isBraced) throw new WordProblem('a ${ in it is followed by no name')
      return '$'
    }
    return isBraced ? this.#braced(name) : this.#valueOf(name)
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at
    const text = expression.exec(this.#word)?.[0]
    this.#at += text?.length ?? 0
    return text
  }

  #braced(name: string): string {
    const operator = /^(?:\}|:?[-+])/.exec(this.#word.slice(this.#at, this.#at + 2))?.[0]
    if (operator === undefined) throw new WordProblem('a ${…} in it is none that Plenum understands')
    this.#at += operator.length
    if (operator === '}') return this.#valueOf(name)
    this.#depth += 1
    if (this.#depth > DEEPEST) throw new WordProblem(`a \${…} in it is nested deeper than ${DEEPEST}`)
    const known = this.unknown.length
    const operand = this.expand('}')
    this.#depth -= 1
    const value = this.#variables.get(name)
    // An argument may be given or not, and the base image may have it or not.
    if (value === undefined && (this.#variables.has(name) || operator.endsWith('+'))) {
      this.unknown.push(name)
      return ''
    }
    const isThere = value !== undefined && (operator.length === 1 || value !== '')
    const takesOperand = operator.endsWith('+') ? isThere : !isThere
    if (takesOperand) return operand
    this.unknown.splice(known)
    return operator.endsWith('+') ? '' : (value ?? '')
  }

  #valueOf(name: string): string {
    const value = this.#variables.get(name)
    if (value === undefined) this.unknown.push(name)
    return value ?? ''
  }
}
