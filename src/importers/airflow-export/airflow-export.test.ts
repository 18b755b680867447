import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Found, Reading } from '../found.ts'
import type { TextFile } from '../text-files.ts'
import { type AirflowExportOptions, readAirflowExport } from './index.ts'

function file(text: string | Buffer, shown: string): TextFile {
  return { shown, path: `/hub/${shown}`, bytes: Buffer.from(text) }
}

function read(shown: string, text: string | Buffer, options: AirflowExportOptions = {}): Reading {
  return readAirflowExport([file(text, shown)], options)
}

function only({ found, findings }: Reading): Found {
  expect(findings).toEqual([])
  expect(found).toHaveLength(1)
  return found[0] as Found
}

const problems = ({ findings }: Reading): unknown => findings.map(({ code, where, id }) => [code, where, id])
const notesOf = ({ notes }: Found, kind: string): string[] =>
  notes.filter((note) => note.kind === kind).map(({ text }) => text)

const FIELDS = {
  conn_type: 'http',
  description: null,
  login: null,
  password: null,
  host: null,
  port: null,
  schema: null,
  extra: null,
}
const connections = (some: Readonly<Record<string, object>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(some).map(([id, one]) => [id, { ...FIELDS, ...one }])), null, 2)

describe('connections as JSON', () => {
  it('are what Airflow had', () => {
    const full = { login: 'u', password: 'p@w', host: 'DB.example.com', port: 5432, schema: 'app' }
    const reading = read(
      'connections.json',
      connections({
        db: { ...full, conn_type: 'postgres', description: 'the db', extra: '{"sslmode": "require", "n": 1}' },
      }),
    )
    const found = only(reading)
    expect(found).toMatchObject({ kind: 'connection', id: 'db', description: 'the db', team: undefined, notes: [] })
    expect(found.data.reveal()).toEqual({
      conn_type: 'postgres',
      description: 'the db',
      ...full,
      extra: { sslmode: 'require', n: 1 },
    })
    expect(found.origin).toEqual({
      source: 'airflow-export',
      where: 'connections.json:2:3',
      place: { kind: 'file', file: '/hub/connections.json' },
    })
    expect(reading.facts).toEqual(['connections.json: 1 connection as JSON'])
  })

  it('take a float as the double that Python reads', () => {
    const found = only(read('c.json', connections({ a: { extra: '{"ratio": 0.12345678901234567890123}' } })))
    expect(found.data.reveal()['extra']).toEqual({ ratio: 0.12345678901234568 })
  })

  it.each([
    ['beyond 2^53', '{"id": 12345678901234567890}'],
    ['that are floats', '{"whole": 1.0, "exponent": 1e2}'],
  ])('keep numbers %s', (_, extra) => {
    const asText = only(read('c.json', connections({ a: { extra } })))
    const asObject = only(
      read('c.json', connections({ a: { extra: null } }).replace('"extra": null', `"extra": ${extra}`)),
    )
    expect(asText.data.reveal()['extra']).toBe(extra)
    expect(asObject.data.reveal()['extra']).toBe(extra.replaceAll(' ', ''))
    expect(notesOf(asText, 'normalised')).toHaveLength(1)
  })

  it('may hold what Airflow prints beside the fields, and a team', () => {
    const more = {
      id: 7,
      conn_id: 'a',
      is_encrypted: true,
      is_extra_encrypted: false,
      get_uri: 'http://',
      team_name: 'blue',
    }
    const found = only(read('c.json', connections({ a: { ...more, port: 0 } })))
    expect(found.data.reveal()).toEqual({ conn_type: 'http', port: 0 })
    expect(found.team).toBe('blue')
  })

  it('may be written by people: URIs, and extra as an object by either name', () => {
    const { found, findings } = read(
      'c.json',
      '{"a": "http://h/?k=v", "b": {"conn_type": "http", "extra_dejson": {"k": 1}}}',
      {
        what: 'connections',
      },
    )
    expect(findings).toEqual([])
    expect(found.map(({ data }) => data.reveal()['extra'])).toEqual([{ k: 'v' }, { k: 1 }])
  })

  it('that Airflow could not read are findings, and the rest goes on', () => {
    const reading = read(
      'c.json',
      connections({
        '': {},
        list: { extra: '[1]' },
        extra: { extra: 'no json' },
        owner: { owner: 'x' },
        named: { conn_id: 'other' },
        twice: { extra_dejson: {} },
        port: { port: 'x' },
        good: {},
      }),
      { what: 'connections' },
    )
    expect(reading.found.map(({ id }) => id)).toEqual(['good'])
    expect(reading.findings.map(({ code, id }) => [code, id])).toEqual([
      ['import-id', ''],
      ...['list', 'extra', 'owner', 'named', 'twice', 'port'].map((id) => ['import-bad-connection', id]),
    ])
  })
})

