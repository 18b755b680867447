import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Found, Reading } from '../found.ts'
import { readAirflowSettings } from './index.ts'

function read(text: string | Buffer): Reading {
  const bytes = Buffer.from(text)
  return readAirflowSettings([{ shown: 'airflow_settings.yaml', path: '/hub/airflow_settings.yaml', bytes }])
}

function connections(...lines: string[]): string {
  return `airflow:\n  connections:\n${lines.map((line) => `    ${line}\n`).join('')}`
}

function only({ found }: Reading): Found {
  expect(found).toHaveLength(1)
  return found[0] as Found
}

function codes({ findings }: Reading): unknown[] {
  return findings.map(({ severity, code, where, id }) => [severity, code, where, id])
}

function notes({ found }: Reading): string[] {
  return found.flatMap((one) => one.notes.map(({ text }) => text))
}

function variable(value: string): Reading {
  return read(`airflow:\n  variables:\n    - variable_name: a\n      variable_value: ${value}\n`)
}

/** As `astro dev init` writes it. */
const TEMPLATE = `airflow:
  connections:
    - conn_id:
      conn_type:
      conn_host:
      conn_schema:
      conn_login:
      conn_password:
      conn_port:
      conn_uri:
      conn_extra:
        example_extra_field: example-value
  pools:
    - pool_name:
      pool_slot:
      pool_description:
  variables:
    - variable_name:
      variable_value:
`

