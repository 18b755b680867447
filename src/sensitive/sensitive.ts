/**
 * A value that refuses to be printed, serialised or compared loosely.
 *
 * Invariant: the only way out is `reveal()`, a name one can search for. Printing, JSON, string concatenation and
 * `util.inspect` all give `[sensitive]`.
 *
 * It does not erase memory: JavaScript strings cannot be overwritten. Key bytes are Buffers and belong to
 * `server/seal`, which zeroes them.
 */
import { inspect } from 'node:util'

const MASK = '[sensitive]'

export class Sensitive<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself. Each call is a place where a secret may leak: keep them few. */
  reveal(): T {
    return this.#value
  }

  /** A new secret derived from this one, without naming the value in between. */
  map<U>(change: (value: T) => U): Sensitive<U> {
    return new Sensitive(change(this.#value))
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }
}

Object.defineProperty(Sensitive.prototype, inspect.custom, { value: () => MASK })

/** Wraps a value. Reads better than `new` in literals. */
export function sensitive<T>(value: T): Sensitive<T> {
  return new Sensitive(value)
}
