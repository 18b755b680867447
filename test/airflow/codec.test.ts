/**
 * Our reading of Airflow's forms beside Airflow's own: URIs, stored secrets of all kinds, and Fernet tokens beside
 * python-cryptography's. One Python process a line.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  AirflowFormatError,
  type Connection,
  Fernet,
  formatConnectionUri,
  parseConnectionUri,
  type ProviderGeneration,
  readStoredConnection,
} from '../../src/airflow/index.ts'
import { canonicalJson, type Json, Sensitive, sensitive } from '../../src/sensitive/index.ts'
import { AIRFLOW_LINES, type AirflowLine } from './airflow.case.ts'
import { foreignSecret, SEED, sample, text, uri, uriConnection } from './generators.case.ts'
import { runProgram } from './program.case.ts'

type JsonObject = Readonly<Record<string, Json>>

/** Airflow's fields, or the exception that it raised. */
type Real = JsonObject & { readonly error?: string }

interface Answer {
  /** For each URI, by Connection class: `model`, and `sdk` in Airflow 3. */
  readonly uris: readonly Readonly<Record<string, Real>>[]
  readonly stored: readonly Readonly<Record<string, Real>>[]
  readonly fernet: {
    readonly plains: readonly string[]
    readonly tokens: readonly string[]
    readonly last: readonly string[]
  }
}

const GOLDEN = [
  'postgresql://U:p%2Fw@DB.Example.COM:5432/My%20Db?sslmode=require',
  'google_cloud_platform://?key=1',
  'google-cloud-platform://?key=1',
  'https://api.x.com',
  'http://https://api.x.com',
  'http://https://u:p@host',
  'http://u:p@https://host',
  'a://b://c://d',
  'http://user:pa#ss@host/x',
  'my://l:pa/ss@h',
  'x://u:a+b@h/?k=a+b&k=c&e=',
  'sqlite:///tmp/x.db',
  'sqlite://%2Ftmp%2Fx.db',
  'mongo://u:p@h1:27017,h2:27017/db',
  'x://@:33/',
  'x://h:99999',
  'x://[::1]:80/',
  'aws://AK:se%2Fcret@/?__extra__=%7B%22a%22%3A1%7D',
  'x://h?__extra__=%5B1%5D',
  'x://h?__extra__=notjson',
  'x://u:@h',
  'X://https://h',
  'x://x://h',
]

const GOLDEN_STORED: readonly JsonObject[] = [
  {},
  { conn_type: 'postgresql', port: '5432', extra: '{"a": 1}' },
  { conn_type: 'google-cloud-platform', port: 5432, extra: { a: [1, 2.5, true, null] } },
  { host: 'h' },
  { conn_type: 'http', owner: 'x' },
  { conn_type: 'http', conn_id: 'x' },
  { conn_type: 'http', team_name: 'x' },
  { conn_uri: 'postgresql://u:p@h:5432/db', owner: 'ignored' },
  { conn_uri: '' },
  { conn_uri: null, conn_type: 'http' },
  { conn_uri: '{"conn_type": "http", "port": "80"}' },
  { conn_uri: 5 },
  { uri: 'x://h' },
  { uri: 'x://h', host: '' },
  { uri: 'x://h', host: 'h' },
  { uri: 'x://h', description: 'd' },
  { conn_type: 'http', port: '' },
  { conn_type: 'http', port: 'http' },
  { conn_type: 'http', port: 80.9 },
  { conn_type: 'http', port: 0 },
  { conn_type: 'http', extra: '[1]' },
  { conn_type: 'http', extra: 'text' },
  { conn_type: 'http', extra: [1] },
  { conn_type: 'http', extra: '' },
  { conn_type: 'http', password: 5 },
  { conn_type: 5 },
]

const uris = [...GOLDEN, ...sample(uri, 1500)]
const written = sample(uriConnection, 400)
const stored = [...GOLDEN_STORED, ...sample(foreignSecret, 1500)]

const KEYS = [1, 2, 3].map((byte) =>
  Buffer.alloc(32, byte * 37)
    .toString('base64url')
    .concat('='),
)
const fernet = new Fernet(sensitive(KEYS.join(',')))
const plains = [...sample(text, 50), '', 'a'.repeat(16), 'x'.repeat(10_000)]
const tokens = plains.map((plain, index) =>
  // Every key has made some of the tokens.
  new Fernet(sensitive(KEYS[index % KEYS.length] ?? '')).encrypt(sensitive(plain), {
    now: 1_000_000_000_000 + index,
    iv: Buffer.alloc(16, index),
  }),
)

const GENERATIONS: Readonly<Record<AirflowLine, ProviderGeneration>> = { '2.11': 'constructor', '3.3': 'json' }

/** Whether text around square brackets is refused depends on the patch of Python: what we refuse is not compared. */
const BRACKETS = /[[\]]/

const FIELDS = ['conn_type', 'description', 'host', 'login', 'password', 'schema', 'port', 'extra'] as const

/** Fields by Airflow's names, clear, without the absent ones. Empty text is kept. */
function clearFields(connection: Readonly<Record<string, unknown>>): JsonObject {
  const { connType, ...rest } = connection
  const named: Readonly<Record<string, unknown>> = { ...rest, conn_type: connType }
  const clear = FIELDS.map((field) => [
    field,
    named[field] instanceof Sensitive ? (named[field] as Sensitive<Json>).reveal() : named[field],
  ])
  return Object.fromEntries(clear.filter(([, value]) => value !== undefined)) as JsonObject
}

