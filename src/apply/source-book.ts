/** Which declared fields take their value from where, and what was found there. */
import type { ActualSource, Address, DesiredEntry, EntryKind } from '../plan/index.ts'
import { type Fingerprint, type FingerprintKey, fingerprint } from '../sensitive/index.ts'
import type { SecretData } from '../vault/index.ts'
import type { Place } from './places.ts'
import { sourceField, storedField } from './source.ts'

interface Use {
  readonly kind: EntryKind
  readonly address: Address
  readonly name: string
  /** Of the source. */
  readonly field: string
}

export class SourceBook {
  readonly #uses = new Map<string, Use[]>()
  readonly #found = new Map<Address, Map<string, Fingerprint>>()
  readonly #places: readonly Place[]
  readonly #key: FingerprintKey

  constructor(entries: readonly DesiredEntry[], places: readonly Place[], key: FingerprintKey) {
    this.#places = places
    this.#key = key
    for (const { kind, address, fields } of entries) {
      for (const [name, field] of fields) {
        if (field.kind !== 'same') continue
        const uses = this.#uses.get(field.path) ?? []
        uses.push({ kind, address, name, field: field.field })
        this.#uses.set(field.path, uses)
      }
    }
  }

  get paths(): Iterable<string> {
    return this.#uses.keys()
  }

  has(path: string): boolean {
    return this.#uses.has(path)
  }

  note(path: string, data: SecretData): void {
    for (const { kind, address, name, field } of this.#uses.get(path) ?? []) {
      const value = sourceField(this.#places, path, data, field)
      const stored = value === undefined ? undefined : storedField(kind, name, value)
      if (stored === undefined) continue
      const fields = this.#found.get(address) ?? new Map<string, Fingerprint>()
      this.#found.set(address, fields.set(name, fingerprint(stored, this.#key)))
    }
  }

  found(): ActualSource[] {
    return [...this.#found].map(([address, fields]) => ({ kind: 'source', address, fields }))
  }
}
