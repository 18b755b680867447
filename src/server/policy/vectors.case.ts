/**
 * The vectors of vault-api 10.7, as data in test/vectors/policy. The same files can be played against a real server.
 *
 * The loader refuses what it does not know: a vector with a misspelt key must fail, not pass by checking nothing.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AccessOperation } from './acl.ts'

interface Numbered {
  /** Of vault-api 10.7. Several vectors share a number where the specification packs several checks into one. */
  readonly number: number
}
interface Given extends Numbered {
  /** Names of policies of the file. */
  readonly given: readonly string[]
}
export interface AccessVector extends Given {
  readonly kind: 'access'
  readonly operations: readonly AccessOperation[]
  readonly path: string
  readonly data?: Readonly<Record<string, unknown>>
  /** Seconds. */
  readonly wrapTtl?: number
  /** The path is one that needs sudo as well. */
  readonly needsSudo?: boolean
  readonly subject?: { readonly id: string; readonly name: string }
  readonly allowed: boolean
  readonly sudo?: boolean
  readonly grantedBy?: readonly string[]
}
export interface CapabilitiesVector extends Given {
  readonly kind: 'capabilities'
  readonly path: string
  /** Sorted. */
  readonly capabilities: readonly string[]
}
export interface MergedVector extends Given {
  readonly kind: 'merged'
  readonly path: string
  readonly allowedParameters?: Readonly<Record<string, readonly unknown[]>>
  readonly minWrappingTtl?: number
  readonly maxWrappingTtl?: number
}
export interface RefusedVector extends Numbered {
  readonly kind: 'refused'
  readonly text: readonly string[]
  readonly error: string
}
export interface RootVector extends Given {
  readonly kind: 'root'
  readonly error: string
}
export interface VisibleVector extends Given {
  readonly kind: 'visible'
  readonly mount: string
  readonly visible: boolean
}
export type Vector = AccessVector | CapabilitiesVector | MergedVector | RefusedVector | RootVector | VisibleVector

export interface VectorFile {
  readonly name: string
  readonly about: string
  /** Lines of HCL by policy name. */
  readonly policies: Readonly<Record<string, readonly string[]>>
  readonly vectors: readonly Vector[]
}

interface Keys {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

const KEYS: Readonly<Record<Vector['kind'], Keys>> = {
  access: {
    required: ['number', 'kind', 'given', 'operations', 'path', 'allowed'],
    optional: ['data', 'wrapTtl', 'needsSudo', 'subject', 'sudo', 'grantedBy'],
  },
  capabilities: { required: ['number', 'kind', 'given', 'path', 'capabilities'], optional: [] },
  merged: {
    required: ['number', 'kind', 'given', 'path'],
    optional: ['allowedParameters', 'minWrappingTtl', 'maxWrappingTtl'],
  },
  refused: { required: ['number', 'kind', 'text', 'error'], optional: [] },
  root: { required: ['number', 'kind', 'given', 'error'], optional: [] },
  visible: { required: ['number', 'kind', 'given', 'mount', 'visible'], optional: [] },
}

const FOLDER = join(import.meta.dirname, '../../../test/vectors/policy')

export function loadVectors(): VectorFile[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return names.map((name) => readVectorFile(name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))))
}

export function readVectorFile(name: string, file: Record<string, unknown>): VectorFile {
  requireKeys(name, file, { required: ['about', 'policies', 'vectors'], optional: [] })
  const { about, policies, vectors } = file as unknown as Omit<VectorFile, 'name'>
  for (const vector of vectors) {
    const place = `${name}, vector ${vector.number}`
    const keys = KEYS[vector.kind] as Keys | undefined
    if (keys === undefined) throw new Error(`${place}: unknown kind`)
    requireKeys(place, { ...vector }, keys)
    for (const policy of 'given' in vector ? vector.given : []) {
      if (!Object.hasOwn(policies, policy)) throw new Error(`${place}: no policy ${policy}`)
    }
  }
  return { name, about, policies, vectors }
}

function requireKeys(place: string, value: Record<string, unknown>, { required, optional }: Keys): void {
  const known = new Set([...required, ...optional])
  for (const key of Object.keys(value)) if (!known.has(key)) throw new Error(`${place}: unknown key ${key}`)
  for (const key of required) if (!Object.hasOwn(value, key)) throw new Error(`${place}: no ${key}`)
}
