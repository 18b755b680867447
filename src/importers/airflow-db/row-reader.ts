/**
 * One row of Airflow's database -> the object it stands for, as it would lie in Vault (airflow 3.1, 3.2).
 *
 * Invariant: each row is read on its own; what cannot be read is a finding that names it, and never a piece of it.
 * Whether a value is encrypted the row's flags say, not its look.
 */
import { Fernet, FernetError, type JsonObject, normalizeConnType } from '../../airflow/index.ts'
import { type Json, type Sensitive, sensitive } from '../../sensitive/index.ts'
import { type Finding, type Found, ImportError, type Note, type Origin } from '../found.ts'
import { isBlanked } from './blanked.ts'
import type { RawRow } from './database.ts'
import { readExtra } from './extra-text.ts'

export type RowReading =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** What `--finish` left of a row. */
  | { readonly kind: 'blanked' }

export interface RowReader {
  /** For the report: `2 Fernet keys`. */
  readonly fact: string
  read(row: RawRow): RowReading
}

/**
 * @param keys As `[core] fernet_key`; `''`: Airflow encrypts nothing; undefined: not known.
 * @throws {ImportError} 'import-fernet-key', which says which of them is no key.
 */
export function createRowReader(keys: Sensitive<string> | undefined): RowReader {
  const cipher = cipherOf(keys)
  return {
    fact: cipher.fact,
    read(row) {
      if (isBlanked(row)) return { kind: 'blanked' }
      const refuse = (problem: Problem): RowReading => ({ kind: 'finding', finding: findingOf(row, problem) })
      if (row.unreadable !== undefined) return refuse(unreadableBytes(row.unreadable))
      if (row.key === '') return refuse(NO_ID)
      try {
        return { kind: 'found', found: row.table === 'connection' ? connection(row, cipher) : variable(row, cipher) }
      } catch (error) {
        if (error instanceof RowProblem) return refuse(error.problem)
        throw error
      }
    },
  }
}

interface Problem {
  readonly severity: Finding['severity']
  readonly code: string
  readonly text: string
  readonly hint: string
}

/** Ends the reading of one row. Never leaves this file. */
class RowProblem extends Error {
  override readonly name = 'RowProblem'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.text)
    this.problem = problem
  }
}

export function rowPlace({ table, rowId }: Pick<RawRow, 'table' | 'rowId'>): Origin {
  return { source: 'airflow-db', where: `${table} row ${rowId}`, place: { kind: 'row', table, rowId } }
}

function findingOf(row: RawRow, { severity, code, text, hint }: Problem): Finding {
  return { severity, code, where: rowPlace(row).where, id: row.key === '' ? undefined : row.key, text, hint }
}

function connection(row: RawRow, cipher: Cipher): Found {
  const { columns } = row
  const notes: Note[] = []
  const password = decrypted(row, 'password', 'is_encrypted', cipher)
  const extra = extraOf(decrypted(row, 'extra', 'is_extra_encrypted', cipher))
  const fields: Readonly<Record<string, Json | undefined>> = {
    conn_type: connType(textIn(row, 'conn_type') ?? '', notes),
    description: textIn(row, 'description'),
    host: textIn(row, 'host'),
    login: textIn(row, 'login'),
    password,
    schema: textIn(row, 'schema'),
    port: portOf(columns['port'] ?? null, notes),
    extra,
  }
  const filled = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '')
  return {
    kind: 'connection',
    id: row.key,
    data: sensitive(Object.fromEntries(filled) as JsonObject),
    description: textIn(row, 'description'),
    team: teamOf(row),
    origin: rowPlace(row),
    notes,
  }
}

function variable(row: RawRow, cipher: Cipher): Found {
  const value = decrypted(row, 'val', 'is_encrypted', cipher)
  if (value === undefined) throw new RowProblem(NO_VALUE)
  return {
    kind: 'variable',
    id: row.key,
    data: sensitive({ value }),
    description: textIn(row, 'description'),
    team: teamOf(row),
    origin: rowPlace(row),
    notes: [],
  }
}

function textIn({ columns }: RawRow, name: string): string | undefined {
  const value = columns[name]
  return value === undefined || value === null ? undefined : String(value)
}

/** By its name; an id without one still says that the row belongs to a team. */
function teamOf(row: RawRow): string | undefined {
  return row.team ?? textIn(row, 'team_name') ?? textIn(row, 'team_id')
}

function connType(type: string, notes: Note[]): string {
  const normalised = normalizeConnType(type)
  if (normalised !== type) {
    const text = `its type is ${JSON.stringify(type)} in the database and is stored as ${JSON.stringify(normalised)}, which Airflow makes of it`
    notes.push({ kind: 'normalised', text })
  }
  if (type === '') notes.push({ kind: 'dialect', text: 'it has no type: Airflow reads it, and finds no hook for it' })
  else if (!/^[\w.-]{1,500}$/.test(type)) {
    notes.push({ kind: 'dialect', text: 'its type has characters that no type of a hook has; it is stored as it is' })
  }
  return normalised
}

