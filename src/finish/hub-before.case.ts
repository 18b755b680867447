/** A small hub before its clean-up, for this folder's tests: files and rows in memory, and readers of both. */
import { isScalar, type Pair, parseDocument, type Scalar, visit } from 'yaml'
import { parseDotenv } from '../hub/index.ts'
import type { Found, Origin, Reading } from '../importers/found.ts'
import type { ImportedEntry } from '../importers/selection.ts'
import { decodeText, type TextFile } from '../importers/text-files.ts'
import { type FingerprintKey, fingerprintKey, sensitive } from '../sensitive/index.ts'
import { FinishError } from './errors.ts'
import type { FileAccess } from './file-access.ts'
import type { FinishInput } from './finish-plan.ts'
import type { Columns, RawRow, RowChange } from '../importers/airflow-db/database.ts'
import type { RowReading, RowStore } from './rows.ts'

export const KEY: FingerprintKey = fingerprintKey(Buffer.alloc(32, 3))

/** The system's own error. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'open' })
}

export class MemoryFiles implements FileAccess {
  readonly contents: Map<string, Buffer> = new Map()
  /** Called before every write. */
  fault: (path: string) => void = () => undefined

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.contents.set(path, Buffer.from(text))
  }

  read(path: string): Buffer {
    const bytes = this.contents.get(path)
    if (bytes === undefined) throw systemError('ENOENT')
    return bytes
  }

  replace(path: string, before: Buffer, after: Buffer): void {
    this.fault(path)
    if (!this.read(path).equals(before)) throw new FinishError('finish-file-changed', `${path} was changed`)
    this.contents.set(path, after)
  }

  texts(): Record<string, string> {
    return Object.fromEntries([...this.contents].map(([path, bytes]) => [path, bytes.toString()]))
  }

  asTextFiles(): Map<string, TextFile> {
    return new Map([...this.contents].map(([path, bytes]) => [path, { path, shown: path.slice(1), bytes }]))
  }
}

export class MemoryRows implements RowStore {
  rows: RawRow[]
  transactions = 0
  fault: (when: 'before' | 'after') => void = () => undefined

  constructor(rows: readonly RawRow[]) {
    this.rows = [...rows]
  }

  async readRows(onRows: (rows: readonly RawRow[]) => void): Promise<void> {
    onRows(this.rows)
    return Promise.resolve()
  }

  async changeRows(changes: readonly RowChange[]): Promise<void> {
    this.fault('before')
    let rows = this.rows
    for (const { table, rowId, before, after } of changes) {
      const there = rows.find((row) => row.table === table && row.rowId === rowId)
      if (JSON.stringify(there?.columns) !== JSON.stringify(before)) throw new Error('a row changed')
      const key = String(before?.['key'] ?? after?.['key'])
      const others = rows.filter((row) => row !== there)
      rows = after === undefined ? others : [...others, { table, rowId, key, columns: after }]
    }
    this.rows = rows.sort((a, b) => a.rowId - b.rowId)
    this.transactions += 1
    this.fault('after')
    return Promise.resolve()
  }
}

export function variableRow(rowId: number, key: string, val: string): RawRow {
  return { table: 'variable', rowId, key, columns: { key, val } }
}

export function readRow(row: RawRow): RowReading {
  const { key, val } = row.columns
  if (val === '') return { kind: 'blanked' }
  const place = { kind: 'row', table: row.table, rowId: row.rowId } as const
  const origin: Origin = { source: 'airflow-db', where: `variable row ${row.rowId}`, place }
  return { kind: 'found', found: found('variable', String(key), String(val), origin) }
}

export function blankRow({ columns }: RawRow): Columns {
  return { ...columns, val: '' }
}

export function readTexts(files: ReadonlyMap<string, TextFile>): Reading[] {
  return [...files.values()].map((file) => {
    const all = /\.ya?ml$/.test(file.path) ? readYaml(file) : readDotenv(file)
    return { source: 'env-file', label: file.shown, facts: [], found: all, findings: [] }
  })
}

function readDotenv(file: TextFile): Found[] {
  const { values } = parseDotenv(decodeText(file).text, { get: () => undefined })
  return [...values].map(([name, { value, line }]) =>
    textFound('env-file', file, { name, line, lastLine: line }, value.reveal()),
  )
}

/** Every `NAME: value` and `- NAME=value` of a file whose name is in capitals; with merges, as compose takes them. */
function readYaml(file: TextFile): Found[] {
  const { text } = decodeText(file)
  const document = parseDocument(text, { merge: true })
  const lineOf = (at = 0): number => text.slice(0, at).split('\n').length
  const all: Found[] = []
  const add = (name: string, node: Scalar, value: unknown): void => {
    const [from, to] = node.range ?? []
    if (!/^[A-Z]\w*$/.test(name)) return
    all.push(textFound('compose', file, { name, line: lineOf(from), lastLine: lineOf(to) }, String(value)))
  }
  visit(document, {
    Pair: (_, { key, value }: Pair) => {
      if (isScalar(key) && isScalar(value)) add(String(key.value), key, value.value)
    },
    Scalar: (key, node) => {
      const [name = '', value] = typeof key === 'number' ? String(node.value).split(/=(.*)/s) : []
      if (value !== undefined) add(name, node, value)
    },
  })
  return all
}

function textFound(
  source: 'env-file' | 'compose',
  file: TextFile,
  place: { readonly name: string; readonly line: number; readonly lastLine: number },
  value: string,
): Found {
  const where = `${file.shown}:${place.line}`
  return found('name', place.name, value, { source, where, place: { kind: 'lines', file: file.path, ...place } })
}

export function found(kind: 'name' | 'variable' | 'connection', id: string, value: string, origin: Origin): Found {
  return { kind, id, data: sensitive({ value }), description: undefined, team: undefined, origin, notes: [] }
}

export function entryFor(one: Found): ImportedEntry {
  return {
    kind: one.kind === 'name' ? 'secret' : one.kind,
    id: one.id,
    project: 'p',
    because: 'rule',
    reason: 'rule *',
    data: one.data,
    metadata: {},
    origins: [one.origin],
    notes: [],
  }
}

/** Everything that the files and rows hold, imported and proven. */
export function inputFor(files: MemoryFiles, rows?: MemoryRows, options: Partial<FinishInput> = {}): FinishInput {
  const now = files.asTextFiles()
  const rowsFound = (rows?.rows ?? []).map(readRow).flatMap((one) => (one.kind === 'found' ? [one.found] : []))
  const database: Reading = { source: 'airflow-db', label: 'db', facts: [], found: rowsFound, findings: [] }
  const imported = [...readTexts(now), database]
  return {
    entries: imported.flatMap((reading) => reading.found.map(entryFor)),
    isProven: () => true,
    pathOf: ({ id }) => `secret/p/${id}`,
    imported,
    key: KEY,
    texts: { mode: 'comment', files: now, reread: (changed) => readTexts(new Map([...now, ...changed])) },
    ...(rows === undefined ? {} : { rows: { now: rows.rows, read: readRow, becomes: blankRow } }),
    ...options,
  }
}
