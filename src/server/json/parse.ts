/**
 * The JSON parser (RFC 8259, nothing more): one pass over the characters, limits counted on the way (S9).
 *
 * Invariant: no more is built than the limits allow, whatever the text holds, and nesting costs heap, never stack.
 * Errors name an offset and what was expected there, never what stood there (S10).
 *
 * A number stays a JavaScript number where its text is the one JavaScript would write, else it is an `ExactNumber`.
 */
import {
  DEFAULT_JSON_LIMITS,
  ExactNumber,
  JsonLimitError,
  type JsonLimits,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
} from './json.ts'

/** @throws {JsonSyntaxError} @throws {JsonLimitError} */
export function parseJson(text: string, limits: JsonLimits = DEFAULT_JSON_LIMITS): JsonValue {
  return new Reader(text, limits).document()
}

/** A container that is still open. */
type Frame =
  | { readonly kind: 'object'; readonly parent: Frame | undefined; readonly of: JsonObject; key: string; count: number }
  | { readonly kind: 'array'; readonly parent: Frame | undefined; readonly of: JsonValue[] }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/** After a backslash: the character code it stands for. */
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
])

/** In characters: shorter ones are read faster by the letter. */
const LONG_STRING = 256

/** Digits that a JavaScript number holds whatever they are. */
const SAFE_DIGITS = 15

class Reader {
  readonly #text: string
  readonly #limits: JsonLimits
  #at = 0
  #values = 0
  #depth = 0
  #open: Frame | undefined

  constructor(text: string, limits: JsonLimits) {
    this.#text = text
    this.#limits = limits
  }

  document(): JsonValue {
    for (;;) {
      const started = this.#start()
      // A container with something in it was opened: its first value comes next.
      if (started === undefined) continue
      const done = this.#attach(started)
      if (done !== undefined) return done
    }
  }

  /** Reads a scalar or an empty container, or opens a container and gives `undefined`. */
  #start(): JsonValue | undefined {
    this.#values += 1
    if (this.#values > this.#limits.values) throw this.#beyond('values', 'number of values')
    const code = this.#next()
    switch (code) {
      case QUOTE:
        return this.#string()
      case OPEN_OBJECT:
        return this.#openObject()
      case OPEN_ARRAY:
        return this.#openArray()
      case 0x74:
        return this.#word('true', true)
      case 0x66:
        return this.#word('false', false)
      case 0x6e:
        return this.#word('null', null)
      default:
        if (code === MINUS || isDigit(code)) return this.#number()
        throw this.#expected('a value')
    }
  }

  #openObject(): JsonObject | undefined {
    this.#at += 1
    this.#deeper()
    const of = Object.create(null) as JsonObject
    if (this.#next() === CLOSE_OBJECT) {
      this.#leave()
      return of
    }
    const frame: Frame = { kind: 'object', parent: this.#open, of, key: '', count: 0 }
    this.#open = frame
    frame.key = this.#key()
    return undefined
  }

