/**
 * One written value -> where it comes from. The only place that tells references from literals.
 *
 * In `extra` and in variables any JSON may stand, so there a mapping is a reference only when its single key is a kind
 * of reference, and `{ literal: … }` says that what follows is none. Everywhere else a mapping has to be a reference.
 */
import { resolve } from 'node:path'
import type { Json } from '../sensitive/index.ts'
import { alphabetOf, FEWEST_CHARACTERS } from './alphabets.ts'
import type { Reference } from './hub.ts'
import type { Complaint, DocPath } from './messages.ts'
import { ENV_NAME, LENGTH_RANGE, USUAL_LENGTH } from './schema.ts'
import { nearestWord } from './suggest.ts'

type ReferenceKind = Exclude<Reference['kind'], 'literal'>
const REFERENCE_KINDS: readonly ReferenceKind[] = ['env', 'file', 'generate', 'prompt', 'vault']

/** `json`: any literal may stand here. `credential`: it has to be there before Vault is. */
export type ValuePlace = 'text' | 'port' | 'json' | 'credential'

const ALLOWED: Readonly<Record<ValuePlace, readonly ReferenceKind[]>> = {
  text: REFERENCE_KINDS,
  json: REFERENCE_KINDS,
  port: ['env', 'file', 'vault'],
  credential: ['env', 'file'],
}

export type Mapping = { readonly [key: string]: Json }

type ValueReading =
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'literal'; readonly value: Json }
  /** Only at a `json` place: the values are further down. */
  | { readonly kind: 'mapping'; readonly value: Mapping }
  /** `below`: the part of the value that is wrong. */
  | { readonly kind: 'wrong'; readonly below: DocPath; readonly complaint: Complaint }

/** `folder` is where relative file names begin. */
export function readValue(raw: Json, place: ValuePlace, folder: string): ValueReading {
  if (!isMapping(raw)) return Array.isArray(raw) ? readList(raw) : { kind: 'literal', value: raw }
  const keys = Object.keys(raw)
  const kinds = REFERENCE_KINDS.filter((kind) => Object.hasOwn(raw, kind))
  if (kinds.length > 1)
    return wrong([], `a reference has one kind, and here are ${kinds.join(' and ')}`, literalHint(place))
  const [kind] = kinds
  if (place === 'json') {
    if (keys.length === 1 && Object.hasOwn(raw, 'literal')) return { kind: 'literal', value: raw['literal'] ?? null }
    if (kind === undefined || keys.length > 1) return { kind: 'mapping', value: raw }
  }
  if (kind === undefined) return unknownKind(keys, place)
  const beside = keys.find((key) => key !== kind)
  if (beside !== undefined) return wrong([beside], `nothing may stand beside ${kind} in a reference`)
  if (!ALLOWED[place].includes(kind)) {
    return wrong([], `${kind} cannot be used here`, `use ${ALLOWED[place].join(' or ')}`)
  }
  return READERS[kind](raw[kind] ?? null, folder, literalHint(place))
}

