import { describe, expect, it } from 'vitest'
import { EXAMPLE, HEAD, load, loaded, messagesOf, project, shownMessages } from './hub-text.case.ts'
import { formatHubMessage } from './index.ts'

const EXAMPLE_ENV = 'IBKR_ACCOUNT_ID=a\nIBKR_API_KEY=b\nTRADING_API_KEY=c\nBINANCE_API_KEY=d\n'

describe('the example hub', () => {
  const result = load(EXAMPLE, { files: { '/hub/.env': EXAMPLE_ENV } })

  it('loads without a word', () => {
    expect(shownMessages(result)).toEqual([])
  })

  it('is normalised', () => {
    const hub = loaded(EXAMPLE, { files: { '/hub/.env': EXAMPLE_ENV } })
    expect(hub.folder).toBe('/hub')
    expect(hub.envFiles).toEqual(['/hub/.env'])
    expect(hub.environments.get('dev')).toEqual({ kind: 'embedded' })
    expect(hub.environments.get('prod')).toEqual({
      kind: 'remote',
      address: 'https://vault.example.com:8200',
      namespace: undefined,
      caCert: '/hub/ca.pem',
      clientCert: undefined,
      clientKey: undefined,
      auth: {
        kind: 'approle',
        mount: 'approle',
        roleId: { kind: 'env', name: 'ROLE_ID' },
        secretId: { kind: 'file', path: '/run/secrets/sid' },
      },
    })
    expect(hub.projects).toEqual([{ name: 'trading', owner: 'trading@example.com' }])
    expect(hub.entries.map(({ kind, id, path }) => `${kind} ${id} at ${path}`)).toEqual([
      'connection project_trading_ibkr at airflow/connections/project_trading_ibkr',
      'variable project_trading_symbols at airflow/variables/project_trading_symbols',
      'variable project_trading_api_key at airflow/variables/project_trading_api_key',
      'secret trading/api_keys at projects/trading/api_keys',
    ])
    expect(Object.fromEntries(hub.entries[0]?.fields ?? [])).toEqual({
      conn_type: { kind: 'literal', value: 'http' },
      host: { kind: 'literal', value: 'https://api.ibkr.com' },
      login: { kind: 'env', name: 'IBKR_ACCOUNT_ID' },
      password: { kind: 'env', name: 'IBKR_API_KEY' },
      'extra.client_id': { kind: 'literal', value: 0 },
      'extra.read_only': { kind: 'literal', value: true },
    })
    expect(hub.entries[0]?.at).toEqual({ file: '/hub/plenum.yaml', line: 25, column: 7 })
  })

  it('reads as the design shows when a secret stands in clear', () => {
    const result = load(EXAMPLE.replace('{ env: IBKR_API_KEY }', 'hunter2'), { files: { '/hub/.env': EXAMPLE_ENV } })
    expect(messagesOf(result).map((message) => formatHubMessage(message, '/hub'))).toEqual([
      'plenum.yaml:29:19: projects.trading.connections.project_trading_ibkr.password: a secret may not stand here in clear\n' +
        '    say where it comes from, for example  password: { env: PROJECT_TRADING_IBKR_PASSWORD }',
    ])
  })
})

describe('a smaller hub', () => {
  it('has every default', () => {
    const hub = loaded(`${HEAD}projects: { trading: { variables: { a: b } } }`)
    expect(hub.vault).toEqual({
      mount: 'secret',
      connections: 'airflow/connections',
      variables: 'airflow/variables',
      projects: 'projects',
    })
    expect(hub.envFiles).toEqual([])
    expect([...hub.environments]).toEqual([['dev', { kind: 'embedded' }]])
  })

  it('fills in part of a vault section', () => {
    expect(loaded(`${HEAD}vault: { mount: kv }\nprojects: { trading: { variables: { a: b } } }`).vault).toMatchObject({
      mount: 'kv',
      projects: 'projects',
    })
  })
})

