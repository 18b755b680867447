/**
 * What goes into a plan and what comes out of it. Data alone; `plan.ts` decides.
 *
 * Invariant: what is shown (`diff`, texts, names) holds no value; what is edited is wrapped.
 */
import type { Columns, RawRow } from '../importers/airflow-db/database.ts'
import type { Found, Origin, Reading } from '../importers/found.ts'
import type { ImportedEntry } from '../importers/selection.ts'
import type { TextFile } from '../importers/text-files.ts'
import { type Fingerprint, type FingerprintKey, fingerprint, type Sensitive } from '../sensitive/index.ts'
import type { RowEdit, RowReading } from './rows.ts'
import type { Hunk, TextMode } from './text-edit.ts'

export interface FinishInput {
  readonly entries: readonly ImportedEntry[]
  readonly isProven: (entry: ImportedEntry) => boolean
  /** Where it is now, for the comments: `secret/airflow/connections/x`. */
  readonly pathOf: (entry: ImportedEntry) => string
  /** The readings that the entries were selected from. */
  readonly imported: readonly Reading[]
  readonly key: FingerprintKey
  readonly texts?: FinishTexts | undefined
  readonly rows?: FinishRows | undefined
}

export interface FinishTexts {
  readonly mode: TextMode
  /** The files of `filesToEdit` as they are now, by absolute path. */
  readonly files: ReadonlyMap<string, TextFile>
  /** Reads the text sources with these files in the place of those on the disk. */
  readonly reread: (files: ReadonlyMap<string, TextFile>) => readonly Reading[]
  /** Other files that may take names out of these by `${NAME}`: compose files beside a `.env`. */
  readonly readers?: readonly TextFile[] | undefined
}

export interface FinishRows {
  /** All rows, as they are now. */
  readonly now: readonly RawRow[]
  readonly read: (row: RawRow) => RowReading
  /** What a row becomes; undefined: it is deleted. */
  readonly becomes: (row: RawRow) => Columns | undefined
}

export interface FileEdit {
  /** Absolute. */
  readonly path: string
  readonly shown: string
  readonly before: Sensitive<Buffer>
  readonly after: Sensitive<Buffer>
  readonly hunks: Sensitive<readonly Hunk[]>
  readonly names: readonly string[]
  /** For people, without values. */
  readonly diff: string
  readonly notes: readonly string[]
}

export type LeftReason = 'not-proven' | 'changed' | 'gone' | 'kept'

/** A place that is not cleaned up. `gone` needs nobody; the others do. */
export interface LeftPlace {
  readonly kind: ImportedEntry['kind']
  readonly id: string
  readonly where: string
  readonly reason: LeftReason
  readonly text: string
}

export interface ByHand {
  readonly where: readonly string[]
  readonly ids: readonly string[]
  readonly text: string
}

export interface FinishPlan {
  readonly rows: readonly RowEdit[]
  readonly files: readonly FileEdit[]
  readonly byHand: readonly ByHand[]
  readonly left: readonly LeftPlace[]
}

/** An origin of a proven entry. */
export interface ProvenPlace {
  readonly entry: ImportedEntry
  readonly origin: Origin
  readonly path: string
}

/** Fingerprints of what was imported, by place. */
export class ImportedValues {
  readonly #byPlace: ReadonlyMap<string, Fingerprint>
  readonly #key: FingerprintKey

  constructor(readings: readonly Reading[], key: FingerprintKey) {
    this.#key = key
    this.#byPlace = new Map(readings.flatMap(({ found }) => found.map((one) => [placeKey(one.origin), this.of(one)])))
  }

  of(found: Found): Fingerprint {
    return fingerprint(found.data, this.#key)
  }

  at(origin: Origin): Fingerprint | undefined {
    return this.#byPlace.get(placeKey(origin))
  }
}

function placeKey({ place }: Origin): string {
  if (place.kind === 'lines') return JSON.stringify([place.file, place.line, place.name])
  return place.kind === 'row' ? JSON.stringify([place.table, place.rowId]) : ''
}

export function leftPlace(
  { entry, origin }: Pick<ProvenPlace, 'entry' | 'origin'>,
  reason: LeftReason,
  text: string,
): LeftPlace {
  return { kind: entry.kind, id: entry.id, where: origin.where, reason, text }
}
