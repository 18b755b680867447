/**
 * Exports of a real Airflow of each line, in every format, read by Plenum: each object as Airflow has it, but for what a
 * `lossy` note says, and no note that is not so. PLENUM_SEED repeats a run.
 */
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { normalizeConnType } from '../../src/airflow/index.ts'
import { readAirflowExport } from '../../src/importers/airflow-export/index.ts'
import { pythonPlain } from '../../src/importers/airflow-export/python-plain.ts'
import type { Found, Reading } from '../../src/importers/found.ts'
import { readLocatedJson } from '../../src/importers/located-json.ts'
import type { YamlNode } from '../../src/importers/located-tree.ts'
import type { Json } from '../../src/sensitive/index.ts'
import { AIRFLOW_LINES } from './airflow.case.ts'
import { SEED, sample } from './generators.case.ts'
import { runProgram } from './program.case.ts'
import { type ConnectionRow, FERNET_KEY, LOTS, type VariableRow } from './rows.case.ts'

interface Exported {
  readonly files: Readonly<Record<string, string>>
  readonly connections: readonly ConnectionRow[]
  readonly variables: readonly VariableRow[]
  /** After it imported `variables.json`. */
  readonly imported: readonly VariableRow[]
  /** What it reads from the URIs itself. */
  readonly hosts: Readonly<Record<string, string | null>>
  readonly scalars: readonly Readonly<Record<string, string>>[]
}

const NOTHING = { description: null, host: null, login: null, password: null, schema: null, port: null, extra: null }
const AWKWARD: readonly ConnectionRow[] = [
  { conn_type: 'http', host: 'http://API.example.com', port: 8080 },
  { conn_type: 'http', host: 'https://API.example.com/Path?q#f', login: 'u:@/', password: 'p%' },
  { conn_type: 'http', host: 'http://a://b' },
  { conn_type: 'http', host: 'https://h', extra: '{"X-Flag": "true", "n": "12", "empty": ""}' },
  { conn_type: 'https', host: 'https://h' },
  { conn_type: 'SnowFlake', host: 'AB12345.Example.COM', description: 'a: "b"\n# c' },
  { conn_type: 'fs', host: '::1', port: 1 },
  { conn_type: 'sqlite', host: '/Tmp/X.db', port: 0 },
  { conn_type: 'aws', login: '', password: '', schema: '', host: '' },
  { conn_type: 'aws', extra: '{"__extra__": "x", "a b": "c+d&e"}' },
  { conn_type: 'aws', port: 70_000 },
  { conn_type: 'aws', login: 'yes', password: '012', schema: '1:30', host: '~', description: '2026-01-02' },
  { conn_type: 'aws', login: '=', password: '<<', schema: '0o17', host: '1e3', description: '- x' },
  {
    conn_type: 'aws',
    login: ' lead',
    password: 'trail ',
    schema: 'tab\t',
    host: "'",
    description: '\u0085\u2028\uFEFF\u{1F511}',
  },
].map((one, index) => ({ ...NOTHING, ...one, conn_id: `awkward.${index}` }))

const VALUES = [
  '"quoted"',
  '""',
  'null',
  '{"value": 1}',
  '{"value": 1, "unit": "x"}',
  '{"a": {"value": 1, "description": "d"}}',
  ' 12 ',
  '1e3',
  '-0',
  'NaN',
  '[]',
  '0123',
  'True',
  '',
  '{"twice": 1, "twice": 2}',
  '{"é": "\\u00e9"}',
  '1'.repeat(5000),
  '"',
  '"two"x',
]
const AWKWARD_VALUES: readonly VariableRow[] = VALUES.flatMap((val, index) => [
  { key: `awkward.${index}`, val, description: null },
  { key: `awkward.${index}.described`, val, description: `about ${index}` },
])
const PLAIN = `yes Yes yEs y N on OFF True tRue null Null ~ .inf -.INF +.inf .nan .NaN = 0o17 017 0b101 0xFF 1_000
  190:20:30 190:20:30.15 1e3 1.0e+3 2026-01-02 12e03 0x_ 0b_ 0_ 1. -.5 +.5 1_.5`
const SCALARS = [
  ...sample(fc.string({ unit: fc.constantFrom(...'0123456789_.:+-eExb'), minLength: 1, maxLength: 8 }), 3000),
  ...sample(fc.string({ unit: fc.constantFrom(...'01.:'), minLength: 1, maxLength: 6 }), 1000),
  ...PLAIN.split(/\s+/),
].filter((text) => !/^[-:?](?:[-:]*$| )|:$/.test(text))
const connections = [...LOTS.flatMap((lot) => lot.connections), ...AWKWARD]
const variables = [...LOTS.flatMap((lot) => lot.variables), ...AWKWARD_VALUES]

