/**
 * One assignment as a POSIX shell reads it (`set -a; . ./.env`), as far as that can be said without running anything:
 * where the shell would run or put in something, that is the answer.
 */
import type { Assignment } from './assignment.ts'

export type ShellReading =
  | { readonly kind: 'value'; readonly text: string }
  /** What the shell does instead, to follow "a shell". */
  | { readonly kind: 'other'; readonly text: string }

export function shellReading({ name, isNameQuoted, hasBlanks, rest }: Assignment): ShellReading {
  if (isNameQuoted || !/^[A-Za-z_]\w*$/.test(name)) return other('has no variable of this name')
  if (hasBlanks) return other('does not take blanks around the equals sign')
  return new Word(rest).read()
}

function other(text: string): ShellReading {
  return { kind: 'other', text }
}

const RUNS = other('would run the command in it')
const PUTS_IN = other('puts in $NAME also without braces')
const UNCLOSED = other('finds no end of a quote')

/** Reads to the first blank outside of quotes. */
class Word {
  readonly #rest: string
  #at = 0
  #text = ''

  constructor(rest: string) {
    this.#rest = rest
  }

  read(): ShellReading {
    if (this.#rest.startsWith('~')) return other('puts in the home folder for ~')
    while (this.#at < this.#rest.length) {
      const sign = this.#rest.charAt(this.#at)
      if (/\s/.test(sign)) return this.#end()
      const stop = sign === "'" ? this.#single() : sign === '"' ? this.#double() : this.#bare(sign)
      if (stop !== undefined) return stop
    }
    return { kind: 'value', text: this.#text }
  }

  /** Behind a value a comment may stand; anything else is a command. */
  #end(): ShellReading {
    const behind = this.#rest.slice(this.#at).trimStart()
    if (behind === '' || /^#[^\n]*$/.test(behind)) return { kind: 'value', text: this.#text }
    return other('takes only the first word of it, and what follows for a command')
  }

  #single(): ShellReading | undefined {
    const end = this.#rest.indexOf("'", this.#at + 1)
    if (end === -1) return UNCLOSED
    this.#text += this.#rest.slice(this.#at + 1, end)
    this.#at = end + 1
    return undefined
  }

  #double(): ShellReading | undefined {
    for (this.#at += 1; this.#at < this.#rest.length; this.#at += 1) {
      const sign = this.#rest.charAt(this.#at)
      if (sign === '"') {
        this.#at += 1
        return undefined
      }
      if (sign === '\\') this.#escapeInQuotes()
      else {
        const stop = this.#special(sign)
        if (stop !== undefined) return stop
        this.#text += sign
      }
    }
    return UNCLOSED
  }

  /** A backslash before anything else stays. */
  #escapeInQuotes(): void {
    const next = this.#rest.charAt(this.#at + 1)
    if (!'$`"\\\n'.includes(next)) {
      this.#text += '\\'
      return
    }
    this.#text += next === '\n' ? '' : next
    this.#at += 1
  }

  #bare(sign: string): ShellReading | undefined {
    if (/[;&|<>()]/.test(sign)) return other(`ends it before the first "${sign}"`)
    const stop = this.#special(sign)
    if (stop !== undefined) return stop
    const isEscape = sign === '\\'
    const taken = isEscape ? this.#rest.charAt(this.#at + 1) : sign
    this.#text += isEscape && taken === '\n' ? '' : taken
    this.#at += isEscape ? 2 : 1
    return undefined
  }

  #special(sign: string): ShellReading | undefined {
    if (sign === '`') return RUNS
    if (sign !== '$') return undefined
    const next = this.#rest.charAt(this.#at + 1)
    if (next === '(') return RUNS
    return /[\w{?!#@*$'-]/.test(next) ? PUTS_IN : undefined
  }
}
