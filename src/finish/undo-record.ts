/**
 * What a clean-up takes away, so that it can be put back. Pure.
 *
 *   { format: 1, id, createdAt, source, contextKey: <hex>,
 *     rows:  [{ id, table, rowId, before: {column: value}, after: {…} | null }],
 *     files: [{ path, shown, before: <digest>, after: <digest>,
 *               hunks: [{ names, line, before: <bytes>, after: <bytes>, above: <context>, below: <context> }] }] }
 *
 * `<bytes>` is `{"text": "…"}`, or `{"base64": "…"}` where the lines are not UTF-8. Of the lines around a hunk, which
 * may hold other secrets, there are only keyed digests; the key lies beside them.
 *
 * Invariant: a record that decodes is whole. It holds secrets and lives in Vault and in memory alone.
 */
import type { Columns, RowChange } from '../importers/airflow-db/database.ts'
import {
  type Fingerprint,
  fingerprint,
  type FingerprintKey,
  fingerprintKey,
  type Json,
  sensitive,
} from '../sensitive/index.ts'
import { FinishError } from './errors.ts'
import type { FinishPlan } from './finish-plan.ts'
import { type Hunk, linesOf } from './text-edit.ts'

/** Lines that must be as they were for a place to be known again. */
const CONTEXT_LINES = 2

export interface Context {
  /** Fewer than usual at the ends of the file. */
  readonly lines: number
  readonly digest: string
}

export interface RecordedHunk {
  readonly names: readonly string[]
  /** In the file as the clean-up left it, from 0. */
  readonly line: number
  /** `latin1`. */
  readonly before: string
  readonly after: string
  readonly above: Context
  readonly below: Context
}

export interface RecordedFile {
  readonly path: string
  readonly shown: string
  /** Digests of the whole file. */
  readonly before: string
  readonly after: string
  readonly hunks: readonly RecordedHunk[]
}

export interface RecordedRow {
  readonly id: string
  readonly change: RowChange
}

export interface UndoRecord {
  readonly id: string
  /** Unix ms. */
  readonly createdAt: number
  /** For people: what was cleaned up. */
  readonly source: string
  readonly digests: Digests
  readonly rows: readonly RecordedRow[]
  readonly files: readonly RecordedFile[]
}

/** Keyed digests of `latin1` text. */
export class Digests {
  readonly #bytes: Buffer
  readonly #key: FingerprintKey

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#key = fingerprintKey(bytes)
  }

  of(text: string): Fingerprint {
    return fingerprint(sensitive(text), this.#key)
  }

  above(lines: readonly string[], at: number, count: number = CONTEXT_LINES): Context {
    const there = lines.slice(Math.max(0, at - count), at)
    return { lines: there.length, digest: this.of(there.join('')) }
  }

  below(lines: readonly string[], at: number, count: number = CONTEXT_LINES): Context {
    const there = lines.slice(at, at + count)
    return { lines: there.length, digest: this.of(there.join('')) }
  }

  /** Whether these lines end (`above`) or begin (`below`) as they did. */
  isAbove(lines: readonly string[], at: number, { lines: count, digest }: Context): boolean {
    return (count === CONTEXT_LINES || at === count) && at >= count && this.above(lines, at, count).digest === digest
  }

  isBelow(lines: readonly string[], at: number, { lines: count, digest }: Context): boolean {
    const left = lines.length - at
    return (
      (count === CONTEXT_LINES || left === count) && left >= count && this.below(lines, at, count).digest === digest
    )
  }

  toHex(): string {
    return this.#bytes.toString('hex')
  }
}

export interface RecordOptions {
  readonly id: string
  readonly createdAt: number
  readonly source: string
  /** 32 random bytes. */
  readonly contextKey: Buffer
}

export function recordOf(plan: Pick<FinishPlan, 'rows' | 'files'>, options: RecordOptions): UndoRecord {
  const { id, createdAt, source, contextKey } = options
  const digests = new Digests(contextKey)
  return {
    id,
    createdAt,
    source,
    digests,
    rows: plan.rows.map((row) => ({ id: row.id, change: row.change.reveal() })),
    files: plan.files.map(({ path, shown, before, after, hunks }) => {
      const text = after.reveal().toString('latin1')
      const lines = linesOf(text)
      return {
        path,
        shown,
        before: digests.of(before.reveal().toString('latin1')),
        after: digests.of(text),
        hunks: hunks.reveal().map((hunk) => recordedHunk(hunk, lines, digests)),
      }
    }),
  }
}

function recordedHunk(
  { names, lineAfter, before, after }: Hunk,
  lines: readonly string[],
  digests: Digests,
): RecordedHunk {
  const above = digests.above(lines, lineAfter)
  const below = digests.below(lines, lineAfter + linesOf(after).length)
  return { names, line: lineAfter, before, after, above, below }
}

