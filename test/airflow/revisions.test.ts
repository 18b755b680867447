/** Heads of migrations that Plenum knows an Airflow by, against the map that each installed Airflow keeps itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { airflowLines } from '../../src/importers/airflow-db/airflow-line.ts'
import { AIRFLOW_LINES, type AirflowLine, pythonOf } from './airflow.case.ts'

/** Version and head, as they stand in `airflow/utils/db.py`. */
function headsOf(line: AirflowLine): [version: string, head: string][] {
  const lib = join(dirname(dirname(pythonOf(line))), 'lib')
  const [python = ''] = readdirSync(lib).filter((name) => name.startsWith('python3'))
  const text = readFileSync(join(lib, python, 'site-packages/airflow/utils/db.py'), 'utf8')
  const [, map = ''] = /^_REVISION_HEADS_MAP[^=]*= \{([^}]*)\}/m.exec(text) ?? []
  return [...map.matchAll(/"([\d.]+)": "([0-9a-f]+)"/g)].map(([, version = '', head = '']) => [version, head])
}

const OLDEST = 7

describe.each(AIRFLOW_LINES)('Airflow %s', (line) => {
  const heads = headsOf(line).filter(([version]) => {
    const [major = 0, minor = 0] = version.split('.').map(Number)
    return major > 2 || minor >= OLDEST
  })

  it('keeps a map with its own head in it', () => {
    expect(heads.length).toBeGreaterThan(6)
    // 2.11 changed no table.
    expect(heads.map(([version]) => version)).toContain(line === '2.11' ? '2.10.3' : `${line}.0`)
  })

  it.each(heads)('of %s has the head %s, and Plenum knows it by that', (version, revision) => {
    const { lines } = airflowLines({ schema: undefined, connection: [], variable: [], hasTeams: false, revision })
    expect(lines).toContain(version.split('.').slice(0, 2).join('.'))
  })
})