describe('airflow_settings.yaml', () => {
  it('gives connections and variables, with their places', () => {
    const reading = read(`airflow:
  connections:
    - conn_id: my_db
      conn_type: postgres
      conn_host: db.example.com
      conn_schema: app
      conn_login: u
      conn_password: "p@w"
      conn_port: 5432
      conn_extra: '{"sslmode": "require"}'
  pools:
    - pool_name: big
      pool_slot: 5
      pool_description: ""
  variables:
    - variable_name: report_day
      variable_value: monday
      variable_description: when the report goes out
`)
    expect(reading.found.map(({ kind, id, data, description }) => [kind, id, data.reveal(), description])).toEqual([
      [
        'connection',
        'my_db',
        {
          conn_type: 'postgres',
          host: 'db.example.com',
          schema: 'app',
          login: 'u',
          password: 'p@w',
          port: 5432,
          extra: { sslmode: 'require' },
        },
        undefined,
      ],
      ['variable', 'report_day', { value: 'monday' }, 'when the report goes out'],
    ])
    expect(reading.found[0]?.origin).toEqual({
      source: 'airflow-settings',
      where: 'airflow_settings.yaml:3:5',
      place: { kind: 'file', file: '/hub/airflow_settings.yaml' },
    })
    expect([reading.findings, notes(reading), reading.facts]).toEqual([
      [],
      [],
      ['1 pool of airflow_settings.yaml, left out'],
    ])
  })

  it.each([
    ['', 'nothing'],
    ['# nothing\n', 'a comment'],
    ['airflow:\n', 'no lists'],
    [TEMPLATE, 'the template'],
  ])('%# has nothing, and nothing is said: %s', (text) => {
    expect(read(text)).toMatchObject({ found: [], findings: [], facts: [] })
  })

  it('is read in CR LF, with a byte order mark, with keys in any case and with one mapping for a list', () => {
    const text = '\uFEFFAirflow:\r\n  Connections:\r\n    CONN_ID: a\r\n    conn_uri: http://h\r\n'
    expect(only(read(text)).data.reveal()).toEqual({ conn_type: 'http', host: 'h' })
  })

  it('takes the extra of a mapping in full, and says that the Astro CLI does not', () => {
    const reading = read(
      connections('- conn_id: a', '  conn_type: http', '  conn_extra: {Key: x, "n": {big: 9007199254740993}}'),
    )
    expect(only(reading).data.reveal()['extra']).toBe('{"Key":"x","n":{"big":9007199254740993}}')
    expect(notes(reading)[0]).toContain('hands on only a part')
    const small = read(connections('- conn_id: a', '  conn_type: http', '  conn_extra: {Key: x, on: [1, true]}'))
    expect(only(small).data.reveal()['extra']).toEqual({ Key: 'x', on: [1, true] })
  })

  it('takes a URI alone, and its extra from beside it', () => {
    const uri = 'postgresql://u:p@h:5432/s?sslmode=require'
    expect(only(read(connections('- conn_id: a', `  conn_uri: ${uri}`))).data.reveal()).toMatchObject({
      conn_type: 'postgres',
      extra: { sslmode: 'require' },
    })
    const both = read(
      connections('- conn_id: a', `  conn_uri: ${uri}`, '  conn_port: 0', `  conn_extra: '{"a": "$&"}'`),
    )
    expect(only(both).data.reveal()).toMatchObject({ login: 'u', extra: { a: '$&' } })
  })

  it('passes a URI over where there are fields, as the Astro CLI does', () => {
    const reading = read(connections('- conn_id: a', '  conn_type: http', '  conn_host: h', '  conn_uri: ftp://x'))
    expect(only(reading).data.reveal()).toEqual({ conn_type: 'http', host: 'h' })
    expect(notes(reading)).toEqual(['its conn_uri is passed over, because other fields are filled'])
    const untyped = read(connections('- conn_id: a', '  conn_host: h', '  conn_uri: ftp://x'))
    expect(codes(untyped)).toEqual([['error', 'import-bad-connection', 'airflow_settings.yaml:3:5', 'a']])
  })

  it('takes the last of several', () => {
    const reading = read(
      connections('- {conn_id: a, conn_uri: "http://one"}', '- {conn_id: a, conn_uri: "http://two"}'),
    )
    expect(only(reading).data.reveal()).toMatchObject({ host: 'two' })
    expect(notes(reading)).toEqual(['it also stands at airflow_settings.yaml:3:5; the last one wins'])
  })

  // What viper 1.21 with go-yaml 3 and mapstructure made of each.
  it.each([
    ['true', '1'],
    ['FALSE', '0'],
    ['yes', 'yes'],
    ['012', '10'],
    ['08', '8'],
    ['0o17', '15'],
    ['0x1F', '31'],
    ['-0b11', '-3'],
    ['1_000', '1000'],
    ['+12', '12'],
    ['-0', '0'],
    ['1.50', '1.5'],
    ['1e3', '1000'],
    ['1e-7', '0.0000001'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e400', '1e400'],
    ['12:30', '12:30'],
    ['18446744073709551615', '18446744073709551615'],
    ['100000000000000000000000', '100000000000000000000000'],
    ['0x1FFFFFFFFFFFFFFFFF', '0x1FFFFFFFFFFFFFFFFF'],
    ['"012"', '012'],
    ["'true'", 'true'],
    ['!!str 012', '012'],
    ['|\n        two\n        lines', 'two\nlines\n'],
  ])('reads the value %s as Go does', (written, text) => {
    expect(only(variable(written)).data.reveal()).toEqual({ value: text })
  })

  it.each([
    ['12345678901234567890123', 'loses digits'],
    ['0.1234567890123456789', 'loses digits'],
    ['.inf', 'loses digits'],
    ['2026-01-02', 'refuses the file'],
    ["it's", 'single quote'],
  ])('keeps %s as it is written and says what the Astro CLI does', (written, said) => {
    expect(only(variable(written)).data.reveal()).toEqual({ value: written })
    expect(notes(variable(written))).toEqual([expect.stringContaining(said)])
  })

  it('names keys that the Astro CLI does not know', () => {
    const reading = read(connections('- conn_id: a', '  conn_type: http', '  host: h', '  colour: blue', '  login:'))
    expect(codes(reading)).toEqual([['warning', 'import-settings-shape', 'airflow_settings.yaml:3:5', 'a']])
    expect(reading.findings[0]?.text).toBe('the Astro CLI passes over "host", "colour" of it')
    expect(reading.findings[0]?.hint).toContain('conn_host')
  })

  it('is read to its end, whatever single entries hold', () => {
    const reading = read(`airflow:
  connections:
    - conn_type: http
    - conn_id: [a]
      conn_type: http
    - conn_id: b
    - conn_id: c
      conn_type: http
      conn_port: hunter2
    - hunter2
    - conn_id: d
      conn_type: http
      conn_host: {hunter2: 1}
    - conn_id: e
      conn_type: http
      conn_extra: hunter2
    - conn_id: 12
      conn_type: http
      conn_port: "0x10"
  variables:
    - variable_value: hunter2
    - variable_name: f
    - variable_name: g
      variable_value: [hunter2]
    - variable_name: {hunter2: 1}
    - variable_name: h
      variable_value: "hunter2\\0"
    - variable_name: i
      variable_value: 1
  pools: hunter2
`)
    expect(reading.found.map(({ id, data }) => [id, data.reveal()])).toEqual([
      ['12', { conn_type: 'http', port: 16 }],
      ['i', { value: '1' }],
    ])
    expect(codes(reading)).toEqual([
      ['error', 'import-bad-connection', 'airflow_settings.yaml:3:5', undefined],
      ['error', 'import-bad-connection', 'airflow_settings.yaml:4:5', undefined],
      ['error', 'import-bad-connection', 'airflow_settings.yaml:6:5', 'b'],
      ['error', 'import-bad-connection', 'airflow_settings.yaml:7:5', 'c'],
      ['error', 'import-settings-shape', 'airflow_settings.yaml:10:5', undefined],
      ['error', 'import-bad-connection', 'airflow_settings.yaml:11:5', 'd'],
      ['error', 'import-bad-connection', 'airflow_settings.yaml:14:5', 'e'],
      ['error', 'import-bad-variable', 'airflow_settings.yaml:21:5', undefined],
      ['warning', 'import-bad-variable', 'airflow_settings.yaml:22:5', 'f'],
      ['error', 'import-bad-variable', 'airflow_settings.yaml:23:5', 'g'],
      ['error', 'import-bad-variable', 'airflow_settings.yaml:25:5', undefined],
      ['error', 'import-bad-variable', 'airflow_settings.yaml:26:5', 'h'],
      ['error', 'import-settings-shape', 'airflow_settings.yaml:30:3', undefined],
    ])
    expect(JSON.stringify([reading.findings, notes(reading)])).not.toContain('hunter2')
  })

  it.each([
    ['a list', '- a', 'import-settings-shape'],
    ['a text', 'text', 'import-settings-shape'],
    ['another mapping', 'services: {a: 1}', 'import-settings-shape'],
    ['airflow as a list', 'airflow: [a]', 'import-settings-shape'],
    ['two documents', 'airflow:\n---\nairflow:', 'import-settings-shape'],
    ['connections as text', 'airflow: {connections: text}', 'import-settings-shape'],
    ['no YAML', 'airflow: "', 'import-yaml'],
    ['a cycle', 'airflow: &a\n  connections: *a', 'import-yaml'],
    ['depth', `airflow: ${'['.repeat(20_000)}`, 'import-yaml-size'],
    ['a key twice', 'airflow: {}\nairflow: {}', 'import-duplicate-key'],
  ])('that is %s is a finding', (_, text, code) => {
    expect(read(text).findings.map((finding) => finding.code)).toEqual([code])
  })

  it('gives no object that a line which is no text is a part of', () => {
    const bytes = Buffer.concat([
      Buffer.from('airflow:\n  variables:\n    - variable_name: a\n      variable_value: '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n    - variable_name: b\n      variable_value: x\n    - variable_name: '),
      Buffer.from([0xff]),
      Buffer.from('\n      variable_value: x\n'),
    ])
    const reading = read(bytes)
    expect(reading.found.map(({ id }) => id)).toEqual(['b'])
    expect(codes(reading)).toEqual([
      ['error', 'import-not-text', 'airflow_settings.yaml:4', undefined],
      ['error', 'import-not-text', 'airflow_settings.yaml:7', undefined],
      ['error', 'import-not-text', 'airflow_settings.yaml:3:5', 'a'],
      ['error', 'import-not-text', 'airflow_settings.yaml:7:5', undefined],
    ])
  })

  it('gives back what was written', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((one) => !one.includes('\0') && one.trim() !== '')
    fc.assert(
      fc.property(text, text, (host, value) => {
        const settings = {
          airflow: {
            connections: [{ conn_id: 'a', conn_type: 'generic', conn_host: host }],
            variables: [{ variable_name: 'b', variable_value: value }],
          },
        }
        expect(read(stringify(settings)).found.map(({ data }) => data.reveal())).toEqual([
          { conn_type: 'generic', host },
          { value },
        ])
      }),
    )
  })

  it('never fails to be read, whatever shape it has', () => {
    const keys = [
      'conn_id',
      'conn_type',
      'conn_uri',
      'conn_port',
      'conn_extra',
      'host',
      'variable_name',
      'variable_value',
    ]
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small', maxDepth: 4 },
        fc.constantFrom('x', '', '{}', 'http://h', '{', null, 1, 1.5, true, '012'),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 5, noNullPrototype: true }),
      ),
    }))
    const part = fc.constantFrom('connections', 'variables', 'pools')
    fc.assert(
      fc.property(fc.dictionary(part, any, { noNullPrototype: true }), (airflow) => {
        const { found, findings } = read(stringify({ airflow }))
        for (const { where } of [...findings, ...found.map(({ origin }) => origin)]) {
          expect(where).toMatch(/^airflow_settings\.yaml:\d+:\d+$/)
        }
      }),
      { numRuns: 200 },
    )
  })
})
