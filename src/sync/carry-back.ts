/**
 * `--both-ways`: a change that somebody made in Vault alone, brought back into Airflow's row. Never one that holds a
 * secret: what is secret stays in Vault, which is why it is there.
 *
 * Invariant: a row is changed only while it is as it was read, in one transaction; the record comes after. Killed between
 * the two, the next pass finds both sides equal.
 */
import type { JsonObject } from '../airflow/index.ts'
import { flattenData } from '../hub/index.ts'
import type { Columns, RawRow, RowChange, RowReader } from '../importers/airflow-db/index.ts'
import { ImportError } from '../importers/found.ts'
import { canonicalJson, type FingerprintKey, type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import type { SecretData } from '../vault/index.ts'
import type { Subject } from './follow.ts'
import type { Outcome } from './outcome.ts'
import { digestOf, settledChanges } from './record.ts'
import type { AirflowContent } from './tables.ts'
import type { SyncVault } from './vault-object.ts'

export interface CarryingBack {
  readonly vault: SyncVault
  readonly key: FingerprintKey
  readonly reader: RowReader
  /** As Airflow encrypts; undefined when it has no key and stores clear text. */
  readonly encrypt: ((text: Sensitive<string>) => string) | undefined
  /** By the name of a field or variable, and its value. */
  readonly isSecret: (name: string, value: Sensitive<string>) => boolean
  readonly changeRow: (change: RowChange) => Promise<void>
  readonly isDryRun: boolean
}

const LEFT: Outcome = { kind: 'left', why: 'vault-ahead' }

/** @throws {VaultError | ImportError} */
export async function carryBack(
  { address, path, row }: Subject,
  version: number,
  { raw: rows }: Pick<AirflowContent, 'raw'>,
  carrying: CarryingBack,
): Promise<Outcome> {
  const { vault, key, reader, changeRow, isDryRun } = carrying
  const raw = rows.get(address)
  if (row.kind !== 'present' || raw === undefined) return LEFT
  const value = await vault.readValue(path, version)
  if (value === undefined) return LEFT
  const change = backChange(raw, row.data, value, carrying)
  if (change.kind === 'secret') return { kind: 'left', why: 'secret-in-vault' }
  const outcome: Outcome = { kind: 'carried-back', version, fields: change.fields }
  if (isDryRun) return outcome
  const after = reader.read({ ...raw, columns: change.columns })
  // What Airflow could not read must not come into its database.
  if (after.kind !== 'found') return LEFT
  try {
    await changeRow({ table: raw.table, rowId: raw.rowId, before: raw.columns, after: change.columns })
  } catch (error) {
    if (error instanceof ImportError && error.code === 'finish-row-changed') return { kind: 'raced' }
    throw error
  }
  await vault.patchMetadata(path, settledChanges({ version, digest: digestOf(address, after.found.data, key) }))
  return outcome
}

type BackChange =
  | { readonly kind: 'change'; readonly columns: Columns; readonly fields: readonly string[] }
  | { readonly kind: 'secret' }

/** Pure, but for what `encrypt` needs. */
export function backChange(
  raw: RawRow,
  before: Sensitive<JsonObject>,
  after: SecretData,
  { encrypt, isSecret }: Pick<CarryingBack, 'encrypt' | 'isSecret'>,
): BackChange {
  const kind = raw.table
  const old = flattenData(kind, before)
  const now = flattenData(kind, after)
  const fields = [...new Set([...old.keys(), ...now.keys()])].filter((name) => !isSame(old.get(name), now.get(name)))
  const holdsSecret = fields.some((name) => {
    // An extra that is one text may hold anything.
    if (name === 'password' || name === 'extra') return true
    if (kind === 'connection' && !name.startsWith('extra')) return false
    const label = kind === 'variable' ? raw.key : name.slice(name.lastIndexOf('.') + 1)
    return [old.get(name), now.get(name)].some((value) => value !== undefined && isSecret(label, textOf(value)))
  })
  if (holdsSecret) return { kind: 'secret' }
  const changed = kind === 'variable' ? variableColumns(after, encrypt) : connectionColumns(fields, after, encrypt)
  return { kind: 'change', columns: { ...raw.columns, ...changed }, fields }
}

function isSame(a: Sensitive<Json> | undefined, b: Sensitive<Json> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return canonicalJson(a.reveal()) === canonicalJson(b.reveal())
}

function textOf(value: Sensitive<Json>): Sensitive<string> {
  return value.map((clear) => (typeof clear === 'string' ? clear : JSON.stringify(clear)))
}

type Encrypt = CarryingBack['encrypt']

function variableColumns(after: SecretData, encrypt: Encrypt): Columns {
  const text = after.map((fields) => textField(fields['value']) ?? '')
  return encrypt === undefined
    ? { val: text.reveal(), is_encrypted: false }
    : { val: encrypt(text), is_encrypted: true }
}

const CLEAR = ['conn_type', 'description', 'host', 'login', 'schema', 'port'] as const

function connectionColumns(fields: readonly string[], after: SecretData, encrypt: Encrypt): Columns {
  const columns: Record<string, string | number | boolean | null> = {}
  for (const name of CLEAR) {
    if (!fields.includes(name)) continue
    const value = after.reveal()[name]
    columns[name] = typeof value === 'number' ? value : (textField(value) ?? null)
  }
  if (fields.every((name) => !name.startsWith('extra'))) return columns
  const { extra } = after.reveal()
  const text = extra === undefined || extra === null ? '' : typeof extra === 'string' ? extra : JSON.stringify(extra)
  if (text === '') return { ...columns, extra: null, is_extra_encrypted: false }
  return encrypt === undefined
    ? { ...columns, extra: text, is_extra_encrypted: false }
    : { ...columns, extra: encrypt(sensitive(text)), is_extra_encrypted: true }
}

function textField(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value)
}