const FORMAT = 1

export function encodeRecord({ id, createdAt, source, digests, rows, files }: UndoRecord): Json {
  return {
    format: FORMAT,
    id,
    createdAt,
    source,
    contextKey: digests.toHex(),
    rows: rows.map(({ id: name, change: { table, rowId, before, after } }) => ({
      id: name,
      table,
      rowId,
      before: before ?? null,
      after: after ?? null,
    })),
    files: files.map(({ hunks, ...file }) => ({
      ...file,
      hunks: hunks.map(({ before, after, above, below, ...hunk }) => ({
        ...hunk,
        before: encodeBytes(before),
        after: encodeBytes(after),
        above: { ...above },
        below: { ...below },
      })),
    })),
  }
}

/** @throws {FinishError} 'finish-undo-broken'. */
export function decodeRecord(value: Json): UndoRecord {
  const record = new Reader(value, 'the record')
  if (record.number('format') !== FORMAT) {
    const text = 'the undo record is of a form that this version of Plenum does not know'
    throw new FinishError('finish-undo-broken', text, { hint: 'use the version that wrote it, or a newer one' })
  }
  return {
    id: record.text('id'),
    createdAt: record.number('createdAt'),
    source: record.text('source'),
    digests: new Digests(Buffer.from(record.text('contextKey'), 'hex')),
    rows: record.list('rows').map(decodeRow),
    files: record.list('files').map((file) => ({
      path: file.text('path'),
      shown: file.text('shown'),
      before: file.text('before'),
      after: file.text('after'),
      hunks: file.list('hunks').map((hunk) => ({
        names: hunk.texts('names'),
        line: hunk.number('line'),
        before: decodeBytes(hunk.member('before')),
        after: decodeBytes(hunk.member('after')),
        above: decodeContext(hunk.member('above')),
        below: decodeContext(hunk.member('below')),
      })),
    })),
  }
}

function decodeRow(row: Reader): RecordedRow {
  const table = row.text('table')
  if (table !== 'connection' && table !== 'variable') return row.refuse('table')
  const change: RowChange = {
    table,
    rowId: row.number('rowId'),
    before: row.columns('before'),
    after: row.columns('after'),
  }
  return { id: row.text('id'), change }
}

function decodeContext(context: Reader): Context {
  return { lines: context.number('lines'), digest: context.text('digest') }
}

function encodeBytes(latin1: string): Json {
  const bytes = Buffer.from(latin1, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? { text } : { base64: bytes.toString('base64') }
}

function decodeBytes(bytes: Reader): string {
  return bytes.has('text')
    ? Buffer.from(bytes.text('text'), 'utf8').toString('latin1')
    : Buffer.from(bytes.text('base64'), 'base64').toString('latin1')
}

/** Members of known types, or 'finish-undo-broken'. Errors name the member alone. */
class Reader {
  readonly #record: Readonly<Record<string, Json>>
  readonly #name: string

  constructor(value: Json | undefined, name: string) {
    this.#name = name
    this.#record = isObject(value) ? value : this.refuse()
  }

  has(key: string): boolean {
    return this.#record[key] !== undefined
  }

  text(key: string): string {
    const value = this.#record[key]
    return typeof value === 'string' ? value : this.refuse(key)
  }

  number(key: string): number {
    const value = this.#record[key]
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : this.refuse(key)
  }

  list(key: string): Reader[] {
    const value = this.#record[key]
    return isList(value) ? value.map((item) => new Reader(item, `${this.#name}, ${key}`)) : this.refuse(key)
  }

  texts(key: string): string[] {
    const value = this.#record[key]
    if (!isList(value)) return this.refuse(key)
    return value.map((item) => (typeof item === 'string' ? item : this.refuse(key)))
  }

  member(key: string): Reader {
    return new Reader(this.#record[key], `${this.#name}, ${key}`)
  }

  columns(key: string): Columns | undefined {
    const value = this.#record[key]
    if (value === null) return undefined
    if (!isObject(value)) return this.refuse(key)
    const entries = Object.entries(value).map(([name, one]): [string, Columns[string]] =>
      one === null || typeof one !== 'object' ? [name, one] : this.refuse(key),
    )
    return Object.fromEntries(entries)
  }

  refuse(key?: string): never {
    const where = key === undefined ? this.#name : `${this.#name}, ${key}`
    throw new FinishError('finish-undo-broken', `the undo record cannot be read: ${where}`, {
      hint: 'older versions of it may still lie in Vault',
    })
  }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !isList(value)
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
