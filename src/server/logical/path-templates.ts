/**
 * A route's pattern as people write paths: `mounts\/(?<path>.+?)\/tune` is `mounts/{path}/tune` (vault-api 1.9).
 *
 * Of regular expressions it knows what the tables of routes use: literals, named groups, groups of alternatives, and `?`
 * behind a group or a closing slash. A test holds that every table keeps to that.
 */

/** One template for each way through optional parts and alternatives. @throws {SyntaxError} for anything else */
export function pathTemplates(pattern: RegExp): string[] {
  const reader = new PatternReader(pattern.source)
  const templates = reader.alternatives()
  reader.expectEnd()
  return templates
}

class PatternReader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  alternatives(): string[] {
    const all = this.#sequence()
    while (this.#accept('|')) all.push(...this.#sequence())
    return all
  }

  expectEnd(): void {
    if (this.#at < this.#source.length) this.#fail()
  }

  #sequence(): string[] {
    let templates = ['']
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source.charAt(this.#at))) {
      const atom = this.#atom()
      const optional = this.#accept('?')
      // With or without its closing slash, a path is the same one to people.
      const ways = optional ? (atom.length === 1 && atom[0] === '/' ? [''] : ['', ...atom]) : atom
      templates = templates.flatMap((before) => ways.map((way) => before + way))
    }
    return templates
  }

  #atom(): string[] {
    if (this.#accept('(?:')) {
      const inside = this.alternatives()
      if (!this.#accept(')')) this.#fail()
      return inside
    }
    if (this.#accept('(?<')) return [this.#named()]
    if (this.#accept('\\')) {
      const escaped = this.#next()
      return /[\w]/.test(escaped) ? this.#fail() : [escaped]
    }
    const literal = this.#next()
    return /[\w/-]/.test(literal) ? [literal] : this.#fail()
  }

  /** What a named group takes does not matter, only where it ends. */
  #named(): string {
    const end = this.#source.indexOf('>', this.#at)
    const name = this.#source.slice(this.#at, end)
    this.#at = end + 1
    let depth = 1
    let inClass = false
    while (depth > 0) {
      const char = this.#next()
      if (char === '\\') this.#next()
      else if (char === '[') inClass = true
      else if (char === ']') inClass = false
      else if (char === '(' && !inClass) depth += 1
      else if (char === ')' && !inClass) depth -= 1
    }
    return `{${name}}`
  }

  #next(): string {
    if (this.#at >= this.#source.length) this.#fail()
    this.#at += 1
    return this.#source.charAt(this.#at - 1)
  }

  #accept(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #fail(): never {
    throw new SyntaxError(`the pattern ${this.#source} has at ${this.#at} what no path template can say`)
  }
}