const HIGHEST_PORT = 65_535

function portOf(port: RawRow['columns'][string], notes: Note[]): number | undefined {
  if (port === null || port === '') return undefined
  const number = typeof port === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(port) ? Number(port) : port
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw new RowProblem(BAD_PORT)
  if (typeof port === 'string')
    notes.push({ kind: 'normalised', text: 'its port is text in the database, and is stored as a number' })
  if (number < 0 || number > HIGHEST_PORT) {
    notes.push({
      kind: 'dialect',
      text: `its port is ${number}, which is none (0 to ${HIGHEST_PORT}); it is stored as it is`,
    })
  }
  return number
}

function extraOf(text: string | undefined): Json | undefined {
  const extra = readExtra(text ?? '')
  switch (extra.kind) {
    case 'none':
      return undefined
    case 'object':
    case 'text':
      return extra.value
    case 'refused':
      throw new RowProblem(badExtra(extra.isJson))
  }
}

/** Undefined for an empty column. Of an encrypted variable Airflow decrypts the empty text too, and fails. */
function decrypted(row: RawRow, column: string, flag: string, cipher: Cipher): string | undefined {
  const value = textIn(row, column)
  const isEncrypted = row.columns[flag] === true
  if (value === undefined || (value === '' && row.table === 'connection')) return value
  return isEncrypted ? cipher.decrypt(value, column) : value
}

interface Cipher {
  readonly fact: string
  /** @throws {RowProblem} */
  decrypt(token: string, column: string): string
}

function cipherOf(keys: Sensitive<string> | undefined): Cipher {
  const count = keys === undefined || keys.reveal().trim() === '' ? 0 : keys.reveal().split(',').length
  if (keys === undefined || count === 0) {
    const fact = keys === undefined ? 'no Fernet key given' : 'Airflow has no Fernet key'
    return {
      fact,
      decrypt(_, column) {
        throw new RowProblem(noKey(column))
      },
    }
  }
  const fernet = fernetOf(keys)
  return {
    fact: count === 1 ? '1 Fernet key' : `${count} Fernet keys`,
    decrypt(token, column) {
      try {
        return fernet.decrypt(token).reveal()
      } catch (error) {
        if (error instanceof FernetError) throw new RowProblem(lostKey(column, count))
        throw error
      }
    },
  }
}

function fernetOf(keys: Sensitive<string>): Fernet {
  try {
    return new Fernet(keys)
  } catch (cause) {
    if (!(cause instanceof FernetError)) throw cause
    throw new ImportError('import-fernet-key', cause.message, {
      hint: 'give the value of [core] fernet_key as it is: all keys, separated by commas',
      cause,
    })
  }
}

function noKey(column: string): Problem {
  return {
    severity: 'error',
    code: 'import-row-encrypted',
    text: `its ${column} is encrypted, and there is no Fernet key`,
    hint: 'give the value of [core] fernet_key with --fernet-key-file',
  }
}

function lostKey(column: string, count: number): Problem {
  const keys = count === 1 ? 'the Fernet key does not open' : `none of the ${count} Fernet keys opens`
  return {
    severity: 'error',
    code: 'import-row-key-lost',
    text: `${keys} its ${column}: it was encrypted with another key, or altered`,
    hint: 'Airflow cannot read it either; add the old key to the list, or enter the value again in Airflow',
  }
}

function unreadableBytes(columns: readonly string[]): Problem {
  return {
    severity: 'error',
    code: 'import-row-bytes',
    text: `its ${columns.join(', ')} ${columns.length === 1 ? 'holds' : 'hold'} bytes that are no text`,
    hint: 'enter the value again in Airflow',
  }
}

function badExtra(isJson: boolean): Problem {
  return {
    severity: 'error',
    code: 'import-row-extra',
    text: `its extra is ${isJson ? 'JSON, but no object' : 'not JSON'}: Airflow 3 cannot use the connection`,
    hint: 'make it a JSON object in Airflow; NaN and Infinity are not JSON',
  }
}

const BAD_PORT: Problem = {
  severity: 'error',
  code: 'import-row-port',
  text: 'its port is not a whole number',
  hint: 'correct it in Airflow',
}

const NO_ID: Problem = {
  severity: 'error',
  code: 'import-row-id',
  text: 'it has no id, and nobody can ask for it',
  hint: 'delete the row, or give it an id',
}

const NO_VALUE: Problem = {
  severity: 'warning',
  code: 'import-row-empty',
  text: 'it has no value, so that Airflow says it does not exist',
  hint: 'give it a value in Airflow, or delete it',
}
