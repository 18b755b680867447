/**
 * Rows for a real Airflow's database: everything its own models store, in three lots with the Fernet keys that Airflow
 * had when it wrote them.
 *
 * Left out is what one of the databases refuses (NUL, over 500 characters of host or schema) and what no other place
 * of Airflow could hold (ids beyond `[A-Za-z0-9_.-]`, ids that differ in case alone): the importer's own tests have these.
 */
import * as fc from 'fast-check'
import { connection, id, sample, text } from './generators.case.ts'

export interface ConnectionRow {
  readonly conn_id: string
  /** `null`: the next one of all that the installed providers know. */
  readonly conn_type: string | null
  readonly description: string | null
  readonly host: string | null
  readonly login: string | null
  readonly password: string | null
  readonly schema: string | null
  readonly port: number | null
  /** The text as Airflow stores it, not always as JSON.stringify would write it. */
  readonly extra: string | null
}

export interface VariableRow {
  readonly key: string
  readonly val: string
  readonly description: string | null
}

export interface Lot {
  /** Airflow's `[core] fernet_key` while it writes these. Empty: in clear. */
  readonly fernetKey: string
  readonly connections: readonly ConnectionRow[]
  readonly variables: readonly VariableRow[]
}

const CONNECTIONS = 520
const VARIABLES = 520

const key = (byte: number): string => `${Buffer.alloc(32, byte).toString('base64url')}=`
const OLD_KEY = key(0x5a)
/** The list that Airflow has in the end: new rows under the first, old ones readable with the second. */
export const FERNET_KEY: string = `${key(0xa5)},${OLD_KEY}`
const KEYS = ['', OLD_KEY, FERNET_KEY]

/** What no JSON.stringify makes, and Airflow keeps to the letter. */
const OWN_EXTRAS = [
  '{"id": 12345678901234567890, "small": -9007199254740993}',
  '{"whole": 1.0, "exponent": 1e2, "zero": -0.0, "pi": 3.14159265358979323846264338327950288}',
  '{"tiny": 5e-324, "huge": 1.7976931348623157e+308}',
  '{"twice": 1, "twice": 2}',
  '{\n  "pretty": [\n    1,\n    true,\n    null\n  ]\n}\n',
  String.raw`{"escaped": "\u00e9\ud83d\udd11\/", "ключ": "значение"}`,
  '{}',
  '',
  '{"extra__snowflake__account": "ab12345", "extra__snowflake__insecure_mode": false}',
  '{"extra__google_cloud_platform__keyfile_dict": "{\\"type\\": \\"service_account\\", \\"private_key\\": \\"-----BEGIN\\\\nx\\"}", "extra__google_cloud_platform__num_retries": 5}',
]

const TYPES = [null, null, null, null, null, null, null, 'postgresql', 'google-cloud-platform', 'a type of our own']

const stored = text.map((value) => value.replaceAll('\u0000', ''))
const nullable = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string | null> =>
  fc.option(arbitrary, { nil: null, freq: 5 })
const short = nullable(stored.map((value) => [...value].slice(0, 200).join('')))
const long = fc.oneof(
  { weight: 12, arbitrary: stored },
  { weight: 1, arbitrary: fc.integer({ min: 4_000, max: 30_000 }).map((length) => 'p%w/"\\é'.repeat(length / 7)) },
)

const connectionRow: fc.Arbitrary<ConnectionRow> = fc
  .record({
    base: connection,
    type: fc.constantFrom(...TYPES),
    description: short,
    host: short,
    login: nullable(stored),
    password: nullable(long),
    schema: short,
    extra: fc.option(fc.constantFrom(...OWN_EXTRAS), { nil: undefined, freq: 2 }),
  })
  .map(({ base, type, description, host, login, password, schema, extra }) => {
    const generated = base.extra?.reveal()
    return {
      conn_id: base.connId,
      conn_type: type,
      description,
      host,
      login,
      password,
      schema,
      port: base.port ?? null,
      extra: extra ?? (generated === undefined ? null : JSON.stringify(generated)),
    }
  })

const variableText = fc.oneof(
  { weight: 4, arbitrary: stored },
  { weight: 3, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.constantFrom(...OWN_EXTRAS) },
  { weight: 1, arbitrary: long },
)

function distinct(ids: readonly string[], count: number): string[] {
  return [...new Map(ids.map((one) => [one.toLowerCase(), one])).values()].slice(0, count)
}

function rows(): Lot[] {
  const connIds = distinct(sample(id, CONNECTIONS * 2), CONNECTIONS)
  const keys = distinct(sample(id, VARIABLES * 2).reverse(), VARIABLES)
  const connections = sample(connectionRow, connIds.length)
  const values = sample(variableText, keys.length)
  const descriptions = sample(short, keys.length)
  return KEYS.map((fernetKey, lot) => ({
    fernetKey,
    connections: connIds.flatMap((connId, index) => {
      const one = connections[index]
      return index % KEYS.length !== lot || one === undefined ? [] : [{ ...one, conn_id: connId }]
    }),
    variables: keys.flatMap((name, index) => {
      const val = values[index]
      return index % KEYS.length !== lot || val === undefined
        ? []
        : [{ key: name, val, description: descriptions[index] ?? null }]
    }),
  }))
}

export const LOTS: readonly Lot[] = rows()
export const CONNECTION_IDS: readonly string[] = LOTS.flatMap(({ connections }) =>
  connections.map((one) => one.conn_id),
)
export const VARIABLE_KEYS: readonly string[] = LOTS.flatMap(({ variables }) => variables.map((one) => one.key))
