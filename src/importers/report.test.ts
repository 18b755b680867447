import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../airflow/index.ts'
import { fingerprintKey } from '../sensitive/index.ts'
import { DEFAULT_CONNECTIONS } from './default-connections.ts'
import { connection, envName, found, reading, variable } from './found.case.ts'
import type { Finding, Found } from './found.ts'
import { renderReportMarkdown } from './report-markdown.ts'
import { renderReport, type ReportPaint } from './report-text.ts'
import { type ImportReport, importReport } from './report.ts'
import { selectObjects } from './select.ts'
import { LEFT_OUT_REASONS, type SelectOptions } from './selection.ts'

const OPTIONS: SelectOptions = {
  only: [],
  except: [],
  withDefaults: false,
  rules: { rules: [], map: [], projects: ['trading'], mentions: new Map(), holding: 'unassigned' },
  names: 'secrets',
  classes: ['secret'],
  prefer: undefined,
  key: fingerprintKey(Buffer.alloc(32, 1)),
  declared: new Map(),
}
const same = (text: string): string => text
const PAINT: ReportPaint = { good: same, bad: same, warn: same, dim: same, bold: same }

const classify = (name: string): { kind: 'secret' | 'unknown'; because: string } => ({
  kind: name.endsWith('KEY') ? 'secret' : 'unknown',
  because: 'its name',
})

function reported(
  all: readonly Found[],
  options: Partial<SelectOptions> = {},
  findings: readonly Finding[] = [],
): ImportReport {
  const readings = [{ ...reading(all, findings), label: 'PostgreSQL at db:5432/airflow', facts: ['Airflow 3.3'] }]
  return importReport(readings, selectObjects(readings, { ...OPTIONS, ...options }, classify))
}

const SAMPLE: readonly Found[] = [
  connection('trading_db', { conn_type: 'postgres', password: 'planted-1' }, { where: 'connection row 17' }),
  connection('aws_default', { conn_type: 'aws' }, { where: 'connection row 1' }),
  variable('x_token', 'planted-1', { where: 'variable row 2', notes: [{ kind: 'lossy', text: 'came as a number' }] }),
  variable('twice', 'one', { where: 'variable row 3' }),
  variable('twice', 'two', { where: '.env:4', source: 'env-file' }),
  envName('API_KEY', 'planted-2', { where: '.env:1' }),
  envName('THING', 'planted-3', { where: '.env:2' }),
]

describe('renderReport', () => {
  it('is a line for each object, group by group, and a sum', () => {
    expect(renderReport(reported(SAMPLE), { paint: PAINT, all: false })).toMatchInlineSnapshot(`
      "PostgreSQL at db:5432/airflow: Airflow 3.3, 7 found

      errors
        x twice  has different values: variable row 3, .env:4
            --prefer airflow-db or --prefer env-file says which is right

      the same value under several names
        = connection trading_db: password  =  variable x_token

      to bring in
        + connection  trading_db      trading     named in it; connection row 17
        + variable    x_token         unassigned  nothing says where it belongs; variable row 2
            came as a number
        + secret      unassigned/env  unassigned  nothing says where it belongs; .env:1

      left out: environment variables of another class
        - name        THING  may be a secret or not (its name)  .env:2; --class unknown takes it

      left out: Airflow's own default connections, never edited
        - connection  aws_default  connection row 1; --with-defaults takes it

      7 found: 3 become 3 entries; left out: 4 (1 default and never edited, 1 of another class, 2 in collision); 1 error"
    `)
  })

  it('cuts group by group', () => {
    const all = Array.from({ length: 60 }, (_, index) => variable(`v${index}`))
    const text = renderReport(reported([...all, connection('a b')]), { paint: PAINT, all: false })
    expect(text).toContain('    … and 20 more (--all shows them)')
    expect(text).toContain('  x a b')
    expect(renderReport(reported(all), { paint: PAINT, all: true }).match(/^ {2}\+ /gm)).toHaveLength(60)
  })

  it('lets no id steer the terminal', () => {
    const text = renderReport(reported([variable('a\u001b[2J\u202eb')]), { paint: PAINT, all: false })
    expect(['\u001b', '\u202e'].filter((mark) => text.includes(mark))).toEqual([])
    expect(text).toContain(String.raw`a\u{1b}[2J\u{202e}b`)
  })
})

