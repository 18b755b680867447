/** A Vault in a few maps, for this folder's tests: what the plan sees of it, and what carrying a plan out makes of it. */
import {
  type Fingerprint,
  type FingerprintKey,
  fingerprint,
  fingerprintKey,
  type Json,
  sensitive,
} from '../sensitive/index.ts'
import { isMarkedFor, marksOf, mergeMarks } from '../hub/index.ts'
import type {
  Actual,
  ActualEntry,
  Change,
  Desired,
  DesiredEntry,
  DesiredField,
  EntryKind,
  Plan,
  PlanOptions,
  Settings,
} from './plan.ts'

export const KEY: FingerprintKey = fingerprintKey(Buffer.alloc(32, 7))
const HUB_NAME = 'h'
export const OPTIONS: PlanOptions = { overwrite: false, shadowing: [] }

export function print(value: Json): Fingerprint {
  return fingerprint(sensitive(value), KEY)
}

/** `keep` fields are `undefined`; a reference is `{ path, field }`. */
export type DeclaredValue = string | undefined | { readonly path: string; readonly field: string }
export type DeclaredValues = Readonly<Record<string, DeclaredValue>>

export function entry(kind: EntryKind, id: string, values: DeclaredValues = {}, external = false): DesiredEntry {
  const fields = Object.entries(values).map(([name, value]): [string, DesiredField] => {
    if (value === undefined) return [name, { kind: 'keep' }]
    if (typeof value === 'string') return [name, { kind: 'exact', fingerprint: print(value) }]
    return [name, { kind: 'same', ...value }]
  })
  const metadata = marksOf({ hub: HUB_NAME, project: 'p', owner: undefined })
  return { kind, address: `${kind}:${id}`, path: `${kind}s/${id}`, external, fields: new Map(fields), metadata }
}

export interface Stored {
  readonly version: number
  readonly deleted: boolean
  readonly fields: ReadonlyMap<string, Fingerprint>
  readonly metadata: Readonly<Record<string, string>>
}

export function stored(
  version: number,
  values: Readonly<Record<string, string>>,
  metadata: Stored['metadata'] = {},
): Stored {
  const fields = new Map(Object.entries(values).map(([name, value]) => [name, print(value)]))
  return { version, deleted: false, fields, metadata }
}

/** As Plenum would have left it. */
export function ours(version: number, values: Readonly<Record<string, string>>, hub: string = HUB_NAME): Stored {
  return stored(version, values, mergeMarks({}, marksOf({ hub, project: 'p', owner: undefined }), version))
}

export class SimulatedTarget {
  readonly entries: Map<string, Stored>
  readonly settings: Map<string, { settings: Settings; managed: boolean }> = new Map()
  #made = 0

  constructor(entries: Readonly<Record<string, Stored>> = {}) {
    this.entries = new Map(Object.entries(entries))
  }

  /** `desired` tells which references there are to follow. */
  actual(desired: readonly Desired[] = []): Actual[] {
    const entries = [...this.entries].map(([path, { version, deleted, fields, metadata }]): ActualEntry => {
      const [folder = '', id = ''] = path.split('/')
      const kind = folder.slice(0, -1) as EntryKind
      const managed = isMarkedFor(metadata, HUB_NAME)
      const seen = deleted ? new Map() : fields
      return {
        kind,
        address: `${kind}:${id}`,
        path,
        version,
        deleted,
        fields: seen,
        metadata,
        managed,
        changedAt: 1000,
      }
    })
    const sources = desired.flatMap((one): Actual[] => {
      if (!('fields' in one)) return []
      const followed = [...one.fields].flatMap(([name, field]): [string, Fingerprint][] => {
        const source = field.kind === 'same' ? this.entries.get(field.path) : undefined
        const value = field.kind === 'same' && source?.deleted === false ? source.fields.get(field.field) : undefined
        return value === undefined ? [] : [[name, value]]
      })
      return [{ kind: 'source', address: one.address, fields: new Map(followed) }]
    })
    const settings = [...this.settings].map(([address, one]): Actual => {
      const kind = address.split(':')[0] as 'policy'
      return { kind, address: address as `policy:${string}`, ...one }
    })
    return [...entries, ...sources, ...settings]
  }

  /** In the plan's order, but for entries that take a value from another: those come after it. */
  carryOut(plan: Plan, desired: readonly Desired[]): void {
    const declared = new Map(desired.map((one) => [one.address, one]))
    let left = [...plan.changes]
    while (left.length > 0) {
      const pending = new Set<string>(left.filter(({ action }) => action !== 'delete').map(({ address }) => address))
      const ready = left.filter((change) => sourcesOf(declared.get(change.address)).every((one) => !pending.has(one)))
      if (ready.length === 0) throw new Error('the plan goes in a circle')
      for (const change of ready) this.#change(change, declared.get(change.address))
      left = left.filter((change) => !ready.includes(change))
    }
  }

  #change(change: Change, one: Desired | undefined): void {
    if (change.action === 'delete') return this.#remove(change)
    if (one === undefined) throw new Error(`${change.address} is not declared`)
    if (!('fields' in one)) {
      this.settings.set(one.address, { settings: one.settings, managed: true })
      return
    }
    const before = this.entries.get(one.path)
    if ((before?.version ?? 0) !== change.cas) throw new Error(`${change.address}: lost race`)
    const version = change.action === 'mark' ? change.cas : change.cas + 1
    const fields = change.action === 'mark' ? before?.fields : this.#fields(one, before)
    const metadata = mergeMarks(before?.metadata ?? {}, one.metadata, version)
    this.entries.set(one.path, { version, deleted: false, fields: fields ?? new Map(), metadata })
  }

  #fields(one: DesiredEntry, before: Stored | undefined): Map<string, Fingerprint> {
    const fields = new Map<string, Fingerprint>()
    for (const [name, field] of one.fields) {
      const kept = before?.deleted === false ? before.fields.get(name) : undefined
      const source = field.kind === 'same' ? this.entries.get(field.path)?.fields.get(field.field) : undefined
      const value = field.kind === 'exact' ? field.fingerprint : field.kind === 'keep' ? (kept ?? this.#make()) : source
      if (value === undefined) throw new Error(`${one.address}: nothing to take ${name} from`)
      fields.set(name, value)
    }
    return fields
  }

  #make(): Fingerprint {
    this.#made += 1
    return print(`made ${this.#made}`)
  }

  #remove({ kind, address }: Change): void {
    const path = `${kind}s/${address.slice(address.indexOf(':') + 1)}`
    const before = this.entries.get(path)
    if (before === undefined) this.settings.delete(address)
    else this.entries.set(path, { ...before, deleted: true })
  }
}

function sourcesOf(one: Desired | undefined): string[] {
  if (one === undefined || !('fields' in one)) return []
  return [...one.fields.values()].flatMap((field) => {
    if (field.kind !== 'same') return []
    const [folder = '', id = ''] = field.path.split('/')
    return [`${folder.slice(0, -1)}:${id}`]
  })
}