const say = (message: string): boolean => process.stderr.write(`export (PLENUM_SEED=${SEED}): ${message}\n`)
/** Few enough to read, and to compare quickly. */
const firstOf = (different: readonly unknown[]): object => ({ count: different.length, first: different.slice(0, 2) })
const NONE = { count: 0, first: [] }

/** As Python understands it: integers of any size, floats, the last of equal keys. Undefined for what is no JSON. */
function meaning(text: string): string | undefined {
  const node = readLocatedJson({ shown: '', text, findings: [] })
  return node === undefined ? undefined : JSON.stringify(plainOf(node))
}

function plainOf(node: YamlNode): Json {
  switch (node.kind) {
    case 'list':
      return node.items.map((item) => plainOf(item.node))
    case 'map':
      return [...node.entries]
        .map(([key, item]): Json => [key, plainOf(item.node)])
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    case 'scalar': {
      const { text, isPlain } = node
      if (!isPlain) return { text }
      // Python takes no integer of more digits than this from a text.
      if (/^-?\d{1,4300}$/.test(text)) return { int: String(BigInt(text)) }
      return /\d|Inf|NaN/.test(text) ? { float: String(Number(text)) } : text
    }
  }
}

const emptyIsNone = (text: string | null): string | null => (text === '' ? null : text)
const extraOf = (text: string | null): string | null | undefined =>
  text === null || text === '' || meaning(text) === '[]' ? null : meaning(text)

function fieldsOf(row: ConnectionRow): Record<string, unknown> {
  return {
    conn_type: normalizeConnType(row.conn_type ?? ''),
    description: emptyIsNone(row.description),
    host: emptyIsNone(row.host),
    login: emptyIsNone(row.login),
    password: emptyIsNone(row.password),
    schema: emptyIsNone(row.schema),
    port: row.port,
    extra: extraOf(row.extra),
  }
}

function fieldsFound({ data }: Found): Record<string, unknown> {
  const { extra = null, ...fields } = data.reveal()
  const text = extra === null || typeof extra === 'string' ? extra : JSON.stringify(extra)
  return { conn_type: '', ...NOTHING, ...fields, extra: extraOf(text) }
}

const lossy = ({ notes }: Found): string =>
  notes.flatMap(({ kind, text }) => (kind === 'lossy' ? [text] : [])).join('; ')
const find = (reading: Reading): ReadonlyMap<string, Found> => new Map(reading.found.map((one) => [one.id, one]))