describe('values', () => {
  const fieldsOf = (text: string) =>
    Object.fromEntries(loaded(text, { references: 'unchecked' }).entries[0]?.fields ?? [])

  it('keeps the types of extra and takes it apart', () => {
    const fields = fieldsOf(
      project(`connections:
  a:
    conn_type: generic
    extra:
      text: "1"
      number: 1.5
      flag: false
      nothing: null
      list: [1, { a: b }]
      empty: {}
      bootstrap.servers: h
      deep: { deeper: { deepest: 1 }, from: { env: FROM } }`),
    )
    expect(fields).toEqual({
      conn_type: { kind: 'literal', value: 'generic' },
      'extra.text': { kind: 'literal', value: '1' },
      'extra.number': { kind: 'literal', value: 1.5 },
      'extra.flag': { kind: 'literal', value: false },
      'extra.nothing': { kind: 'literal', value: null },
      'extra.list': { kind: 'literal', value: [1, { a: 'b' }] },
      'extra.empty': { kind: 'literal', value: {} },
      'extra.bootstrap\\.servers': { kind: 'literal', value: 'h' },
      'extra.deep.deeper.deepest': { kind: 'literal', value: 1 },
      'extra.deep.from': { kind: 'env', name: 'FROM' },
    })
  })

  it.each([
    ['a single key that is a kind', '{ env: PROD }', { 'extra.x': { kind: 'env', name: 'PROD' } }],
    ['the same, said to be none', '{ literal: { env: PROD } }', { 'extra.x.env': { kind: 'literal', value: 'PROD' } }],
    [
      'a kind among other keys',
      '{ env: PROD, region: eu }',
      { 'extra.x.env': { kind: 'literal', value: 'PROD' }, 'extra.x.region': { kind: 'literal', value: 'eu' } },
    ],
    ['a literal list', '{ literal: [{ env: A }] }', { 'extra.x': { kind: 'literal', value: [{ env: 'A' }] } }],
  ])('in extra, reads %s', (_, written, expected) => {
    expect(fieldsOf(project(`connections:\n  a: { conn_type: generic, extra: { x: ${written} } }`))).toEqual({
      conn_type: { kind: 'literal', value: 'generic' },
      ...expected,
    })
  })

  it.each([
    ['"a text"', 'a text'],
    ['1', '1'],
    ['true', 'true'],
    ['[1, "2"]', '[1,"2"]'],
    ['{ a: { b: null } }', '{"a":{"b":null}}'],
    ['{ literal: { env: A } }', '{"env":"A"}'],
    ['""', ''],
  ])('makes text of the variable %s', (written, value) => {
    expect(fieldsOf(project(`variables:\n  a: ${written}`))).toEqual({ value: { kind: 'literal', value } })
  })

  it.each([
    ['{ env: A }', { kind: 'env', name: 'A' }],
    ['{ file: k/key.pem }', { kind: 'file', path: '/hub/k/key.pem' }],
    ['{ file: /abs }', { kind: 'file', path: '/abs' }],
    ['{ prompt: "Which?" }', { kind: 'prompt', question: 'Which?' }],
    ['{ vault: { path: a/b, field: c } }', { kind: 'vault', path: 'a/b', field: 'c' }],
    ['{ generate: { length: 40, alphabet: hex } }', { kind: 'generate', length: 40, alphabet: '0123456789abcdef' }],
    ['{ generate: { alphabet: abcdefghijaa } }', { kind: 'generate', length: 32, alphabet: 'abcdefghij' }],
  ])('reads the reference %s', (written, reference) => {
    expect(fieldsOf(project(`connections:\n  a: { conn_type: x, password: ${written} }`))['password']).toEqual(
      reference,
    )
    expect(fieldsOf(project(`secrets:\n  a: { k: ${written} }`))['k']).toEqual(reference)
    expect(fieldsOf(project(`variables:\n  a: ${written}`))['value']).toEqual(reference)
  })

  it('knows four alphabets, each character once', () => {
    const alphabets = ['alphanumeric', 'hex', 'base64url', 'printable'].map((name) => {
      const field = fieldsOf(project(`secrets:\n  a: { k: { generate: { alphabet: ${name} } } }`))['k']
      return field?.kind === 'generate' ? field.alphabet : ''
    })
    expect(alphabets.map((alphabet) => alphabet.length)).toEqual([62, 16, 64, 94])
    expect(alphabets.every((alphabet) => new Set(alphabet).size === alphabet.length)).toBe(true)
  })

  it('takes external entries of every kind without fields', () => {
    const { entries } = loaded(
      project(
        'connections:\n  a: { external: true }\nvariables:\n  b: { external: true }\nsecrets:\n  c: { external: true }',
      ),
    )
    expect(entries.map(({ kind, external, fields }) => [kind, external, fields.size])).toEqual([
      ['connection', true, 0],
      ['variable', true, 0],
      ['secret', true, 0],
    ])
  })

  it('leaves empty literals of a connection out and translates its type', () => {
    expect(fieldsOf(project('connections:\n  a: { conn_type: google-cloud-platform, host: "", extra: {} }'))).toEqual({
      conn_type: { kind: 'literal', value: 'google_cloud_platform' },
    })
  })
})

