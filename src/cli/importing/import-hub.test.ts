import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Screen } from '../screen.ts'
import { openImportHub } from './import-hub.ts'
import type { ImportOptions } from './options.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-import-hub-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The Airflow and the provider of the new plenum.yaml, and what was warned of. */
function made(lines: readonly string[] | undefined, more: Partial<ImportOptions> = {}) {
  const warnings: string[] = []
  const screen = { warn: (text: string) => void warnings.push(text) } as unknown as Screen
  const options = { hub: folder, environment: 'dev', ...more } as unknown as ImportOptions
  const { hub } = openImportHub(options, screen, lines).declaring([{ kind: 'variable', id: 'one', project: 'trading' }])
  const { version, provider } = hub.hub.airflow
  return { version, provider, warnings }
}

describe('a new plenum.yaml', () => {
  it.each([
    [['2.11'], '2.11', '4.7'],
    [['3.1'], '3.1', '4.8'],
    [undefined, '3.3', '4.8'],
  ])('says what the database %j is of, and nothing is warned of', (lines, version, provider) => {
    expect(made(lines)).toEqual({ version, provider, warnings: [] })
  })

  it.each([
    [['2.10', '2.11'], '2.11', 'the database may be of Airflow 2.10, 2.11; the new plenum.yaml says 2.11'],
    [['2.7', '3.0'], '3.0', 'the database may be of Airflow 2.7, 3.0; the new plenum.yaml says 3.0'],
    [[], '3.3', 'the database does not tell which Airflow it is of; the new plenum.yaml says 3.3'],
  ])('takes the newest that %j may be, and says so', (lines, version, warning) => {
    expect(made(lines)).toMatchObject({ version, warnings: [warning] })
  })

  it('says what the call says', () => {
    expect(made(['2.10', '2.11'], { airflowVersion: '2.10' })).toMatchObject({ version: '2.10', warnings: [] })
  })
})