describe('renderReportMarkdown', () => {
  it('is one table a group', () => {
    expect(renderReportMarkdown(reported(SAMPLE))).toMatchInlineSnapshot(`
      "# Import

      - PostgreSQL at db:5432/airflow, Airflow 3.3, 7 found

      7 found: 3 become 3 entries; left out: 4 (1 default and never edited, 1 of another class, 2 in collision); 1 error

      ## errors: 1

      | kind | name | |
      |---|---|---|
      |  | twice | has different values: variable row 3, .env:4; --prefer airflow-db or --prefer env-file says which is right |

      ## the same value under several names: 1

      | kind | name | |
      |---|---|---|
      |  | connection trading\\_db: password = variable x\\_token |  |

      ## to bring in: 3

      | kind | name | |
      |---|---|---|
      | connection | trading\\_db | trading; named in it; connection row 17 |
      | variable | x\\_token | unassigned; nothing says where it belongs; variable row 2; came as a number |
      | secret | unassigned/env | unassigned; nothing says where it belongs; .env:1 |

      ## left out: environment variables of another class: 1

      | kind | name | |
      |---|---|---|
      | name | THING | may be a secret or not (its name); .env:2; --class unknown takes it |

      ## left out: Airflow's own default connections, never edited: 1

      | kind | name | |
      |---|---|---|
      | connection | aws\\_default | connection row 1; --with-defaults takes it |
      "
    `)
  })

  it('makes no markup of what came from a source', () => {
    const text = renderReportMarkdown(reported([variable('a|b<img>[x](y)`*_')]))
    expect(text).toContain(String.raw`a\|b\<img\>\[x\](y)\`\*\_`)
  })
})

const SHARED = ['trading_db', 'aws_default', 'db', 'DB', 'a', 'a/b', 'a b', 'API_KEY', 'X_HOST']
const sources = ['airflow-db', 'env-file', 'vault'] as const
const anyFound: fc.Arbitrary<Found> = fc
  .record({
    kind: fc.constantFrom('connection', 'variable', 'secret', 'name'),
    id: fc.constantFrom(...SHARED, 'trading/env', 'Bad/x', 'p/__proto__'),
    value: fc.constantFrom('planted-1', 'planted-2', 'v'.repeat(600_000)),
    source: fc.constantFrom(...sources),
    isDefault: fc.boolean(),
  })
  .map(({ kind, id, value, source, isDefault }) => {
    const data: Record<string, JsonObject> = {
      connection: isDefault ? (DEFAULT_CONNECTIONS['aws_default'] ?? {}) : { conn_type: 'http', password: value },
      secret: { x: value },
    }
    return found(kind, id, data[kind] ?? { value }, { source })
  })
const anyOptions: fc.Arbitrary<Partial<SelectOptions>> = fc.record({
  only: fc.subarray(['*', 'connection:*', 'aws_default', 'a*'], { maxLength: 2 }),
  except: fc.subarray(['variable:*', 'db', 'A*'], { maxLength: 1 }),
  withDefaults: fc.boolean(),
  names: fc.constantFrom('secrets', 'variables', 'none'),
  classes: fc.subarray(['secret', 'unknown'] as const),
  prefer: fc.constantFrom(undefined, ...sources),
  declared: fc
    .dictionary(
      fc
        .tuple(fc.constantFrom('connection', 'variable', 'secret'), fc.constantFrom(...SHARED))
        .map((all) => all.join(':')),
      fc.record({ external: fc.boolean(), project: fc.constant('trading') }),
    )
    .map((record) => new Map(Object.entries(record))),
})

it('counts every object once, and shows no value', () => {
  fc.assert(
    fc.property(fc.array(anyFound, { maxLength: 12 }), anyOptions, (all, options) => {
      const report = reported(all, options)
      const { counts } = report
      const left = LEFT_OUT_REASONS.reduce((sum, reason) => sum + counts.leftOut[reason], 0)
      expect(counts.taken + left).toBe(all.length)
      expect(left).toBe(report.leftOut.length)
      expect(counts.entries).toBe(report.entries.length)
      const ids = report.entries.map(({ kind, id }) => `${kind}:${id}`)
      expect(new Set(ids).size).toBe(ids.length)
      const text = [
        JSON.stringify(report),
        renderReport(report, { paint: PAINT, all: true }),
        renderReportMarkdown(report),
      ]
      expect(text.join('')).not.toMatch(/planted|vvvv/)
    }),
    { numRuns: 120 },
  )
})
