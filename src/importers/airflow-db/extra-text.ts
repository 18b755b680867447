/**
 * The text of an `extra` -> what is stored of it.
 *
 * An object where its numbers survive that (`exact-numbers.ts`), else its own text: Airflow takes both.
 */
import type { JsonObject } from '../../airflow/index.ts'
import type { Json } from '../../sensitive/index.ts'
import { numbersSurvive } from '../exact-numbers.ts'

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
  return numbersSurvive(text) ? { kind: 'object', value: value as JsonObject } : { kind: 'text', value: text }
}

function parse(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