describe('connections as YAML', () => {
  it('are read as PyYAML writes them', () => {
    const text = `a_db:
  conn_type: postgres
  description: null
  extra: '{"id": 12345678901234567890}'
  host: "caf\\xE9"
  login: 'yes'
  password: '0123'
  port: 5432
  schema: "two\\nlines and a very long text that goes on and on until it is folded by\\
    \\ the writer"
? ${'x'.repeat(130)}
: conn_type: http
  description: null
  extra: null
  host: null
  login: null
  password: null
  port: null
  schema: null
`
    const { found, findings } = read('connections.yaml', text)
    expect(findings).toEqual([])
    expect(found.map(({ id }) => id)).toEqual(['a_db', 'x'.repeat(130)])
    expect(found[0]?.data.reveal()).toEqual({
      conn_type: 'postgres',
      extra: '{"id": 12345678901234567890}',
      host: 'café',
      login: 'yes',
      password: '0123',
      port: 5432,
      schema: 'two\nlines and a very long text that goes on and on until it is folded by the writer',
    })
    expect(found[1]?.origin.where).toBe('connections.yaml:11:3')
  })

  it('with a value that is no text to PyYAML are findings', () => {
    const reading = read(
      'c.yml',
      'a: {conn_type: http, password: 0123}\nb: {conn_type: http, login: on}\nc: {conn_type: http, login: 1e3}\n',
    )
    expect(reading.found.map(({ id, data }) => [id, data.reveal()['login']])).toEqual([['c', '1e3']])
    expect(problems(reading)).toEqual([
      ['import-bad-connection', 'c.yml:1:1', 'a'],
      ['import-bad-connection', 'c.yml:2:1', 'b'],
    ])
  })
})

