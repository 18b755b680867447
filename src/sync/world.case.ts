/**
 * A world in which time stops between any two requests: an Airflow table, a KV v2 engine, people who edit either, and
 * instances of sync that are killed anywhere. Values are numbers that only grow, so that a version says by itself which
 * edit it holds.
 */
import type { JsonObject } from '../airflow/index.ts'
import { type FingerprintKey, fingerprintKey, type Sensitive, sensitive } from '../sensitive/index.ts'
import type { ConflictRule } from './decide.ts'
import type { AirflowRow } from './follow.ts'
import { Passes, type SyncSides } from './pass.ts'
import { digestOf, type MetadataChanges, recordOf } from './record.ts'
import type { AirflowContent } from './tables.ts'
import type { SyncVault, VaultObject } from './vault-object.ts'

export interface Version {
  readonly value: number
  readonly by: 'sync' | 'person'
  isDeleted: boolean
  /** Airflow's row had this value at some time since. */
  isAgreed: boolean
}

interface Secret {
  readonly versions: Version[]
  custom: Record<string, string>
}

export interface WaitingRequest {
  readonly instance: number
  /** Done by the server, whether or not anybody waits for it. */
  readonly run: () => void
}

export class World {
  readonly key: FingerprintKey = fingerprintKey(Buffer.alloc(32, 1))
  readonly rows: Map<string, number> = new Map()
  readonly secrets: Map<string, Secret> = new Map()
  /** Objects that a person touched in Vault. */
  readonly touched: Set<string> = new Set()
  readonly waiting: WaitingRequest[] = []
  readonly violations: string[] = []
  #counter = 0

  /** @returns the passes of a new instance; every request of it waits in `waiting`. */
  instance(number: number, rule: ConflictRule): Passes {
    const vault = this.#vaultFor(number)
    return new Passes({
      following: { vault, hub: 'hub', rule, key: this.key },
      sides: this.#sidesFor(number),
      isDryRun: false,
      concurrency: 4,
      onOutcome: () => undefined,
      signal: new AbortController().signal,
    })
  }

  editRow(id: string): void {
    this.#counter += 1
    this.rows.set(id, this.#counter)
    this.#agree(id)
  }

  deleteRow(id: string): void {
    this.rows.delete(id)
  }

  /** `isSame`: what the row has. */
  writeByPerson(id: string, isSame: boolean): void {
    this.#counter += 1
    this.touched.add(id)
    const value = isSame ? (this.rows.get(id) ?? this.#counter) : this.#counter
    this.#secret(id).versions.push({ value, by: 'person', isDeleted: false, isAgreed: false })
    this.#agree(id)
  }

  deleteByPerson(id: string): void {
    const newest = this.secrets.get(id)?.versions.at(-1)
    if (newest === undefined) return
    this.touched.add(id)
    newest.isDeleted = true
  }

  newest(id: string): Version | undefined {
    return this.secrets.get(id)?.versions.at(-1)
  }

  #agree(id: string): void {
    const newest = this.newest(id)
    if (newest !== undefined && newest.value === this.rows.get(id)) newest.isAgreed = true
  }

  #secret(id: string): Secret {
    const secret = this.secrets.get(id) ?? { versions: [], custom: {} }
    this.secrets.set(id, secret)
    return secret
  }

  /** What a server does for a request, at the moment that the test chooses. */
  #ask<T>(instance: number, work: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.waiting.push({ instance, run: () => resolve(work()) })
    })
  }

  #vaultFor(instance: number): SyncVault {
    const ask = <T>(work: () => T): Promise<T> => this.#ask(instance, work)
    return {
      look: (id) => ask(() => this.#look(id)),
      readValue: (id, version) =>
        ask(() => {
          const found = this.secrets.get(id)?.versions[version - 1]
          return found === undefined || found.isDeleted ? undefined : dataOf(found.value)
        }),
      createMetadata: (id) => ask(() => void this.#secret(id)),
      patchMetadata: (id, changes) => ask(() => this.#patch(id, changes)),
      write: (id, data, over) => ask(() => this.#write(id, data, over)),
      deleteVersion: (id, version) =>
        ask(() => {
          const found = this.secrets.get(id)?.versions[version - 1]
          if (found === undefined || found.isDeleted) return
          if (found.by === 'person' && !found.isAgreed) this.violations.push(`${id}: deleted what a person wrote`)
          found.isDeleted = true
        }),
    }
  }

  #look(id: string): VaultObject {
    const secret = this.secrets.get(id)
    if (secret === undefined) return { kind: 'absent' }
    const { versions, custom } = secret
    const isDeleted = versions.at(-1)?.isDeleted === true
    return { kind: 'present', version: versions.length, isDeleted, custom: { ...custom }, record: recordOf(custom) }
  }

  #patch(id: string, changes: MetadataChanges): boolean {
    const secret = this.secrets.get(id)
    if (secret === undefined) return false
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) delete secret.custom[key]
      else secret.custom[key] = value
    }
    return true
  }

  #write(id: string, data: Sensitive<JsonObject>, over: number): boolean {
    const { versions } = this.#secret(id)
    if (versions.length !== over) return false
    const value = Number(data.reveal()['value'])
    const before = versions.at(-1)
    if (before !== undefined && !before.isDeleted) {
      if (before.by === 'person' && !before.isAgreed) this.violations.push(`${id}: wrote over what a person wrote`)
      if (before.value === value) this.violations.push(`${id}: the same value twice`)
    }
    const older = versions.filter(({ by }) => by === 'sync').at(-1)
    if (older !== undefined && older.value > value) this.violations.push(`${id}: an older row over a newer one`)
    versions.push({ value, by: 'sync', isDeleted: false, isAgreed: false })
    return true
  }

  #sidesFor(instance: number): SyncSides {
    const content = (): AirflowContent => ({
      digests: new Map([...this.rows].map(([id, value]) => [id, String(value)])),
      rows: new Map([...this.rows].map(([id, value]) => [id, this.#rowOf(id, value)])),
      raw: new Map(),
      findings: [],
    })
    const wholeOf = (): string => JSON.stringify([...this.rows])
    return {
      readTablesDigest: () => this.#ask(instance, wholeOf),
      readRowDigests: () => this.#ask(instance, () => ({ whole: wholeOf(), rows: content().digests })),
      readContent: () => this.#ask(instance, content),
      listVault: () => this.#ask(instance, () => [...this.secrets.keys()]),
      pathOf: (id) => id,
      isDeclaredElsewhere: () => false,
    }
  }

  #rowOf(id: string, value: number): AirflowRow {
    const data = dataOf(value)
    return { kind: 'present', digest: digestOf(id, data, this.key), metadata: {}, data, project: 'p', owner: undefined }
  }
}

function dataOf(value: number): Sensitive<JsonObject> {
  return sensitive({ value: String(value) })
}
