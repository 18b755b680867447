import { describe, expect, it } from 'vitest'
import { type Json, Sensitive, sensitive } from '../sensitive/index.ts'
import { type ProviderGeneration, readStoredConnection, readStoredVariable } from './reading.ts'

type Secret = Readonly<Record<string, Json>>

/** The fields that Airflow gets, or the reason why it gets none. */
function read(secret: Secret, generation: ProviderGeneration): unknown {
  const reading = readStoredConnection('x', sensitive(secret), generation)
  if (reading.kind === 'lost') return reading.reason
  if (reading.kind !== 'connection') return reading
  const fields = Object.entries(reading.connection).map(([name, field]) => [
    name,
    field instanceof Sensitive ? (field.reveal() as Json) : field,
  ])
  return Object.fromEntries(fields.filter(([name, value]) => value !== undefined && name !== 'connId'))
}

const NO_OBJECT = 'its "extra" is not a JSON object'

describe('readStoredConnection (airflow 1.3)', () => {
  it.each<[Secret, unknown, unknown]>([
    // secret, up to 4.7.1, from 4.7.2 on
    [{}, {}, {}],
    [
      { conn_type: 'http', host: 'h', port: 80, extra: { a: [1, 2.5, true] } },
      { connType: 'http', host: 'h', port: 80, extra: { a: [1, 2.5, true] } },
      { connType: 'http', host: 'h', port: 80, extra: { a: [1, 2.5, true] } },
    ],
    [{ conn_type: 'postgresql' }, { connType: 'postgresql' }, { connType: 'postgres' }],
    [
      { conn_type: 'google-cloud-platform' },
      { connType: 'google-cloud-platform' },
      { connType: 'google_cloud_platform' },
    ],
    [{ host: 'h' }, { host: 'h' }, { host: 'h' }],
    [{ port: '5432' }, { port: '5432' }, { port: 5432 }],
    [{ port: '' }, { port: '' }, {}],
    [{ port: 0 }, { port: 0 }, {}],
    [{ port: 'http' }, { port: 'http' }, 'its "port" is not a number'],
    [{ extra: '{"a": 1}' }, { extra: { a: 1 } }, { extra: { a: 1 } }],
    [{ extra: '' }, {}, {}],
    [{ extra: null, host: null }, {}, {}],
    [{ extra: '[1]' }, NO_OBJECT, NO_OBJECT],
    [{ extra: 'text' }, NO_OBJECT, NO_OBJECT],
    [{ extra: [1] }, NO_OBJECT, NO_OBJECT],
    [{ password: 5 }, 'its "password" is not text', 'its "password" is not text'],
    [{ conn_type: 5 }, 'its "conn_type" is not text', 'its "conn_type" is not text'],
    [{ login: 5 }, { login: 5 }, { login: 5 }],
  ])('reads %j', (secret, old, current) => {
    expect(read(secret, 'constructor')).toEqual(old)
    expect(read(secret, 'json')).toEqual(current)
  })

  it.each(['owner', 'rotated_at', 'conn_id', 'extra_dejson', 'team_name', 'value'])(
    'loses a connection with the key %j, in both',
    (key) => {
      const reason = `it has the key "${key}", which no connection has`
      expect(read({ conn_type: 'http', [key]: 'planted' }, 'constructor')).toBe(reason)
      expect(read({ conn_type: 'http', [key]: 'planted' }, 'json')).toBe(reason)
    },
  )

  describe('conn_uri', () => {
    it.each<[Secret, unknown, unknown]>([
      [
        { conn_uri: 'postgresql://u:p@h:1/s?a=1', owner: 'x', port: 'y' },
        { connType: 'postgres', login: 'u', password: 'p', host: 'h', port: 1, schema: 's', extra: { a: '1' } },
        { connType: 'postgres', login: 'u', password: 'p', host: 'h', port: 1, schema: 's', extra: { a: '1' } },
      ],
      [
        { conn_uri: '' },
        'it has the key "conn_uri", which no connection has',
        'it has the key "conn_uri", which no connection has',
      ],
      [{ conn_uri: 5 }, 'its "conn_uri" is not text', 'its "conn_uri" is not text'],
      [{ conn_uri: 'x://u:planted@h:bad' }, 'its URI cannot be read', 'its URI cannot be read'],
      [{ conn_uri: 'x://h?__extra__=planted' }, NO_OBJECT, NO_OBJECT],
      [{ conn_uri: ' {"port": "80"}' }, { connType: '', host: '', schema: '"port": "80"}' }, { port: 80 }],
      [
        { conn_uri: '{planted' },
        { connType: '', host: '', schema: 'planted' },
        'its "conn_uri" starts as JSON and is none',
      ],
    ])('wins over the rest: %j', (secret, old, current) => {
      expect(read(secret, 'constructor')).toEqual(old)
      expect(read(secret, 'json')).toEqual(current)
    })
  })

  describe('uri', () => {
    const fields = { connType: 'x', host: 'h', schema: '' }
    const mixed = 'it has a "uri" and other fields, which cannot be mixed'
    it.each<[Secret, unknown, unknown]>([
      [{ uri: 'x://h' }, fields, fields],
      [{ uri: 'x://h', port: 0, extra: {} }, fields, fields],
      [{ uri: 'x://h', host: '' }, fields, mixed],
      [{ uri: 'x://h', host: 'i' }, mixed, mixed],
      [{ uri: 'x://h', description: 'd' }, { ...fields, description: 'd' }, mixed],
      [{ uri: '', host: 'i' }, { host: 'i' }, mixed],
      [{ uri: null, host: 'i' }, { host: 'i' }, { host: 'i' }],
      [{ uri: 5 }, 'its "uri" is not text', 'its "uri" is not text'],
      [{ uri: 0 }, {}, 'its "uri" is not text'],
      [{ uri: '' }, {}, {}],
    ])('stands alone: %j', (secret, old, current) => {
      expect(read(secret, 'constructor')).toEqual(old)
      expect(read(secret, 'json')).toEqual(current)
    })
  })
})

describe('readStoredVariable', () => {
  it('reads text, whatever else there is', () => {
    const reading = readStoredVariable(sensitive({ value: '', owner: 'x' }))
    expect(reading.kind === 'variable' ? reading.value.reveal() : reading).toBe('')
  })

  it.each<[Secret, string]>([
    [{}, 'it has no "value"'],
    [{ value: null }, 'it has no "value"'],
    [{ Value: 'planted' }, 'it has no "value"'],
    [{ value: 5 }, 'its "value" is not text'],
    [{ value: { planted: 1 } }, 'its "value" is not text'],
  ])('loses %j', (secret, reason) => {
    expect(readStoredVariable(sensitive(secret))).toEqual({ kind: 'lost', reason })
  })
})