  #openArray(): JsonValue[] | undefined {
    this.#at += 1
    this.#deeper()
    const of: JsonValue[] = []
    if (this.#next() === CLOSE_ARRAY) {
      this.#leave()
      return of
    }
    this.#open = { kind: 'array', parent: this.#open, of }
    return undefined
  }

  /** Puts a value where it belongs, and closes what ends with it. Gives the document when that is complete. */
  #attach(start: JsonValue): JsonValue | undefined {
    let value = start
    for (;;) {
      const frame = this.#open
      if (frame === undefined) return this.#end(value)
      const code = frame.kind === 'array' ? this.#element(frame.of, value) : this.#entry(frame, value)
      this.#at += 1
      if (code === COMMA) {
        if (frame.kind === 'object') frame.key = this.#key()
        return undefined
      }
      this.#depth -= 1
      this.#open = frame.parent
      value = frame.of
    }
  }

  /** Gives the comma or the bracket behind it. */
  #element(array: JsonValue[], value: JsonValue): number {
    if (array.length >= this.#limits.arrayElements) throw this.#beyond('arrayElements', 'array element count')
    array.push(value)
    const code = this.#next()
    if (code !== COMMA && code !== CLOSE_ARRAY) throw this.#expected('"," or "]"')
    return code
  }

  /** Gives the comma or the brace behind it. */
  #entry(frame: Frame & { readonly kind: 'object' }, value: JsonValue): number {
    frame.count += 1
    if (frame.count > this.#limits.objectEntries) throw this.#beyond('objectEntries', 'object entry count')
    frame.of[frame.key] = value
    const code = this.#next()
    if (code !== COMMA && code !== CLOSE_OBJECT) throw this.#expected('"," or "}"')
    return code
  }

  #end(value: JsonValue): JsonValue {
    this.#next()
    if (this.#at < this.#text.length) throw this.#expected('the end of the text')
    return value
  }

  /** A key and its colon. */
  #key(): string {
    if (this.#next() !== QUOTE) throw this.#expected('a key in double quotes')
    const key = this.#string()
    if (this.#next() !== COLON) throw this.#expected('":"')
    this.#at += 1
    return key
  }

  /** Skips white space; the code of what follows, NaN at the end of the text. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.#at += 1
    }
  }

  #string(): string {
    const text = this.#text
    const start = this.#at + 1
    let at = start
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return this.#measured(text.slice(start, at))
      }
      if (code === BACKSLASH) return this.#escaped(start, at)
      // Also true for NaN, which is the end of the text.
      if (!(code >= 0x20)) throw this.#expected('a character of a string, or its closing quote', at)
      at += 1
    }
  }

  /** The rest of a string that holds escapes, from the first one on. */
  #escaped(start: number, firstEscape: number): string {
    return this.#escapedAtOnce(start, firstEscape) ?? this.#escapedByLetter(start, firstEscape)
  }

  /** A long one the runtime reads in one go: by the letter, a body full of escapes would hold up everybody else (S9). */
  #escapedAtOnce(start: number, firstEscape: number): string | undefined {
    const text = this.#text
    let end = firstEscape
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === QUOTE) break
      if (!(code >= 0x20)) return undefined
      end += code === BACKSLASH ? 2 : 1
    }
    if (end - start < LONG_STRING) return undefined
    try {
      const value = JSON.parse(text.slice(start - 1, end + 1)) as string
      this.#at = end + 1
      return this.#measured(value)
    } catch (error) {
      // Read again by the letter, which says where it is wrong.
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  #escapedByLetter(start: number, firstEscape: number): string {
    const text = this.#text
    let out = text.slice(start, firstEscape)
    let at = firstEscape
    let plain = firstEscape
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return this.#measured(out + text.slice(plain, at))
      }
      if (code === BACKSLASH) {
        out += text.slice(plain, at)
        const letter = text.charCodeAt(at + 1)
        if (letter === 0x75) {
          out += String.fromCharCode(this.#hex(at + 2))
          at += 6
        } else {
          const escape = ESCAPES.get(letter)
          if (escape === undefined) throw this.#expected('an escape', at + 1)
          out += escape
          at += 2
        }
        plain = at
        continue
      }
      if (!(code >= 0x20)) throw this.#expected('a character of a string, or its closing quote', at)
      at += 1
    }
  }

  #hex(from: number): number {
    let value = 0
    for (let at = from; at < from + 4; at += 1) {
      const digit = hexDigit(this.#text.charCodeAt(at))
      if (digit === undefined) throw this.#expected('four hexadecimal digits', at)
      value = value * 16 + digit
    }
    return value
  }

  #measured(value: string): string {
    const limit = this.#limits.stringBytes
    // A UTF-16 unit is at most three bytes of UTF-8.
    if (value.length * 3 > limit && Buffer.byteLength(value) > limit) throw this.#beyond('stringBytes', 'string length')
    return value
  }

  #number(): number | ExactNumber {
    const text = this.#text
    const start = this.#at
    const digits = text.charCodeAt(start) === MINUS ? start + 1 : start
    let at = this.#digits(digits)
    if (text.charCodeAt(digits) === ZERO && at > digits + 1)
      throw this.#expected('no digit after a leading zero', digits + 1)
    const whole = at
    if (text.charCodeAt(at) === 0x2e) at = this.#digits(at + 1)
    const exponent = text.charCodeAt(at) | 0x20
    if (exponent === 0x65) {
      const sign = text.charCodeAt(at + 1)
      at = this.#digits(sign === MINUS || sign === 0x2b ? at + 2 : at + 1)
    }
    this.#at = at
    if (at - start > this.#limits.numberLength) throw this.#beyond('numberLength', 'number length')
    const token = text.slice(start, at)
    const value = Number(token)
    if (at === whole && whole - digits <= SAFE_DIGITS && value !== 0) return value
    return String(value) === token ? value : new ExactNumber(token)
  }

  /** One digit or more. Gives where they end. */
  #digits(from: number): number {
    let at = from
    while (isDigit(this.#text.charCodeAt(at))) at += 1
    if (at === from) throw this.#expected('a digit', at)
    return at
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#expected('a value')
    this.#at += word.length
    return value
  }

  #deeper(): void {
    this.#depth += 1
    if (this.#depth > this.#limits.depth) throw this.#beyond('depth', 'depth')
  }

  /** Behind the closing bracket of an empty container. */
  #leave(): void {
    this.#at += 1
    this.#depth -= 1
  }

  #expected(what: string, at: number = this.#at): JsonSyntaxError {
    const ends = at >= this.#text.length ? ', where the text ends' : ''
    return new JsonSyntaxError(`expected ${what} at offset ${at}${ends}`, at)
  }

  #beyond(limit: keyof JsonLimits, what: string): JsonLimitError {
    return new JsonLimitError(limit, `exceeded maximum ${what} of ${this.#limits[limit]}`)
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

function hexDigit(code: number): number | undefined {
  if (isDigit(code)) return code - ZERO
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined
}
