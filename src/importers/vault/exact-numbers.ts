/**
 * Numbers that JSON can write and JavaScript cannot keep. What lost digits on its way must not be stored as if it were
 * the value. Pure.
 */
import type { Json } from '../../sensitive/index.ts'

/** Whether a parsed value holds an integer beyond 2^53: its last digits may be others than those that were written. */
export function holdsInexactNumber(value: Json): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsInexactNumber)
}

/** A text in quotes is passed over; all else that begins with a digit or a minus is a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs

/** Fifteen significant digits survive in every double. */
const MOST_DIGITS = 15

/** Whether JSON text loses nothing when its numbers are read as JavaScript's. */
export function numbersSurvive(json: string): boolean {
  return [...json.matchAll(TOKEN)].every(([token]) => token.startsWith('"') || survives(token))
}

function survives(token: string): boolean {
  const value = Number(token)
  const digits = token
    .replace(/[eE].*$/, '')
    .replaceAll(/[-.]/g, '')
    .replace(/^0+/, '')
  if (digits === '') return true
  return Number.isFinite(value) && value !== 0 && (digits.length <= MOST_DIGITS || Number.isSafeInteger(value))
}