describe.each(AIRFLOW_LINES)('exports of Airflow %s', (line) => {
  let exported: Exported
  const read = (name: string): Reading =>
    readAirflowExport([{ shown: name, path: `/hub/${name}`, bytes: Buffer.from(exported.files[name] ?? '') }], {})

  beforeAll(async () => {
    const begin = performance.now()
    exported = JSON.parse(
      await runProgram(line, 'export.py', { fernetKey: FERNET_KEY, connections, variables, scalars: SCALARS }),
    ) as Exported
    say(
      `Airflow ${line} exported ${connections.length} connections and ${variables.length} variables in ${((performance.now() - begin) / 1000).toFixed(1)} s, its start included`,
    )
    expect([exported.connections.length, exported.variables.length]).toEqual([connections.length, variables.length])
  })

  it.each(['connections.json', 'connections.yaml', 'connections-json.env'])(
    '%s: every connection as Airflow has it',
    (name) => {
      const reading = read(name)
      const found = find(reading)
      const different = exported.connections.flatMap((row) => {
        const ours = found.get(row.conn_id)
        const wanted = fieldsOf(row)
        const got = ours === undefined ? undefined : fieldsFound(ours)
        const isSame = JSON.stringify(got, Object.keys(wanted)) === JSON.stringify(wanted, Object.keys(wanted))
        return isSame && ours !== undefined && lossy(ours) === '' ? [] : [{ id: row.conn_id, wanted, got }]
      })
      expect(firstOf(reading.findings)).toEqual(NONE)
      expect(firstOf(different)).toEqual(NONE)
      expect(reading.found).toHaveLength(exported.connections.length)
    },
  )

  it('connections.env: every connection that a URI can express, but for what its note says', () => {
    const reading = read('connections.env')
    const found = find(reading)
    // A key __extra__ of its own is taken for the whole extra, by every reader.
    const inexpressible = exported.connections.filter(
      ({ conn_type, port, extra }) =>
        !/^[a-z][\w-]*$/i.test(conn_type ?? '') || (port ?? 0) > 65_535 || extra?.startsWith('{"__extra__"') === true,
    )
    expect(inexpressible.length).toBeGreaterThan(0)
    expect(reading.findings.map(({ code, id }) => `${code} ${id}`).toSorted()).toEqual(
      inexpressible.map(({ conn_id }) => `import-bad-connection ${conn_id}`).toSorted(),
    )
    const different = exported.connections
      .filter((row) => !inexpressible.includes(row))
      .flatMap((row) => {
        const ours = found.get(row.conn_id)
        const note = ours === undefined ? '' : lossy(ours)
        const { conn_type: type } = row
        const wanted = {
          ...fieldsOf(row),
          ...(note.includes('description') ? { description: null } : {}),
          ...(note.includes('capital letters in its type')
            ? { conn_type: normalizeConnType((type ?? '').toLowerCase()) }
            : {}),
          ...(note.includes('a port of 0') && row.port === 0 ? { port: null } : {}),
        }
        const got = ours === undefined ? undefined : fieldsFound(ours)
        const isSame = JSON.stringify(got, Object.keys(wanted)) === JSON.stringify(wanted, Object.keys(wanted))
        return isSame ? [] : [{ id: row.conn_id, wanted, got }]
      })
    expect(firstOf(different)).toEqual(NONE)
  })

  it.each(['variables.json', 'variables.yaml', 'variables.env'])(
    '%s: every variable, but for what its notes say',
    (name) => {
      const reading = read(name)
      const found = find(reading)
      const nulls = exported.variables.filter(({ val }) => val.trim() === 'null').map(({ key }) => key)
      expect(nulls.length).toBeGreaterThan(0)
      expect(reading.findings.map(({ code, id }) => `${code} ${id}`).toSorted()).toEqual(
        nulls.map((key) => `import-export-null ${key}`).toSorted(),
      )
      const different = exported.variables
        .filter(({ key }) => !nulls.includes(key))
        .flatMap((row) => {
          const ours = found.get(row.key)
          const wrong = ours === undefined ? ['is missing'] : variableDifferences(row, ours, line === '3.3')
          return wrong.length === 0 ? [] : [{ key: row.key, wrong }]
        })
      expect(firstOf(different)).toEqual(NONE)
    },
  )

  it('connections.env: a note says where Airflow itself reads another host', () => {
    const different = read('connections.env').found.flatMap(({ id, data, notes }) => {
      const isSaid = notes.some(({ text }) => text.startsWith("its host is the export's"))
      const host = data.reveal()['host'] ?? ''
      const isOther = host !== (exported.hosts[id] ?? '')
      return isSaid === isOther ? [] : [{ id, host, theirs: exported.hosts[id], isSaid }]
    })
    expect(firstOf(different)).toEqual(NONE)
    expect(Object.keys(exported.hosts).length).toBeGreaterThanOrEqual(connections.length)
  })

  it('variables.json: every variable as Airflow imports it', () => {
    const imported = new Map(exported.imported.map((row) => [row.key, row]))
    const different = read('variables.json').found.flatMap(({ id, data, description = null }) => {
      const theirs = imported.get(id)
      const isSame =
        data.reveal()['value'] === theirs?.val &&
        (line === '2.11' || description === emptyIsNone(theirs?.description ?? null))
      return isSame ? [] : [{ id, ours: data.reveal(), theirs }]
    })
    expect(firstOf(different)).toEqual(NONE)
  })

  it(`reads ${SCALARS.length} plain scalars of YAML as we do`, () => {
    const different = SCALARS.flatMap((text, index) => {
      const [[type, value] = []] = Object.entries(exported.scalars[index] ?? {})
      return isSameScalar(type, value, pythonPlain(text)) ? [] : [{ text, type, value, ours: pythonPlain(text) }]
    })
    expect(firstOf(different)).toEqual(NONE)
  })
})

function variableDifferences(row: VariableRow, ours: Found, keepsAll: boolean): string[] {
  const note = lossy(ours)
  const value = String(ours.data.reveal()['value'])
  const isSaid = {
    json: note.includes('it is JSON') && meaning(value) === meaning(row.val),
    quotes: note.includes('without quotes') && meaning(row.val) === JSON.stringify({ text: value }),
    description: note.includes('no descriptions') && ours.description === undefined,
  }
  return [
    ...(value === row.val || isSaid.json || isSaid.quotes ? [] : ['has another value']),
    ...((ours.description ?? null) === emptyIsNone(row.description) || isSaid.description
      ? []
      : ['has another description']),
    ...(keepsAll && /quotes|no descriptions/.test(note) ? ['is said to have lost what it has not'] : []),
    ...(note.includes('it is JSON') && meaning(row.val) === undefined ? ['is no JSON'] : []),
  ]
}

/** Dates and what it fails over are text to us. */
function isSameScalar(type: string | undefined, value: string | undefined, ours: string | undefined): boolean {
  switch (type) {
    case 'NoneType':
      return ours === 'null'
    case 'bool':
      return ours === value?.toLowerCase()
    case 'int':
      return ours === value
    case 'float':
      return ours !== undefined && !/^-?\d+$/.test(ours) && String(Number(ours)) === String(floatOf(value))
    case undefined:
      return false
    default:
      return ours === undefined
  }
}

function floatOf(text = ''): number {
  return Number(text.replace(/^(-?)inf$/, '$1Infinity'))
}
