/**
 * The vectors of vault-api 11, as data in test/vectors/token. The same files can be played against a real server.
 *
 * The loader refuses what it does not know: a vector with a misspelt key must fail, not pass by checking nothing.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonValue } from '../json/json.ts'
import type { LeaseTtl } from './ttl.ts'

interface Named {
  readonly name: string
}
/** Seconds and warnings, or the refusal. */
interface Outcome {
  readonly seconds?: number
  readonly warnings?: readonly string[]
  readonly error?: string
}
/** All in seconds. */
export interface TtlVector extends Named, Outcome {
  readonly kind: 'ttl'
  readonly given: {
    readonly increment?: number
    readonly backendTtl?: number
    readonly period?: number
    readonly backendMaxTtl?: number
    readonly explicitMaxTtl?: number
    readonly mount?: LeaseTtl
    readonly age?: number
  }
}
export interface RenewalVector extends Named, Outcome {
  readonly kind: 'renewal'
  readonly token: {
    readonly period?: number
    readonly explicitMaxTtl?: number
    readonly renewable?: boolean
    readonly endless?: boolean
  }
  readonly given: {
    readonly age: number
    readonly increment?: number
    readonly ttl?: number
    readonly maxTtl?: number
    readonly period?: number
    readonly mount?: LeaseTtl
  }
}
export interface DurationVector extends Named {
  readonly kind: 'duration'
  readonly value: JsonValue
  /** `null`: not given. */
  readonly seconds?: number | null
  readonly refused?: true
}
export interface PrintedVector extends Named {
  readonly kind: 'printed'
  readonly seconds: number
  readonly text: string
}
export interface MountVector extends Named {
  readonly kind: 'mount'
  readonly tuned: LeaseTtl
  readonly effective: LeaseTtl
}
export type TokenVector = TtlVector | RenewalVector | DurationVector | PrintedVector | MountVector

export interface TokenVectorFile {
  readonly about: string
  readonly vectors: readonly TokenVector[]
}

interface Keys {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

const KEYS: Readonly<Record<TokenVector['kind'], Keys>> = {
  ttl: { required: ['name', 'kind', 'given'], optional: ['seconds', 'warnings', 'error'] },
  renewal: { required: ['name', 'kind', 'token', 'given'], optional: ['seconds', 'warnings', 'error'] },
  duration: { required: ['name', 'kind', 'value'], optional: ['seconds', 'refused'] },
  printed: { required: ['name', 'kind', 'seconds', 'text'], optional: [] },
  mount: { required: ['name', 'kind', 'tuned', 'effective'], optional: [] },
}
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  'ttl.given': ['increment', 'backendTtl', 'period', 'backendMaxTtl', 'explicitMaxTtl', 'mount', 'age'],
  'renewal.given': ['age', 'increment', 'ttl', 'maxTtl', 'period', 'mount'],
  'renewal.token': ['period', 'explicitMaxTtl', 'renewable', 'endless'],
}

const FOLDER = join(import.meta.dirname, '../../../test/vectors/token')

/** `name`: of a file in the folder, without `.json`. */
export function loadTokenVectors(name: string): TokenVectorFile {
  return readTokenVectors(name, readFileSync(join(FOLDER, `${name}.json`), 'utf8'))
}

export function readTokenVectors(name: string, text: string): TokenVectorFile {
  const file = JSON.parse(text) as TokenVectorFile
  requireKeys(name, { ...file }, { required: ['about', 'vectors'], optional: [] })
  for (const vector of file.vectors) {
    const place = `${name}, ${vector.name}`
    const keys = KEYS[vector.kind] as Keys | undefined
    if (keys === undefined) throw new Error(`${place}: unknown kind`)
    requireKeys(place, { ...vector }, keys)
    for (const [key, value] of Object.entries(vector)) {
      const optional = MEMBERS[`${vector.kind}.${key}`]
      if (optional !== undefined) requireKeys(place, value as Record<string, unknown>, { required: [], optional })
    }
    const ends = ['seconds', 'error', 'refused', 'effective'].filter((key) => Object.hasOwn(vector, key))
    if (ends.length !== 1) throw new Error(`${place}: needs exactly one outcome`)
  }
  return file
}

function requireKeys(place: string, value: Record<string, unknown>, { required, optional }: Keys): void {
  const known = new Set([...required, ...optional])
  for (const key of Object.keys(value)) if (!known.has(key)) throw new Error(`${place}: unknown key ${key}`)
  for (const key of required) if (!Object.hasOwn(value, key)) throw new Error(`${place}: no ${key}`)
}