describe('everything at once', () => {
  it('reports what is wrong in structure, values and rules in one go, in the order of the file', () => {
    const text = `version: 2
hub: Example
airflow: { version: 3.3 }
colour: blue
projects:
  trading:
    connections:
      a:
        con_type: http
        password: hunter2
        port: 99999
      b/c: { conn_type: http, extra: { api_key: hunter2 } }
    variables:
      my_token: hunter2
      other: { evn: X }
`
    expect(shownMessages(load(text))).toEqual([
      'plenum.yaml:1:10: version: this version of the file format is not known',
      'plenum.yaml:2:6: hub: the name of a hub has lower-case letters, digits, _ . and -, begins with a letter or digit, and has at most 63 characters',
      'plenum.yaml:3:1: airflow: provider is missing',
      'plenum.yaml:3:21: airflow.version: expected a text, found a number',
      'plenum.yaml:4:1: colour: "colour" is not known here',
      'plenum.yaml:9:9: projects.trading.connections.a.con_type: "con_type" is not known here',
      'plenum.yaml:10:19: projects.trading.connections.a.password: a secret may not stand here in clear',
      'plenum.yaml:11:15: projects.trading.connections.a.port: a port is a whole number from 1 to 65535',
      expect.stringMatching(/^plenum.yaml:12:7: projects.trading.connections.b\/c: a connection id may not hold "\/"/),
      'plenum.yaml:12:49: projects.trading.connections.b/c.extra.api_key: a secret may not stand here in clear',
      'plenum.yaml:14:17: projects.trading.variables.my_token: a secret may not stand here in clear',
    ])
  })

  it('never shows a value that stands where a secret may', () => {
    const planted = 'planted-value-8c1'
    const places = [
      `connections:\n  a: { conn_type: x, password: ${planted} }`,
      `connections:\n  a: { conn_type: x, password: [${planted}] }`,
      `connections:\n  a: { conn_type: x, password: { env: "${planted} x" } }`,
      `connections:\n  a: { conn_type: x, password: { file: [${planted}] } }`,
      `connections:\n  a: { conn_type: x, password: { generate: { length: ${planted} } } }`,
      `connections:\n  a: { conn_type: x, port: ${planted} }`,
      `connections:\n  a: { conn_type: x, host: "https://u:${planted}@h" }`,
      `connections:\n  a: { conn_type: x, extra: ${planted} }`,
      `connections:\n  a: { conn_type: x, extra: { t: { token: ${planted} } } }`,
      `connections:\n  a: ${planted}`,
      `variables:\n  api_key: ${planted}`,
      `variables:\n  api_key: { a: ${planted} }`,
      `secrets:\n  a: ${planted}`,
      `secrets:\n  a: { k: ${planted} }`,
      `secrets:\n  a: { k: { vault: { path: "${planted} *", field: f } } }`,
      `secrets:\n  a: { k: *${planted} }`,
      `secrets:\n  a: { k: "${planted} }`,
      `secrets:\n  a: { k: "${planted}" "${planted}" }`,
      `secrets:\n  a: { k: !${planted} x }`,
      `secrets:\n  a: { k: @${planted} }`,
    ]
    for (const place of places) {
      const messages = messagesOf(load(project(place)))
      const said = messages.map((message) => formatHubMessage(message)).join('\n')
      expect([place, said === '', said.includes(planted)]).toEqual([place, false, false])
    }
  })
})

describe('speed', () => {
  it('loads thousands of entries without growing faster than they do', () => {
    const hub = (count: number): string => {
      const lines = Array.from(
        { length: count },
        (_, index) => `      id_${index}: { conn_type: http, password: { env: A } }`,
      )
      return `${HEAD}projects:\n  trading:\n    connections:\n${lines.join('\n')}\n`
    }
    const time = (count: number): number => {
      const text = hub(count)
      const start = performance.now()
      expect(loaded(text, { env: { A: 'a' } }).entries).toHaveLength(count)
      return performance.now() - start
    }
    time(200)
    const small = time(300)
    // Eight times as many: quadratic work would take 64 times as long.
    expect(time(2400)).toBeLessThan(small * 40 + 100)
  })
})
