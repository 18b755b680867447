/**
 * Numbers that JSON can write and JavaScript cannot keep: one rule for every source. Pure.
 *
 * What counts is what Airflow reads back. Python tells `1.0` from `1` and keeps every digit of an integer; a float is the
 * same double in both. So a JSON text is read into an object only where JavaScript would write each number again as the
 * same value of the same type. An `extra` that fails this stays its own text, which Airflow takes as well.
 */
import type { Json } from '../sensitive/index.ts'

/** A text in quotes is passed over; what is left of valid JSON with a digit in it is a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs

/** Whether valid JSON text means the same to Python once JavaScript has read and written it. */
export function numbersSurvive(json: string): boolean {
  for (const [token] of json.matchAll(TOKENS)) {
    if (!token.startsWith('"') && !survives(token)) return false
  }
  return true
}

function survives(literal: string): boolean {
  const written = JSON.stringify(Number(literal))
  // An integer of Python's, and -0, which is 0 there.
  if (/^-?\d+$/.test(literal)) return written === literal || literal === '-0'
  // A float, which both read alike: it must stay one.
  return /[.e]/.test(written)
}

/**
 * Where the text is gone: whether a parsed value holds an integer beyond 2^53, whose last digits may be others than those
 * that were written. It must not be stored as if it were the value.
 */
export function holdsInexactNumber(value: Json): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsInexactNumber)
}
