/**
 * Names of which Airflow knows nothing: secret, configuration, or unknown. A guess that decides what is offered, never
 * what is written: the reason stands in the report.
 *
 * What speaks for a secret wins: a configuration in Vault does no harm, a secret outside of it does. First what the value
 * can only be, then what the name says; randomness is asked about only where the value is not plainly something else.
 */
import type { Sensitive } from '../sensitive/index.ts'
import { nameMeaning } from './secret-names.ts'
import { configurationShape, isIdentifier, looksRandom, secretShape } from './secret-shapes.ts'

/** `because` holds neither the value nor a piece of it. */
export interface Classification {
  readonly kind: 'secret' | 'configuration' | 'unknown'
  readonly because: string
}

export function classifyName(name: string, value: Sensitive<string>): Classification {
  return value.map((clear) => classify(name, clear)).reveal()
}

function classify(name: string, value: string): Classification {
  if (value.trim() === '') return { kind: 'configuration', because: 'the value is empty' }
  const meaning = nameMeaning(name)
  const secret = secretShape(value)
  if (secret !== undefined) return { kind: 'secret', because: secret }
  if (meaning?.kind === 'secret') return meaning
  const plain = configurationShape(value)
  if (plain !== undefined) return { kind: 'configuration', because: plain }
  if (looksRandom(value)) return { kind: 'secret', because: 'the value is long and looks random' }
  if (meaning !== undefined) return meaning
  if (isIdentifier(value)) return { kind: 'unknown', because: 'the value is a UUID, which may be an id or a key' }
  return { kind: 'unknown', because: 'neither its name nor its value tells' }
}
