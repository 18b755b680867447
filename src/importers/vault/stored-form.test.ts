import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonObject, readStoredConnection, readStoredVariable } from '../../airflow/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import { storedForm } from './stored-form.ts'

function form(kind: 'connection' | 'variable' | 'secret', data: JsonObject) {
  const stored = storedForm(kind, 'x', sensitive(data))
  return stored.kind === 'refused'
    ? { refused: stored.reason }
    : { data: stored.data.reveal(), notes: stored.notes.map(({ kind, text }) => `${kind}: ${text}`) }
}

describe('a connection', () => {
  it('of the eight fields stays as it is', () => {
    const data = { conn_type: 'http', host: 'H', login: 'l', password: 'p', port: 443, schema: 's', extra: { a: [1] } }
    expect(form('connection', data)).toEqual({ data, notes: [] })
  })

  it('as the Vault command line writes it gets its types', () => {
    const data = { conn_type: 'postgresql', port: '5432', extra: '{"a": 1}', host: '' }
    const stored = form('connection', data)
    expect(stored.data).toEqual({ conn_type: 'postgres', port: 5432, extra: { a: 1 } })
    expect(stored.notes).toEqual([
      'normalised: its type "postgresql" is read as "postgres"',
      'normalised: its port is a text and becomes a number, as Airflow reads it',
    ])
  })

  it('as a URI becomes the eight fields, with what a URI loses', () => {
    const stored = form('connection', { conn_uri: 'postgresql://u:p%2Fw@DB.Example.com:1/s?a=b', note: 'secret-note' })
    expect(stored.data).toEqual({
      conn_type: 'postgres',
      host: 'db.example.com',
      login: 'u',
      password: 'p/w',
      port: 1,
      schema: 's',
      extra: { a: 'b' },
    })
    expect(stored.notes?.[0]).toContain('"note" beside conn_uri')
    expect(stored.notes?.[1]).toMatch(/^lossy: it is a URI, which has no description/)
    expect(form('connection', { uri: 'http://h/' }).data).toEqual({ conn_type: 'http', host: 'h' })
    expect(form('connection', { conn_uri: '{"conn_type": "http"}' }).data).toEqual({ conn_type: 'http' })
  })

  it('that Airflow loses for strange keys is brought without them, and that is said', () => {
    const stored = form('connection', { conn_type: 'http', owner: 'planted-owner', conn_uri: '' })
    expect(stored.data).toEqual({ conn_type: 'http' })
    expect(stored.notes).toHaveLength(1)
    expect(stored.notes?.[0]).toMatch(/^kept-aside: "owner", "conn_uri" is no field .* Airflow loses/)
    expect(stored.notes?.[0]).not.toContain('planted')
  })

  it.each([
    [{}],
    [{ owner: 'planted' }],
    [{ conn_type: 'http', port: 'planted' }],
    [{ conn_type: 'http', extra: 'planted' }],
    [{ conn_type: 'http', extra: '[1]' }],
    [{ conn_uri: 'http://planted:pa#ss@host/x' }],
    [{ conn_type: 'http', host: ['planted'] }],
    [{ conn_type: 'http', password: 1234567 }],
    [{ conn_type: 'http', extra: { id: 2 ** 60 } }],
    [{ conn_type: 'http', uri: 'http://planted' }],
  ])('that nobody could read is refused without a word of it: %#', (data) => {
    const { refused } = form('connection', data)
    expect(refused).toBeDefined()
    expect(refused).not.toMatch(/planted|1234567/)
  })

  it.each(['{"id": 12345678901234567890}', '{"timeout": 1.0}'])('keeps %s as the text of its extra', (extra) => {
    expect(form('connection', { conn_type: 'http', extra })).toEqual({
      data: { conn_type: 'http', extra },
      notes: ['normalised: its extra stays a text: as an object its numbers would change'],
    })
  })

  it('reads the same before and after, for both generations of the backend', () => {
    const text = fc.string({ minLength: 1, maxLength: 6 })
    const record = fc.record(
      {
        conn_type: fc.constantFrom('http', 'postgresql', 'google-cloud-platform'),
        host: text,
        login: text,
        password: text,
        port: fc.oneof(
          fc.nat(65_535).filter((port) => port > 0),
          fc
            .nat(65_535)
            .filter((port) => port > 0)
            .map(String),
        ),
        extra: fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
          fc.oneof(fc.integer(), text),
          { minKeys: 1 },
        ),
      },
      { requiredKeys: ['conn_type'] },
    )
    fc.assert(
      fc.property(record, (data) => {
        const stored = storedForm('connection', 'x', sensitive(data as JsonObject))
        if (stored.kind === 'refused') throw new Error(stored.reason)
        const before = readStoredConnection('x', sensitive(data as JsonObject), 'json')
        for (const generation of ['json', 'constructor'] as const) {
          const after = readStoredConnection('x', stored.data, generation)
          expect(clear(after)).toEqual(clear(before))
        }
      }),
    )
  })
})

function clear(reading: ReturnType<typeof readStoredConnection>): unknown {
  if (reading.kind !== 'connection') return reading
  const { password, extra, ...rest } = reading.connection
  return { ...rest, password: password?.reveal(), extra: extra?.reveal() }
}

describe('an extra in a URI', () => {
  it.each(['uri', 'conn_uri'])('of %s keeps its own text where its numbers would change', (key) => {
    const extra = '{"id": 12345678901234567890}'
    const { data, notes } = form('connection', { [key]: `http://h/?__extra__=${encodeURIComponent(extra)}` })
    expect(data).toEqual({ conn_type: 'http', host: 'h', extra })
    expect(notes?.at(-1)).toContain('its extra stays a text')
  })
})

describe('a variable', () => {
  it('is its text', () => {
    expect(form('variable', { value: 'v' })).toEqual({ data: { value: 'v' }, notes: [] })
    expect(form('variable', { value: '' })).toEqual({ data: { value: '' }, notes: [] })
  })

  it('of another type becomes text that Airflow can hand out', () => {
    const stored = form('variable', { value: { a: 1 }, owner: 'planted' })
    expect(stored.data).toEqual({ value: '{"a":1}' })
    expect(stored.notes?.join()).toMatch(/"owner" beside value.*becomes one, as JSON/)
    expect(stored.notes?.join()).not.toContain('planted')
    expect(readStoredVariable(sensitive(stored.data ?? {})).kind).toBe('variable')
  })

  it('without a value is refused', () => {
    expect(form('variable', { other: 'x' }).refused).toContain('no "value"')
    expect(form('variable', { value: null }).refused).toContain('no "value"')
  })
})

describe('a secret', () => {
  it('stays as it is, but not with numbers that lost digits', () => {
    expect(form('secret', { a: { b: [null, 1.5, true] } }).data).toEqual({ a: { b: [null, 1.5, true] } })
    expect(form('secret', { a: [{ b: 2 ** 60 }] }).refused).toContain('more digits')
  })
})
