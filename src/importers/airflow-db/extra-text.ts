/**
 * The text of an `extra` -> what is stored of it.
 *
 * An object where JavaScript writes every number as it was: Python would then read the same values of the same types. Its
 * own text where it would not (digits beyond 2^53, `1.0`, which would become an integer): Airflow takes both.
 */
import type { JsonObject } from '../../airflow/index.ts'
import type { Json } from '../../sensitive/index.ts'

export type ExtraReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'object'; readonly value: JsonObject }
  | { readonly kind: 'text'; readonly value: string }
  /** Not JSON, or no object. */
  | { readonly kind: 'refused'; readonly isJson: boolean }

export function readExtra(text: string): ExtraReading {
  if (text.trim() === '') return { kind: 'none' }
  const parsed = parse(text)
  if (parsed === undefined) return { kind: 'refused', isJson: false }
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'refused', isJson: true }
  if (Object.keys(value).length === 0) return { kind: 'none' }
  return keepsNumbers(text) ? { kind: 'object', value: value as JsonObject } : { kind: 'text', value: text }
}

function parse(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Strings are passed over; what is left of valid JSON with a digit in it is a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs

function keepsNumbers(text: string): boolean {
  for (const [token] of text.matchAll(TOKENS)) {
    if (!token.startsWith('"') && !isKept(token)) return false
  }
  return true
}

function isKept(literal: string): boolean {
  const written = JSON.stringify(Number(literal))
  // An integer of Python's, and -0, which is 0 there.
  if (/^-?\d+$/.test(literal)) return written === literal || literal === '-0'
  // A float, which both read alike: it must stay one.
  return /[.e]/.test(written)
}
