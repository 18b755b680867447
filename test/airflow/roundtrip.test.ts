/**
 * Everything that Plenum stores arrives in Airflow as it was: random connections and variables, written with our codec
 * to a Vault over HTTP, and read back by the real VaultBackend of both provider lines; compared field by field and type
 * by type.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, normalizeConnType, storedConnection, storedVariable } from '../../src/airflow/index.ts'
import { mapBounded } from '../../src/concurrency/index.ts'
import { canonicalJson, type Json, type Sensitive, sensitive } from '../../src/sensitive/index.ts'
import { writeSecret } from '../../src/vault/index.ts'
import { AIRFLOW_LINES, type AirflowLine } from './airflow.case.ts'
import { connection, id, SEED, sample, text } from './generators.case.ts'
import { runProgram } from './program.case.ts'
import { openTestVault, type TestVault } from './vault.case.ts'

const CONNECTIONS = 1600
const VARIABLES = 700
const PATHS = { connections: 'airflow/connections', variables: 'airflow/team a/variables' }

/** Ids that differ in anything but case are different secrets. */
function distinct<T>(items: readonly T[], idOf: (item: T) => string, count: number): T[] {
  return [...new Map(items.map((item) => [idOf(item), item])).values()].slice(0, count)
}

const connections = distinct(sample(connection, CONNECTIONS * 2), ({ connId }) => connId, CONNECTIONS)
const keys = distinct(sample(id, VARIABLES * 2), (key) => key, VARIABLES)
const values = sample(text, keys.length)
const variables = keys.map((key, index) => ({ key, value: values[index] ?? '' }))
/** Nobody wrote these: not found, rather than a neighbour's. */
const absent = ['absent', 'ABSENT', 'absent.', `${'y'.repeat(199)}-`].filter(
  (name) => !connections.some(({ connId }) => connId === name),
)

interface Line {
  readonly kind: 'connection' | 'variable'
  readonly id: string
  readonly class: string
  readonly found: Json
}

/** As read_backend.py tags what it gets. */
function typed(value: Json | undefined): Json {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return { str: value }
  if (typeof value === 'boolean') return { bool: value }
  // Its JSON text counts: Python takes one without point and exponent for an int, of any size.
  if (typeof value === 'number') return /^-?\d+$/.test(String(value)) ? { int: String(value) } : { float: value }
  if (Array.isArray(value)) return { list: value.map(typed) }
  return {
    dict: Object.fromEntries(
      Object.entries(value as Readonly<Record<string, Json>>).map(([key, item]) => [key, typed(item)]),
    ),
  }
}

/** What Airflow must get. An empty field is an absent one; a port of 0 is none for providers from 4.7.2 on. */
function expected(one: Connection, line: AirflowLine): Json {
  const { connType, description, host, login, password, schema, port, extra } = one
  const filled = (value: string | undefined): Json => typed(value === '' ? undefined : value)
  const clearExtra = extra?.reveal() ?? {}
  return {
    conn_type: filled(normalizeConnType(connType)),
    description: filled(description),
    host: filled(host),
    login: filled(login),
    password: filled(password?.reveal()),
    schema: filled(schema),
    port: typed(port === 0 && line === '3.3' ? undefined : port),
    extra: typed(Object.keys(clearExtra).length === 0 ? undefined : clearExtra),
  }
}

/** Few enough to read, and to compare quickly. */
const firstOf = (different: readonly unknown[]): object => ({ count: different.length, first: different.slice(0, 2) })
const NONE = { count: 0, first: [] }

let vault: TestVault
const say = (message: string): boolean => process.stderr.write(`round trip (PLENUM_SEED=${SEED}): ${message}\n`)

beforeAll(async () => {
  vault = await openTestVault()
  const secrets: readonly { readonly path: string; readonly data: Sensitive<Readonly<Record<string, Json>>> }[] = [
    ...connections.map((one) => ({ path: `${PATHS.connections}/${one.connId}`, data: storedConnection(one) })),
    ...variables.map(({ key, value }) => ({
      path: `${PATHS.variables}/${key}`,
      data: storedVariable(sensitive(value)),
    })),
  ]
  const begin = performance.now()
  await mapBounded(secrets, 16, ({ path, data }) => writeSecret(vault.client, vault.mount, path, data, 0))
  say(`${secrets.length} secrets written to ${vault.name} in ${seconds(begin)}`)
})
afterAll(() => vault.close())

const seconds = (begin: number): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`

describe.each(AIRFLOW_LINES)('Airflow %s', (line) => {
  /** One look-up for each class, by kind and name. */
  const found = new Map<string, Line[]>()
  const classes = line === '2.11' ? ['model'] : ['model', 'sdk']

  beforeAll(async () => {
    const begin = performance.now()
    const output = await runProgram(line, 'read_backend.py', {
      kwargs: {
        url: vault.address,
        token: vault.token.reveal(),
        mount_point: vault.mount,
        connections_path: PATHS.connections,
        variables_path: PATHS.variables,
      },
      connections: [...connections.map(({ connId }) => connId), ...absent],
      variables: [...keys, ...absent],
    })
    const lines = output
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Line)
    for (const one of lines) {
      const name = `${one.kind}:${one.id}`
      found.set(name, [...(found.get(name) ?? []), one])
    }
    say(`Airflow ${line} made ${lines.length} look-ups in ${seconds(begin)}, its start included`)
  })

  const foundFor = (kind: Line['kind'], name: string): readonly Line[] => found.get(`${kind}:${name}`) ?? []

  it(`gets each of ${connections.length} connections as it was generated`, () => {
    const different = connections.flatMap((one) => {
      const wanted = canonicalJson(expected(one, line))
      const got = foundFor('connection', one.connId)
      const wrong = got.filter((reading) => canonicalJson(reading.found) !== wanted)
      return got.length === classes.length && wrong.length === 0 ? [] : [{ id: one.connId, wanted, wrong }]
    })
    expect(firstOf(different)).toEqual(NONE)
  })

  it(`gets each of ${variables.length} variables as it was generated`, () => {
    const different = variables.flatMap(({ key, value }) => {
      const [got] = foundFor('variable', key)
      return got !== undefined && canonicalJson(got.found) === canonicalJson(typed(value)) ? [] : [{ key, value, got }]
    })
    expect(firstOf(different)).toEqual(NONE)
  })

  it('gets nothing for names that were not written', () => {
    const lines = absent.flatMap((name) => [...foundFor('connection', name), ...foundFor('variable', name)])
    expect(lines).toHaveLength(absent.length * (classes.length + 1))
    expect(lines.filter((one) => one.found !== null)).toEqual([])
  })
})

it('tried at least 2,000 secrets', () => {
  expect(connections.length + variables.length).toBeGreaterThanOrEqual(2000)
})
