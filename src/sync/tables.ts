/**
 * Airflow's two tables as sync reads them: first only whether something changed, by one keyed digest of all rows as they
 * lie there (no decryption, nothing kept); then which rows, by a digest of each; then what the rows mean.
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

export interface RowDigests {
  /** Of both tables: as `readTablesDigest` has it. */
  readonly whole: string
  /** By address. */
  readonly rows: ReadonlyMap<string, string>
}

/** Of both tables. @throws {ImportError} when the database cannot be read. */
export async function readTablesDigest(
  database: AirflowDatabase,
  key: FingerprintKey,
  signal: AbortSignal,
): Promise<string> {
  const hmac = createHmac('sha256', key.reveal())
  await database.readRows((rows) => {
    for (const row of rows) hmac.update(textOf(row))
  }, signal)
  return hmac.digest('base64')
}

/** @throws {ImportError} when the database cannot be read. */
export async function readRowDigests(
  database: AirflowDatabase,
  key: FingerprintKey,
  signal: AbortSignal,
): Promise<RowDigests> {
  const whole = createHmac('sha256', key.reveal())
  const rows = new Map<string, string>()
  await database.readRows((page) => {
    for (const row of page) {
      const text = textOf(row)
      whole.update(text)
      addDigest(rows, addressOf(row), text, key)
    }
  }, signal)
  return { whole: whole.digest('base64'), rows }
}

export interface AirflowContent {
  readonly digests: RowDigests['rows']
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
      addDigest(digests, addressOf(row), textOf(row), key)
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

/** Everything of a row that could matter, so that different rows have different texts. */
function textOf({ table, key, columns, team, unreadable }: RawRow): string {
  return JSON.stringify([table, key, columns, team, unreadable])
}

function addDigest(digests: Map<string, string>, address: string, text: string, key: FingerprintKey): void {
  const hmac = createHmac('sha256', key.reveal())
  // An id that stands in two rows has changed when either has.
  hmac.update(digests.get(address) ?? '').update(text)
  digests.set(address, hmac.digest('base64'))
}
