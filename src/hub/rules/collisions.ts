/**
 * Entries that get in each other's way: at one path, below each other, or one environment variable.
 *
 * A path that is an entry and a folder at once is legal in KV and a trap in Airflow: with teams, `{base}/{team}/{key}`
 * is how the keys of team `x` are found, so `x` beside `x/y` reads as an entry and a team (airflow 1.4). Names that
 * differ only in case are two entries in Vault and one `AIRFLOW_CONN_…`, and one row in MySQL (airflow 2.1, 3.3).
 */
import type { DraftEntry } from '../normalise.ts'
import type { RuleContext } from './rule.ts'

export function checkCollisions({ draft, findings }: RuleContext): void {
  const byPath = new Map<string, DraftEntry>()
  const byEnvName = new Map<string, DraftEntry>()
  for (const one of draft.entries) {
    const { kind, id, path } = one.entry
    const spot = { path: one.path, on: 'key' } as const
    const same = byPath.get(path)
    if (same !== undefined) {
      const text = `two entries would lie at ${path}; the other is in line ${same.entry.at.line} (project ${same.entry.project})`
      findings.error(spot, {
        code: 'hub-same-path',
        text,
        hint: `${kind} ids are shared by all projects: rename one, or declare it once`,
      })
    } else {
      byPath.set(path, one)
    }
    if (kind === 'secret') continue
    const envName = `${kind} ${id.toLowerCase()}`
    const similar = byEnvName.get(envName)
    if (similar !== undefined && similar.entry.id !== id) {
      const text = `this differs only in case from ${similar.entry.id} in line ${similar.entry.at.line}`
      findings.error(spot, {
        code: 'hub-case',
        text,
        hint: 'Airflow has one environment variable for both: rename one',
      })
    } else {
      byEnvName.set(envName, one)
    }
  }
  for (const one of draft.entries) {
    const above = entryAbove(one.entry.path, byPath)
    if (above === undefined) continue
    const text = `this lies below ${above.entry.path}, which is an entry itself (line ${above.entry.at.line})`
    findings.error(
      { path: one.path, on: 'key' },
      { code: 'hub-path-below', text, hint: 'use _ instead of / in the key' },
    )
  }
}

/** The entry whose path is a folder of this one; the nearest. */
function entryAbove(path: string, byPath: ReadonlyMap<string, DraftEntry>): DraftEntry | undefined {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const above = byPath.get(path.slice(0, end))
    if (above !== undefined) return above
  }
  return undefined
}