/** The same of a real one; `undefined` where Plenum counts the connection as lost. */
function realFields(real: Real): JsonObject | undefined {
  if (real.error !== undefined) return undefined
  const { extra, password, ...rest } = real
  const parsed = typeof extra === 'string' && extra !== '' ? parseObject(extra) : {}
  if (parsed === undefined) return undefined
  const kept = Object.entries(rest).filter(([, value]) => value !== null)
  const secret = password === '' || typeof password !== 'string' ? [] : [['password', password] as const]
  return Object.fromEntries([
    ...kept,
    ...secret,
    ...(Object.keys(parsed).length === 0 ? [] : [['extra', parsed] as const]),
  ])
}

function parseObject(json: string): JsonObject | undefined {
  try {
    const value = JSON.parse(json) as Json
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The server model of Airflow 3.3 takes plain query values for JSON where they are. */
function typedExtra(fields: JsonObject): JsonObject {
  const extra = Object.entries((fields['extra'] ?? {}) as JsonObject).map(([key, value]) => [
    key,
    typeof value === 'string' && value !== '' ? jsonOr(value) : value,
  ])
  return { ...fields, ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) as JsonObject }) }
}

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

function withoutEmpty(fields: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([key, value]) => value !== '' && !(key === 'extra' && Object.keys(value as JsonObject).length === 0),
    ),
  )
}

function ours(text: string): JsonObject | undefined {
  try {
    const fields = clearFields({ ...parseConnectionUri('x', sensitive(text)) })
    const { extra, ...rest } = fields
    return extra === undefined || Object.keys(extra as JsonObject).length === 0 ? rest : fields
  } catch (error) {
    if (error instanceof AirflowFormatError) return undefined
    throw error
  }
}

const same = (a: JsonObject | undefined, b: JsonObject | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b)

describe.each(AIRFLOW_LINES)(`Airflow %s (seed ${SEED})`, (line) => {
  let answer: Answer

  beforeAll(async () => {
    const asked = [...uris, ...written.map((one) => formatConnectionUri(one).reveal())]
    answer = JSON.parse(
      await runProgram(line, 'codec.py', { uris: asked, stored, fernet: { keys: KEYS.join(','), tokens, plains } }),
    ) as Answer
  })

  it('takes every URI as parseConnectionUri does, or both refuse', () => {
    const different = uris.flatMap((text, index) => {
      const expected = ours(text)
      if (expected === undefined && BRACKETS.test(text)) return []
      const variants = expected === undefined ? [undefined] : [expected, typedExtra(expected)]
      return Object.entries(answer.uris[index] ?? {})
        .filter(
          ([kind, real]) =>
            !variants
              .slice(0, kind === 'model' && line === '3.3' ? 2 : 1)
              .some((variant) => same(variant, realFields(real))),
        )
        .map(([kind, real]) => ({ kind, text, expected, real }))
    })
    expect({ count: different.length, first: different.slice(0, 3) }).toEqual({ count: 0, first: [] })
    const read = uris.filter((text) => ours(text) !== undefined).length
    expect(read).toBeGreaterThan(uris.length / 5)
    expect(read).toBeLessThan((uris.length * 9) / 10)
  })

  it('reads a URI of formatConnectionUri back as the connection that it was', () => {
    const different = written.flatMap((connection: Connection, index) => {
      const { description: _, ...rest } = clearFields({ ...connection })
      const expected = withoutEmpty({
        ...rest,
        conn_type: rest['conn_type'] === 'postgresql' ? 'postgres' : (rest['conn_type'] ?? ''),
      })
      return Object.entries(answer.uris[uris.length + index] ?? {})
        .filter(([, real]) => !same(expected, withoutEmpty(realFields(real) ?? { lost: true })))
        .map(([kind, real]) => ({ kind, expected, real }))
    })
    expect({ count: different.length, first: different.slice(0, 3) }).toEqual({ count: 0, first: [] })
  })

  it('takes every stored secret as readStoredConnection does', () => {
    const different = stored.flatMap((secret, index): unknown[] => {
      const reading = readStoredConnection('x', sensitive(secret), GENERATIONS[line])
      if (
        reading.kind === 'lost' &&
        [secret['uri'], secret['conn_uri']].some((one) => typeof one === 'string' && BRACKETS.test(one))
      )
        return []
      const type = secret['conn_type']
      // Handed on or not, no hook is found for it.
      if (reading.kind === 'lost' && type !== undefined && type !== null && typeof type !== 'string') return []
      const all = Object.entries(answer.stored[index] ?? {})
      const fields = all.map(([, real]) => realFields(real))
      if (reading.kind === 'lost') return fields.includes(undefined) ? [] : [{ secret, reading, all }]
      if (reading.kind !== 'connection') return [{ secret, reading, all }]
      const expected = withoutEmpty(clearFields({ ...reading.connection }))
      const agrees = fields.every(
        (real) =>
          real !== undefined && [expected, typedExtra(expected)].some((variant) => same(variant, withoutEmpty(real))),
      )
      return agrees ? [] : [{ secret, expected, all }]
    })
    expect({ count: different.length, first: different.slice(0, 3) }).toEqual({ count: 0, first: [] })
    const lost = stored.filter(
      (secret) => readStoredConnection('x', sensitive(secret), GENERATIONS[line]).kind === 'lost',
    ).length
    expect(lost).toBeGreaterThan(stored.length / 5)
    expect(lost).toBeLessThan((stored.length * 4) / 5)
  })

  it('opens our Fernet tokens, and we open its', () => {
    expect(answer.fernet.plains).toEqual(plains)
    expect(answer.fernet.tokens.map((token) => fernet.decrypt(token).reveal())).toEqual(plains)
    expect(answer.fernet.last.map((token) => fernet.decrypt(token).reveal())).toEqual(plains)
  })
})
