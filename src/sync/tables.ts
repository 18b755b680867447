/**
 * Airflow's two tables as sync reads them: first only whether something changed, by a keyed digest of each row as it
 * lies there (no decryption, nothing kept); then, where something did, what the rows mean.
 *
 * A row whose ciphertext is new and whose content is not (Airflow encrypts anew on every save and when keys are rotated)
 * has another digest here and the same one in `AirflowRow`: no new version comes of it.
 */
import { createHmac } from 'node:crypto'
import type { AirflowDatabase, RawRow, RowReader } from '../importers/airflow-db/index.ts'
import type { Finding, Found, Reading } from '../importers/found.ts'
import type { Selection } from '../importers/selection.ts'
import type { FingerprintKey } from '../sensitive/index.ts'
import type { AirflowRow } from './follow.ts'
import { digestOf } from './record.ts'

/** By address. */
export type RowDigests = ReadonlyMap<string, string>

/** @throws {ImportError} when the database cannot be read. */
export async function readRowDigests(
  database: AirflowDatabase,
  key: FingerprintKey,
  signal: AbortSignal,
): Promise<RowDigests> {
  const digests = new Map<string, string>()
  await database.readRows((rows) => {
    for (const row of rows) addDigest(digests, row, key)
  }, signal)
  return digests
}

export interface AirflowContent {
  readonly digests: RowDigests
  readonly rows: ReadonlyMap<string, AirflowRow>
  /** What the rows are, where Plenum reads them for another purpose than to store them. */
  readonly raw: ReadonlyMap<string, RawRow>
  readonly findings: readonly Finding[]
}

export interface ContentOptions {
  readonly reader: RowReader
  readonly key: FingerprintKey
  /** What of it is followed, and to which project it goes. */
  readonly select: (reading: Reading) => Selection
  readonly ownerOf: (project: string) => string | undefined
  /** Whether the rows themselves are wanted afterwards. */
  readonly keepRaw: boolean
}

/** @throws {ImportError} when the database cannot be read. */
export async function readContent(
  database: AirflowDatabase,
  { reader, key, select, ownerOf, keepRaw }: ContentOptions,
  signal: AbortSignal,
): Promise<AirflowContent> {
  const digests = new Map<string, string>()
  const rows = new Map<string, AirflowRow>()
  const raw = new Map<string, RawRow>()
  const found: Found[] = []
  const findings: Finding[] = []
  await database.readRows((page) => {
    for (const row of page) {
      addDigest(digests, row, key)
      // Until the selection takes it.
      rows.set(addressOf(row), UNUSABLE)
      if (keepRaw) raw.set(addressOf(row), row)
      const reading = reader.read(row)
      if (reading.kind === 'found') found.push(reading.found)
      else if (reading.kind === 'finding') findings.push(reading.finding)
    }
  }, signal)
  const label = database.target.label
  const selection = select({ source: 'airflow-db', label, facts: [], found, findings })
  for (const { kind, id, data, metadata, project } of selection.entries) {
    const address = `${kind}:${id}`
    const digest = digestOf(address, data, key)
    rows.set(address, { kind: 'present', digest, metadata, data, project, owner: ownerOf(project) })
  }
  return { digests, rows, raw, findings: selection.findings }
}

const UNUSABLE: AirflowRow = { kind: 'unusable' }

function addressOf({ table, key }: RawRow): string {
  return `${table}:${key}`
}

function addDigest(digests: Map<string, string>, row: RawRow, key: FingerprintKey): void {
  const address = addressOf(row)
  const hmac = createHmac('sha256', key.reveal())
  // An id that stands in two rows has changed when either has.
  hmac.update(digests.get(address) ?? '').update(JSON.stringify([row.columns, row.team, row.unreadable]))
  digests.set(address, hmac.digest('base64'))
}