export function isMapping(value: Json | undefined): value is Mapping {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

export function valueAt(plain: Json, path: DocPath): Json | undefined {
  let value: Json | undefined = plain
  for (const part of path) {
    if (typeof part === 'number') value = Array.isArray(value) ? (value as readonly Json[])[part] : undefined
    else value = isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined
  }
  return value
}

/** The path, inside of a literal, of a mapping that looks like a reference and would not be followed. */
export function findReference(value: Json): DocPath | undefined {
  if (Array.isArray(value)) return findBelow(value.map((item: Json, index) => [index, item] as const))
  if (!isMapping(value)) return undefined
  const keys = Object.keys(value)
  if (keys.length === 1 && REFERENCE_KINDS.some((kind) => kind === keys[0])) return []
  return findBelow(Object.entries(value))
}

function findBelow(entries: readonly (readonly [string | number, Json])[]): DocPath | undefined {
  for (const [key, value] of entries) {
    const below = findReference(value)
    if (below !== undefined) return [key, ...below]
  }
  return undefined
}

function readList(list: readonly Json[]): ValueReading {
  const below = findReference(list)
  if (below === undefined) return { kind: 'literal', value: list }
  return wrong(
    below,
    'a reference cannot stand inside of a list',
    'make the whole value a reference, or write { literal: … } for the list as it is',
  )
}

type Reader = (raw: Json, folder: string, hint: string | undefined) => ValueReading

const READERS: Readonly<Record<ReferenceKind, Reader>> = {
  env: (name, _, hint) => {
    if (typeof name === 'string' && ENV_NAME.test(name)) return found({ kind: 'env', name })
    return wrong(['env'], 'env needs the name of an environment variable: letters, digits and _, no digit first', hint)
  },
  file: (path, folder, hint) => {
    if (typeof path === 'string' && path !== '') return found({ kind: 'file', path: resolve(folder, path) })
    return wrong(['file'], 'file needs the path of a file', hint)
  },
  prompt: (question, _, hint) => {
    if (typeof question === 'string' && question !== '') return found({ kind: 'prompt', question })
    return wrong(['prompt'], 'prompt needs the question that is asked', hint)
  },
  generate: (raw, _, hint) => {
    if (!isMapping(raw))
      return wrong(
        ['generate'],
        'generate needs a mapping',
        hint ?? 'write { generate: {} }, or give it length and alphabet',
      )
    const { length = USUAL_LENGTH, alphabet = 'alphanumeric', ...rest } = raw
    const [unknown] = Object.keys(rest)
    if (unknown !== undefined)
      return wrong(
        ['generate', unknown],
        'generate knows length and alphabet',
        didYouMean(unknown, ['length', 'alphabet']),
      )
    if (
      typeof length !== 'number' ||
      !Number.isInteger(length) ||
      length < LENGTH_RANGE.least ||
      length > LENGTH_RANGE.most
    ) {
      return wrong(
        ['generate', 'length'],
        `length is a whole number from ${LENGTH_RANGE.least} to ${LENGTH_RANGE.most}`,
      )
    }
    const characters = typeof alphabet === 'string' ? alphabetOf(alphabet) : undefined
    if (characters !== undefined) return found({ kind: 'generate', length, alphabet: characters })
    return wrong(
      ['generate', 'alphabet'],
      `alphabet is alphanumeric, hex, base64url, printable, or at least ${FEWEST_CHARACTERS} different visible ASCII characters`,
    )
  },
  vault: (raw, _, hint) => {
    if (!isMapping(raw))
      return wrong(
        ['vault'],
        'vault needs a path and a field',
        hint ?? 'write { vault: { path: team/other, field: password } }',
      )
    const { path, field, ...rest } = raw
    const [unknown] = Object.keys(rest)
    if (unknown !== undefined)
      return wrong(['vault', unknown], 'vault knows path and field', didYouMean(unknown, ['path', 'field']))
    if (typeof path !== 'string' || path === '')
      return wrong(['vault', 'path'], 'path is needed: where the other entry lies below the mount')
    if (typeof field !== 'string' || field === '')
      return wrong(['vault', 'field'], 'field is needed: which value of the other entry')
    return found({ kind: 'vault', path, field })
  },
}

function unknownKind(keys: readonly string[], place: ValuePlace): ValueReading {
  const kinds = ALLOWED[place].join(', ')
  const [key] = keys
  if (key === undefined) return wrong([], `a reference is missing: one of ${kinds}`)
  if (key === 'external') {
    return wrong([key], 'external is for a whole connection, variable or secret, not for one field of it')
  }
  if (key === 'literal') return wrong([key], 'literal is for extra and variables; here a text stands as it is')
  return wrong([key], `${key} is no kind of reference; there are ${kinds}`, didYouMean(key, ALLOWED[place]))
}

function didYouMean(word: string, known: readonly string[]): string | undefined {
  const nearest = nearestWord(word, known)
  return nearest === undefined ? undefined : `did you mean ${nearest}?`
}

function literalHint(place: ValuePlace): string | undefined {
  return place === 'json'
    ? 'is this no reference, but the value itself? then write { literal: { … } } around it'
    : undefined
}

function found(reference: Reference): ValueReading {
  return { kind: 'reference', reference }
}

function wrong(below: DocPath, text: string, hint?: string): ValueReading {
  return { kind: 'wrong', below, complaint: { code: 'hub-reference', text, hint } }
}
