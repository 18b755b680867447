/**
 * Changes in a SQLite file that Airflow may have open at this moment: made by the SQLite of Python, which takes the locks
 * that Airflow takes and can write to a WAL. Where Airflow keeps SQLite, there is a Python.
 *
 * Values go through standard input, never through arguments; what comes back is one word.
 */
import { spawn } from 'node:child_process'
import { ImportError } from '../found.ts'
import { rowChanged, statementFor } from './change-rows.ts'
import type { RowChange } from './database.ts'
import { type Attempt, failed } from './failures.ts'
import { SQLITE, selectForUpdate } from './sql.ts'
import type { Shape } from './tables.ts'

export interface SqliteWriteOptions {
  readonly path: string
  readonly attempt: Attempt
  /** For the lock. */
  readonly timeoutMs: number
  /** Default: `python3`. */
  readonly python?: string
}

/** One transaction: rows are compared as bytes, then changed. */
const PROGRAM = `
import json, sqlite3, sys, urllib.parse
job = json.load(sys.stdin)
def end(word, index=None):
    json.dump({"word": word, "index": index}, sys.stdout)
    sys.exit(0)
def same(cell, want):
    return cell == want.encode(encoding) if isinstance(want, str) else cell == want
try:
    uri = "file:" + urllib.parse.quote(job["path"]) + "?mode=rw"
    db = sqlite3.connect(uri, uri=True, timeout=job["timeout"], isolation_level=None)
    encoding = db.execute("PRAGMA encoding").fetchone()[0]
    db.execute("BEGIN IMMEDIATE")
    for index, change in enumerate(job["changes"]):
        cursor = db.execute(change["select"], [change["id"]])
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
        before = change["before"]
        if (row is None) != (before is None):
            end("changed", index)
        cells = {} if row is None else dict(zip(names, row))
        if not all(name in cells and same(cells[name], want) for name, want in (before or {}).items()):
            end("changed", index)
        try:
            db.execute(change["sql"], change["values"])
        except sqlite3.IntegrityError:
            end("changed", index)
    db.execute("COMMIT")
    end("done")
except sqlite3.OperationalError as error:
    text = str(error)
    end("busy" if "locked" in text else "denied" if "readonly" in text or "unable to open" in text else "failed")
except sqlite3.Error:
    end("failed")
`

/** @throws {ImportError} 'finish-row-changed', 'import-database-busy', 'import-database-permission', 'import-database-python' */
export async function writeSqlite(
  changes: readonly RowChange[],
  shape: Shape,
  options: SqliteWriteOptions,
): Promise<void> {
  const { path, attempt, timeoutMs } = options
  const job = JSON.stringify({
    path,
    timeout: timeoutMs / 1000,
    changes: changes.map((change) => ({
      id: change.rowId,
      before: change.before ?? null,
      select: selectForUpdate(change.table, shape, SQLITE),
      ...statementFor(change, shape, SQLITE),
    })),
  })
  const { word, index } = await runPython(job, options)
  const changed = index === null ? undefined : changes[index]
  if (word === 'done') return
  if (word === 'changed' && changed !== undefined) throw rowChanged(changed)
  if (word === 'busy') throw failed('busy', attempt)
  if (word === 'denied') throw failed('permission', attempt)
  throw new ImportError(
    'import-database-failed',
    `${attempt.label}: SQLite could not make the changes; nothing was changed`,
    {
      hint: 'is the disk full, or the file damaged?',
    },
  )
}

/** For the start of Python and for the changes themselves. */
const SLACK_MS = 60_000

interface Answer {
  readonly word: string
  readonly index: number | null
}

function runPython(job: string, { attempt, timeoutMs, python = 'python3' }: SqliteWriteOptions): Promise<Answer> {
  return new Promise((fulfil, reject) => {
    const child = spawn(python, ['-I', '-c', PROGRAM], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs + SLACK_MS,
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    // The child may be gone before it has read everything: then its status says why.
    child.stdin.on('error', () => undefined)
    child.on('error', () => reject(noPython(attempt)))
    child.on('close', () => {
      const answer = readAnswer(Buffer.concat(chunks).toString('utf8'))
      if (answer === undefined) reject(noPython(attempt))
      else fulfil(answer)
    })
    child.stdin.end(job)
  })
}

function readAnswer(text: string): Answer | undefined {
  const parts = /^\{"word": "(?<word>[a-z]+)", "index": (?:null|(?<index>\d+))\}$/.exec(text)?.groups
  if (parts?.['word'] === undefined) return undefined
  return { word: parts['word'], index: parts['index'] === undefined ? null : Number(parts['index']) }
}

function noPython({ label }: Attempt): ImportError {
  return new ImportError(
    'import-database-python',
    `${label}: nothing was changed, as there is no python3 with SQLite to change it with`,
    {
      hint: 'Airflow may have the file open, and python3 knows its locks; run this where Airflow runs, or install python3',
    },
  )
}