describe('connections as lines', () => {
  it('are URIs', () => {
    const text =
      'a_db=postgres://u:p%40w%2F@db.example.com:5432/my%20db?sslmode=require\r\n# a comment\n\nb=aws://:k@/?__extra__=%7B%22n%22%3A+1%7D\n'
    const { found, findings } = read('connections.env', text)
    expect(findings).toEqual([])
    expect(found.map(({ id, data, origin }) => [id, data.reveal(), origin.where])).toEqual([
      [
        'a_db',
        {
          conn_type: 'postgres',
          host: 'db.example.com',
          login: 'u',
          password: 'p@w/',
          schema: 'my db',
          port: 5432,
          extra: { sslmode: 'require' },
        },
        'connections.env:1',
      ],
      ['b', { conn_type: 'aws', password: 'k', extra: { n: 1 } }, 'connections.env:4'],
    ])
    expect(found.map((one) => notesOf(one, 'lossy'))).toEqual([
      ['a URI does not hold: description, capital letters in its type; if Airflow had that, the export lost it'],
      [
        'a URI does not hold: description, capital letters in its type, a port of 0; if Airflow had that, the export lost it',
      ],
    ])
  })

  it.each([
    ['http://http://api.example.com:8080/x', 'http://api.example.com'],
    ['http://http%3A%2F%2Fapi.example.com:8080/x', 'http://api.example.com'],
    ['http://https://u:p@API.example.com/', 'https://API.example.com'],
    ['snowflake://AB12345.Example.COM', 'AB12345.Example.COM'],
    ['sqlite://%2FTmp%2FX.db', '/Tmp/X.db'],
    ['x://Host%2Fa%3Fb%23c', 'Host/a?b#c'],
  ])('keep the host of %s', (uri, host) => {
    expect(only(read('c.env', `a=${uri}\n`)).data.reveal()['host']).toBe(host)
  })

  it('say where Airflow would read another host', () => {
    expect(notesOf(only(read('c.env', 'a=http://http://h\n')), 'normalised')).toHaveLength(1)
    expect(notesOf(only(read('c.env', 'a=http://https://h\n')), 'normalised')).toEqual([])
  })

  it('keep the numbers of an extra', () => {
    const extra = '{"id": 12345678901234567890, "f": 1.0}'
    const uri = `x://h/?${new URLSearchParams({ __extra__: extra })}`
    expect(only(read('c.env', `a=${uri}`)).data.reveal()['extra']).toBe(extra)
  })

  it('are JSON with --serialization-format json, and lose nothing', () => {
    const line = JSON.stringify({ ...FIELDS, description: 'd=1', host: 'H', port: 0, extra: '{"f": 1.0}' })
    const found = only(read('c.env', `a=${line}\n`))
    expect(found.data.reveal()).toEqual({
      conn_type: 'http',
      description: 'd=1',
      host: 'H',
      port: 0,
      extra: '{"f": 1.0}',
    })
    expect(notesOf(found, 'lossy')).toEqual([])
  })

  it('that are no connection are findings, and the rest goes on', () => {
    const bytes = Buffer.concat([
      Buffer.from('a=http://h\nno equals sign\n=http://h\nb=\nc=just text\nd=http://u:pa#ss@h/x\ne={"conn_type": \n'),
      Buffer.from([0x66, 0x3d, 0xff, 0x0a]),
      Buffer.from('g=http://\0h\na=http://other\nz=http://h'),
    ])
    const reading = read('c.env', bytes)
    expect(reading.found.map(({ id, data }) => [id, data.reveal()['host']])).toEqual([
      ['a', 'other'],
      ['z', 'h'],
    ])
    expect(problems(reading)).toEqual([
      ['import-bad-line', 'c.env:2', undefined],
      ['import-bad-line', 'c.env:3', undefined],
      ['import-bad-line', 'c.env:4', undefined],
      ['import-bad-line', 'c.env:8', undefined],
      ['import-bad-line', 'c.env:9', undefined],
      ['import-bad-line', 'c.env:10', 'a'],
      ['import-bad-connection', 'c.env:5', undefined],
      ['import-bad-connection', 'c.env:6', 'd'],
      ['import-bad-connection', 'c.env:7', 'e'],
    ])
    expect(JSON.stringify(reading.findings)).not.toMatch(/pa#ss|just text|other/)
  })
})

describe('variables', () => {
  it('of Airflow 2 are texts or JSON, which is stored as Airflow would import it', () => {
    const text =
      '{"text": "monday", "number": 1e400, "big": 12345678901234567890, "no": false, "list": [1, {"é": []}], "none": {}}'
    const { found, findings, facts } = read('variables.json', text)
    expect(findings).toEqual([])
    expect(facts).toEqual(['variables.json: 6 variables as JSON'])
    expect(found.map(({ kind, id, data }) => [kind, id, data.reveal()['value']])).toEqual([
      ['variable', 'text', 'monday'],
      ['variable', 'number', '1e400'],
      ['variable', 'big', '12345678901234567890'],
      ['variable', 'no', 'false'],
      ['variable', 'list', '[\n  1,\n  {\n    "\\u00e9": []\n  }\n]'],
      ['variable', 'none', '{}'],
    ])
    expect(found.every((one) => notesOf(one, 'lossy').includes('Airflow 2 exports no descriptions'))).toBe(true)
    expect(found.map((one) => notesOf(one, 'lossy').length)).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('of Airflow 3 have descriptions', () => {
    const { found } = read(
      'v.json',
      '{"a": {"value": {"x": 1}, "description": "d"}, "b": "text", "c": {"value": 1, "unit": "x"}}',
    )
    expect(found.map(({ data, description }) => [data.reveal()['value'], description])).toEqual([
      ['{\n  "x": 1\n}', 'd'],
      ['text', undefined],
      ['{\n  "value": 1,\n  "unit": "x"\n}', undefined],
    ])
    expect(found.flatMap((one) => notesOf(one, 'lossy')).filter((text) => text.includes('description'))).toEqual([])
    expect(found.map((one) => notesOf(one, 'dialect').length)).toEqual([0, 0, 1])
  })

  it('of Airflow 3.3.2 keep quotes, and lose nothing but the form of JSON', () => {
    const { found } = read(
      'v.json',
      String.raw`{"a": "\"quoted\"", "b": "text", "c": {"value": {"value": 1}, "description": null}}`,
    )
    expect(found.map(({ data }) => data.reveal()['value'])).toEqual(['"quoted"', 'text', '{\n  "value": 1\n}'])
    expect(found.map((one) => notesOf(one, 'lossy').length)).toEqual([0, 0, 1])
  })

  it('that Airflow could not decrypt are not taken', () => {
    const reading = read('v.json', '{"a": null, "b": {"value": null, "description": "d"}, "c": "x"}')
    expect(reading.found.map(({ id }) => id)).toEqual(['c'])
    expect(problems(reading)).toEqual([
      ['import-export-null', 'v.json:1:2', 'a'],
      ['import-export-null', 'v.json:1:13', 'b'],
    ])
  })

  it('may be YAML or lines that people wrote', () => {
    const yaml = read('v.yaml', 'a: 012\na2: !!str 012\nb: yes\nc: "012"\nd: 1_000\ne: 2026-01-02\nf: {x: [on]}\n')
    expect(yaml.found.map(({ data, notes }) => [data.reveal()['value'], notes])).toEqual([
      ['10', []],
      ['012', []],
      ['true', []],
      ['012', []],
      ['1000', []],
      ['2026-01-02', []],
      ['{\n  "x": [\n    true\n  ]\n}', []],
    ])
    const lines = read('v.env', 'a=1=2\nb="x"\nurl=https://h\n', { what: 'variables' })
    expect(lines.found.map(({ data, notes }) => [data.reveal()['value'], notes])).toEqual([
      ['1=2', []],
      ['"x"', []],
      ['https://h', []],
    ])
  })

  it('are JSON whatever the file is called', () => {
    for (const name of ['v.yaml', 'v.env', 'v', 'v.json']) {
      expect(read(name, '{"a": 1, "b": "x"}').found.map(({ data }) => data.reveal()['value'])).toEqual(['1', 'x'])
    }
  })
})

describe('what a file is', () => {
  it.each([
    ['texts that may be URIs', 'x.json', '{"a": "http://h", "b": "ftp://h"}'],
    ['some of both', 'x.json', '{"a": {"conn_type": "http"}, "b": 1}'],
    ['lines of which none is a connection', 'x.env', 'a=1\nb=text\n'],
  ])('is asked for with %s', (_, name, text) => {
    const reading = read(name, text)
    expect(reading.found).toEqual([])
    expect(problems(reading)).toEqual([['import-export-unclear', name, undefined]])
    expect(read(name, text, { what: 'variables' }).found.map(({ kind }) => kind)).toEqual(['variable', 'variable'])
  })

  it('is not asked for where it is clear', () => {
    expect(only(read('x.json', connections({ a: {} }), { what: 'variables' })).kind).toBe('connection')
    expect(only(read('x.json', '{"a": [1]}', { what: 'connections' })).kind).toBe('variable')
    const values = '{"a": "http://h", "b": "text", "c": {"host": "h", "port": 1}}'
    expect(read('x.json', values).found.map(({ kind }) => kind)).toEqual(['variable', 'variable', 'variable'])
    expect(only(read('x.json', '{"a": {"conn_type": "http"}}')).kind).toBe('connection')
    expect(only(read('x.json', '{"a": {"conn_type": "http"}}', { what: 'variables' })).kind).toBe('variable')
  })

  it.each([
    ['a list', 'x.json', '[]'],
    ['a text', 'x.yaml', 'some text'],
    ['nothing', 'x.yaml', ''],
    ['several documents', 'x.yaml', 'a: 1\n---\nb: 2\n'],
    ['environment variables', '.env', 'A=1\nAIRFLOW_CONN_A=http://h\n'],
  ])('is no export with %s', (_, name, text) => {
    const reading = read(name, text)
    expect(reading.found).toEqual([])
    expect(problems(reading)).toEqual([['import-export-shape', name, undefined]])
  })

  it('may be empty', () => {
    for (const [name, text] of [
      ['x.json', '{}'],
      ['x.env', ''],
      ['x.yaml', '{}\n'],
    ] as const) {
      expect([read(name, text).found, read(name, text).findings]).toEqual([[], []])
    }
  })

  it('of several is decided for each', () => {
    const files = [file(connections({ a: {} }), 'c.json'), file('{"a": 1}', 'v.json')]
    const { found, label } = readAirflowExport(files, {})
    expect(label).toBe('c.json, v.json')
    expect(found.map(({ kind, origin }) => [kind, origin.place])).toEqual([
      ['connection', { kind: 'file', file: '/hub/c.json' }],
      ['variable', { kind: 'file', file: '/hub/v.json' }],
    ])
  })
})

describe('bad input', () => {
  it.each([
    ['no JSON', 'x.json', '{"a": ', 'import-json'],
    ['an empty JSON file', 'x.json', '', 'import-json'],
    ['too deep JSON', 'x.json', `{"a": ${'['.repeat(5000)}`, 'import-json'],
    ['no YAML', 'x.yaml', 'a: [', 'import-yaml'],
    ['an anchor in itself', 'x.yaml', 'a: &x [*x]\n', 'import-yaml'],
    ['too deep YAML', 'x.yaml', `a: ${'['.repeat(5000)}`, 'import-yaml-size'],
    [
      'a bomb',
      'x.yaml',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\n${[...'bcdefgh'].map((one, at) => `${one}: &${one} [${Array(10).fill(`*${'abcdefg'[at]}`).join(',')}]\n`).join('')}`,
      'import-yaml-size',
    ],
    ['no UTF-8', 'x.json', Buffer.from('{"a": "\xff"}', 'latin1'), 'import-not-text'],
  ])('with %s is a finding', (_, name, text, code) => {
    const { found, findings } = read(name, text)
    expect(found).toEqual([])
    expect(findings.map((one) => one.code)).toEqual([code])
  })

  it('with a key that stands twice has the last, and says so', () => {
    const reading = read('x.json', '{"a": 1,\n"a": 2}')
    expect(reading.found.map(({ data }) => data.reveal()['value'])).toEqual(['2'])
    expect(problems(reading)).toEqual([['import-duplicate-key', 'x.json:2:1', undefined]])
  })

  it('with a byte order mark and CR LF is read', () => {
    expect(only(read('x.json', `\uFEFF${connections({ a: {} }).replaceAll('\n', '\r\n')}`)).id).toBe('a')
    expect(only(read('x.env', '\uFEFFa=http://h\r\n')).data.reveal()).toEqual({ conn_type: 'http', host: 'h' })
  })

  it('is told without a piece of a value', () => {
    const texts = {
      'a.env':
        'a=x://u:canary#@h/canary\ncanaryAAAA==\ncanary\nb={"conn_type": "canary"\nc={"password": 7, "x": "canary"}\n',
      'b.json': connections({
        a: { extra: 'canary' },
        b: { port: 'canary' },
        c: { conn_id: 'canary' },
        d: { host: ['canary'] },
      }),
      'c.json': '{"a": "canary", "b": {"value": "canary", "x": 1}, "c": "canary',
      'd.yaml': 'a: {conn_type: http, password: 7, host: canary}\nb: "canary\n',
      'e.yaml': 'a: [canary, {value: canary}]\nb: {value: canary}\nc: 1\n',
      'f.env':
        'a=http://canary.CANARY:70000\nb=http://http://CANARY?k=canary\nc=postgresql://canary/canary?n=1&canary=canary\n',
    }
    for (const [name, text] of Object.entries(texts)) {
      const { found, ...told } = read(name, text)
      expect([name, JSON.stringify([told, found])]).toEqual([name, expect.not.stringMatching(/canary/i)])
      expect(found.length + told.findings.length).toBeGreaterThan(0)
    }
  })

  it('never throws', () => {
    const piece = fc.constantFrom(
      'a',
      '=',
      ':',
      ' ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '#',
      '&x',
      '*x',
      '<<',
      '- ',
      '://',
      '%',
      '?',
      'null',
      '\0',
      ',',
      '1',
    )
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
    const name = fc.constantFrom('x.json', 'x.yaml', 'x.env', 'x')
    const what = fc.constantFrom(undefined, 'connections', 'variables')
    fc.assert(
      fc.property(name, text, what, (shown, content, said) => {
        const { found, findings, facts } = read(shown, content, { what: said })
        expect(found.length + findings.length + facts.length).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
  })
})
