/** Each place of the chart where a secret can stand, on one page with what is read from it: long, as the chart is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Found, Reading } from '../found.ts'
import { readHelm } from './index.ts'

function read(...texts: (string | Buffer)[]): Reading {
  const names = ['values.yaml', 'prod.yaml', 'third.yaml']
  return readHelm(
    texts.map((text, index) => {
      const shown = names[index] ?? 'more.yaml'
      return { shown, path: `/hub/${shown}`, bytes: Buffer.from(text) }
    }),
  )
}

function values({ found }: Reading): unknown[] {
  return found.map(({ kind, id, data }) => [kind, id, data.reveal()])
}

function codes({ findings }: Reading): unknown[] {
  return findings.map(({ severity, code, where, id }) => [severity, code, where, id])
}

function notes({ found }: Reading): string[] {
  return found.flatMap((one) => one.notes.map(({ text }) => text))
}

function only({ found }: Reading): Found {
  expect(found).toHaveLength(1)
  return found[0] as Found
}

function base64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64')
}

describe('values of the chart', () => {
  it('give connections, variables and names, with their places', () => {
    const reading = read(`env:
  - name: AIRFLOW_CONN_API
    value: '{"conn_type": "http", "host": "h", "password": "p"}'
  - name: AIRFLOW_VAR_DAY
    value: monday
extraEnv: |
  # with a comment

  - name: EXCHANGE_KEY
    value: abc
workers:
  env:
    - {name: WORKER_TOKEN, value: t}
`)
    expect(values(reading)).toEqual([
      ['connection', 'api', { conn_type: 'http', host: 'h', password: 'p' }],
      ['variable', 'day', { value: 'monday' }],
      ['name', 'EXCHANGE_KEY', { value: 'abc' }],
      ['name', 'WORKER_TOKEN', { value: 't' }],
    ])
    expect(reading.found.map(({ origin }) => origin.where)).toEqual([
      'values.yaml:2:3',
      'values.yaml:4:3',
      'values.yaml:9:1',
      'values.yaml:13:5',
    ])
    expect(reading.found[0]?.origin.place).toEqual({ kind: 'file', file: '/hub/values.yaml' })
    expect(reading.findings).toEqual([])
  })

  it('are found in every component, and in containers of lists', () => {
    const list = (name: string): string => `[{name: ${name}, value: x}]`
    const reading = read(`scheduler:
  env: ${list('A')}
  waitForMigrations: {env: ${list('B')}}
dags: {gitSync: {env: ${list('C')}}}
workers:
  extraContainers: [{name: side, env: ${list('D')}}]
  celery: {env: ${list('E')}}
grafana: {env: {F: x}}
`)
    expect(reading.found.map(({ id }) => id)).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(reading.findings).toEqual([])
  })

  it('are found below "airflow", where the chart is a part of another', () => {
    const reading = read(
      'airflow:\n  env: [{name: A, value: x}]\n  scheduler: {env: [{name: B, value: y}]}\n  fernetKey: k\n',
    )
    expect(reading.found.map(({ id }) => id)).toEqual(['A', 'B'])
    expect(codes(reading)).toEqual([['warning', 'import-setting-secret', 'values.yaml:4:3', 'airflow.fernetKey']])
  })

  it('of the community chart are said to be others', () => {
    const reading = read('airflow:\n  connections: [{id: a}]\n  variables: []\n')
    expect(codes(reading)).toEqual([['error', 'import-helm-shape', 'values.yaml:2:3', 'airflow.connections']])
  })

  it.each(['', '# nothing\n', '{}', 'env:\nsecret: []\nextraEnv: ~\nextraSecrets: {}\n', 'extraEnv: ""\n'])(
    'may be nothing: %j',
    (text) => {
      expect(read(text)).toMatchObject({ found: [], findings: [], facts: [] })
    },
  )

  it('are read in CR LF and with a byte order mark', () => {
    const text = '\uFEFFenv:\r\n  - name: A\r\n    value: x\r\nextraEnv: |\r\n  - name: B\r\n    value: y\r\n'
    expect(values(read(text))).toEqual(
      [
        ['name', 'B', { value: 'y' }],
        ['name', 'A', { value: 'x' }],
      ].toReversed(),
    )
  })
})

describe('secrets and config maps of the chart', () => {
  it('are read, from texts of YAML and from mappings', () => {
    const reading = read(`extraSecrets:
  '{{ .Release.Name }}-airflow-connections':
    type: Opaque
    data: |
      AIRFLOW_CONN_GCP: ${base64('http://u:p@h')}
    stringData: |
      AIRFLOW_CONN_OTHER: 'http://other'
  plain:
    stringData: {TOKEN: x}
    data: {LINE: ${base64('x\n')}}
extraConfigMaps:
  maps:
    data: |
      AIRFLOW_VAR_HELLO: "Hi!"
extraEnvFrom: |
  - secretRef:
      name: '{{.Release.Name}}-airflow-connections'
  - configMapRef: {name: maps}
`)
    expect(values(reading)).toEqual([
      ['connection', 'gcp', { conn_type: 'http', host: 'h', login: 'u', password: 'p' }],
      ['connection', 'other', { conn_type: 'http', host: 'other' }],
      ['name', 'LINE', { value: 'x\n' }],
      ['name', 'TOKEN', { value: 'x' }],
      ['variable', 'hello', { value: 'Hi!' }],
    ])
    expect(reading.found.map(({ origin }) => origin.where)).toEqual([
      'values.yaml:5:1',
      'values.yaml:7:1',
      'values.yaml:10:12',
      'values.yaml:9:18',
      'values.yaml:14:1',
    ])
    expect(reading.findings).toEqual([])
    expect(notes(reading)).toContain(
      'what is encoded ends in a line break, which is taken too; echo without -n puts one there',
    )
  })

  it.each([
    ['no base64', 'hunter2!'],
    ['base64 without its end', 'YQ'],
    ['bytes that are no text', base64(Buffer.from([0xff, 0xfe]))],
  ])('with %s are a finding', (_, written) => {
    const reading = read(`extraSecrets:\n  s:\n    data: |\n      A: ${written}\n      B: ${base64('b')}\n`)
    expect(reading.found.map(({ id }) => id)).toEqual(['B'])
    expect(codes(reading)).toEqual([['error', 'import-helm-base64', 'values.yaml:4:1', 'A']])
    expect(JSON.stringify(reading.findings)).not.toContain('hunter2')
  })

  it('give what refers to them, and not the key as a name of its own', () => {
    const reading = read(`secret:
  - {envName: AIRFLOW_CONN_DB, secretName: mine, secretKey: connection}
extraEnv: |
  - name: TOKEN
    valueFrom: {secretKeyRef: {name: mine, key: token}}
extraSecrets:
  mine:
    stringData: {connection: "http://h", token: t, unused: u}
`)
    expect(values(reading)).toEqual([
      ['name', 'unused', { value: 'u' }],
      ['connection', 'db', { conn_type: 'http', host: 'h' }],
      ['name', 'TOKEN', { value: 't' }],
    ])
    expect(reading.findings).toEqual([])
  })

  it('that these values do not make are named', () => {
    const reading = read(`secret:
  - {envName: A, secretName: other}
  - {envName: AIRFLOW__CORE__FERNET_KEY, secretName: own}
env:
  - name: B
    valueFrom: {configMapKeyRef: {name: maps, key: b}}
  - name: POD
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
extraEnvFrom: |
  - secretRef:
      name: outside
`)
    expect(reading.found).toEqual([])
    expect(codes(reading)).toEqual([
      ['warning', 'import-helm-reference', 'values.yaml:10:1', undefined],
      ['warning', 'import-helm-reference', 'values.yaml:5:3', 'B'],
      ['warning', 'import-helm-reference', 'values.yaml:2:3', 'A'],
    ])
    expect(reading.findings[0]?.text).toContain('"outside"')
  })
})

describe('templates', () => {
  it('are not executed: the value is a finding, its neighbours are read', () => {
    const reading = read(`extraEnv: |
  - name: A
    value: "{{ .Values.hunter2 | default "x" }}"
  - name: B
    value: {{ .Values.hunter2 }}
  - name: '{{ .Values.hunter2 }}'
    value: x
  - name: C
    value: c
env:
  - {name: D, value: "{{ ds }}"}
extraSecrets:
  s:
    stringData: |
      G: "{{ broken"
`)
    expect(reading.found.map(({ id }) => id)).toEqual(['C'])
    expect(codes(reading)).toEqual([
      ['error', 'import-helm-template', 'values.yaml:11:3', 'D'],
      ['error', 'import-helm-template', 'values.yaml:2:1', 'A'],
      ['error', 'import-helm-template', 'values.yaml:4:1', 'B'],
      ['error', 'import-helm-template', 'values.yaml:6:1', undefined],
      ['error', 'import-helm-template', 'values.yaml:14:5', undefined],
    ])
    expect(JSON.stringify(reading.findings)).not.toContain('hunter2')
  })

  it('by themselves are named, the rest is read', () => {
    const reading = read(
      'extraSecrets:\n  s:\n    stringData: |\n      {{/* a comment */}}\n      E: {{ .x }}\n      {{- include "x" . }}\n      {{ .x }}: f\n      H: |\n        one\n        {{ two }}\n      I: i\n',
    )
    expect(values(reading)).toEqual([['name', 'I', { value: 'i' }]])
    expect(codes(reading)).toEqual([
      ['error', 'import-helm-template', 'values.yaml:6:1', undefined],
      ['error', 'import-helm-template', 'values.yaml:10:1', undefined],
      ['error', 'import-helm-template', 'values.yaml:5:1', 'E'],
      ['error', 'import-helm-template', 'values.yaml:7:1', undefined],
      ['error', 'import-helm-template', 'values.yaml:8:1', 'H'],
    ])
  })

  it.each([
    ['conditions', '{{- if .x }}\n  - {name: A, value: x}\n  {{- end }}'],
    ['one over several lines', '- name: A\n    value: {{ .x |\n      quote }}'],
    ['no YAML without them', '- name: A\n    value: "x" {{ .x }}'],
  ])('that decide what there is: %s', (_, text) => {
    const reading = read(`extraEnv: |\n  ${text}\n`)
    expect(reading.found).toEqual([])
    expect(codes(reading)).toEqual([['error', 'import-helm-template', 'values.yaml:1:1', undefined]])
  })

  it('that never close take no time', () => {
    expect(read(`extraEnv: |\n  - name: ${'{{'.repeat(500_000)}\n`).findings).toHaveLength(1)
    expect(read(`extraEnv: |\n  - name: A\n    value: '${'{{x}}'.repeat(100_000)}'\n`).findings).toHaveLength(1)
  })
})

describe('several files', () => {
  it('are merged as Helm merges them', () => {
    const first = `env: [{name: A, value: one}]
workers: {env: [{name: W, value: w}], replicas: 1}
extraSecrets: {s: {stringData: {K: one, L: l}}}
`
    const second = 'env: [{name: B, value: two}]\nworkers: {replicas: 2}\nextraSecrets: {s: {stringData: {K: two}}}\n'
    const reading = read(first, second)
    expect(values(reading)).toEqual([
      ['name', 'K', { value: 'two' }],
      ['name', 'L', { value: 'l' }],
      ['name', 'B', { value: 'two' }],
      ['name', 'W', { value: 'w' }],
    ])
    expect(reading.found.map(({ origin }) => origin.where)).toEqual([
      'prod.yaml:3:33',
      'values.yaml:3:41',
      'prod.yaml:1:7',
      'values.yaml:2:17',
    ])
    expect(codes(reading)).toEqual([
      ['warning', 'import-helm-replaced', 'values.yaml:1:1', 'env'],
      ['warning', 'import-helm-replaced', 'values.yaml:3:33', 'extraSecrets.s.stringData.K'],
    ])
    expect(reading.label).toBe('values.yaml, prod.yaml')
  })

  it('lose what a later one sets to null, and nothing is said where they agree', () => {
    const reading = read('env: [{name: A, value: x}]\nextraEnv: ""\n', 'env: ~\nextraEnv: "[]"\n', 'replicas: 1\n')
    expect(reading.found).toEqual([])
    expect(codes(reading)).toEqual([['warning', 'import-helm-replaced', 'values.yaml:1:1', 'env']])
    const same = 'env: [{name: A, value: x}]\nextraSecrets: {s: {data: {}}}\n'
    expect(read(same, same)).toMatchObject({ found: [{ id: 'A' }], findings: [] })
    expect(read('env: text\n', 'env: {a: 1}\n').findings.map(({ code }) => code)).toEqual([
      'import-helm-replaced',
      'import-helm-shape',
    ])
  })
})

describe('one name in several places', () => {
  it('has what tasks get, and the others are named', () => {
    const reading = read(`env: [{name: A, value: all}, {name: B, value: all}, {name: C, value: same}]
scheduler: {env: [{name: B, value: other}]}
workers: {env: [{name: A, value: worker}, {name: C, value: same}]}
extraEnv: "[{name: B, value: extra}]"
secret: [{envName: A, secretName: s}]
`)
    expect(values(reading)).toEqual([
      ['name', 'A', { value: 'worker' }],
      ['name', 'B', { value: 'extra' }],
      ['name', 'C', { value: 'same' }],
    ])
    expect(codes(reading)).toEqual([
      ['warning', 'import-helm-differs', 'values.yaml:1:7', 'A'],
      ['warning', 'import-helm-differs', 'values.yaml:5:10', 'A'],
      ['warning', 'import-helm-differs', 'values.yaml:1:30', 'B'],
      ['warning', 'import-helm-differs', 'values.yaml:2:19', 'B'],
    ])
    expect(notes(reading)).toEqual(['it also stands at values.yaml:1:53, with the same value'])
  })

  it('has the last of one list, and the reference where that wins', () => {
    const twice = read('env: [{name: A, value: one}, {name: A, value: two}]\n')
    expect(only(twice).data.reveal()).toEqual({ value: 'two' })
    const reference = read('env: [{name: A, value: one}]\nsecret: [{envName: A, secretName: s}]\n')
    expect(reference.found).toEqual([])
    expect(reference.findings.map(({ code }) => code)).toEqual(['import-helm-differs', 'import-helm-reference'])
    const same = read('secret: [{envName: A, secretName: s}, {envName: A, secretName: s, secretKey: value}]\n')
    expect(same.findings.map(({ code }) => code)).toEqual(['import-helm-reference'])
  })
})

describe("Airflow's own settings", () => {
  it('are left out, and those that hold a secret are named', () => {
    const reading = read(`fernetKey: k
jwtSecret: "{{ .Values.x }}"
webserverSecretKey: ~
data:
  brokerUrl: redis://h/0
  metadataConnection: {user: u, pass: hunter2}
redis: {password: ""}
config:
  core: {load_examples: 'False', fernet_key: '{{ .x }}'}
  secrets: {backend_kwargs: '{"token": "hunter2hunter2hunter2"}'}
  webserver: {secret_key: hunter2}
  logging: text
env: [{name: AIRFLOW__CORE__FERNET_KEY, value: hunter2}]
`)
    expect(reading.found).toEqual([])
    expect(reading.facts).toEqual(['5 settings of Airflow itself, left out'])
    expect(codes(reading)).toEqual([
      ['warning', 'import-setting-secret', 'values.yaml:6:33', 'data.metadataConnection.pass'],
      ['warning', 'import-setting-secret', 'values.yaml:1:1', 'fernetKey'],
      ['warning', 'import-setting-secret', 'values.yaml:10:13', 'AIRFLOW__SECRETS__BACKEND_KWARGS'],
      ['warning', 'import-setting-secret', 'values.yaml:11:15', 'AIRFLOW__WEBSERVER__SECRET_KEY'],
      ['warning', 'import-setting-secret', 'values.yaml:13:7', 'AIRFLOW__CORE__FERNET_KEY'],
    ])
    expect(JSON.stringify(reading.findings)).not.toContain('hunter2')
    expect(read('data: {brokerUrl: "redis://:p@h/0"}').findings.map(({ id }) => id)).toEqual(['data.brokerUrl'])
  })
})

describe('scalars without quotes', () => {
  // What sigs.k8s.io/yaml 1.6 and Go's %v made of each, but for the digits that it loses.
  it.each([
    ['yes', 'true', 'boolean'],
    ['y', 'true', 'boolean'],
    ['Off', 'false', 'boolean'],
    ['TRUE', 'true', 'boolean'],
    ['true', 'true', undefined],
    ['012', '10', 'in another way'],
    ['08', '8', 'in another way'],
    ['1_000', '1000', 'in another way'],
    ['1.50', '1.5', 'in another way'],
    ['100000', '100000', undefined],
    ['1e3', '1000', 'in another way'],
    ['1234567', '1234567', 'with an exponent'],
    ['0.00001', '0.00001', 'with an exponent'],
    ['9007199254740993', '9007199254740993', 'with an exponent'],
    ['12345678901234567890123', '12345678901234567890123', 'with an exponent'],
    ['2026-01-02', '2026-01-02', undefined],
    ['12:30', '12:30', undefined],
    ['1e400', '1e400', undefined],
    ['~', '', undefined],
  ])('%s is as Helm hands it on', (written, text, said) => {
    const reading = read(`env:\n  - name: A\n    value: ${written}\n`)
    expect(only(reading).data.reveal()).toEqual({ value: text })
    expect(notes(reading)).toEqual(said === undefined ? [] : [expect.stringContaining(said)])
  })

  it.each(['yes', '012', '1234567'])('%s within a text goes to Kubernetes as it is', (written) => {
    const reading = read(`extraEnv: |\n  - name: A\n    value: ${written}\n`)
    expect(only(reading).data.reveal()).toEqual({ value: written })
    expect(notes(reading)).toEqual([expect.stringContaining('Kubernetes refuses')])
  })
})

describe('bad values', () => {
  it('are findings, one by one, and the rest is read', () => {
    const reading = read(`env:
  - hunter2
  - {value: hunter2}
  - {name: "", value: hunter2}
  - {name: A, value: [hunter2]}
  - {name: AIRFLOW_CONN_BAD, value: "http://u:hunter#2@h/x"}
  - {name: AIRFLOW_CONN_, value: hunter2}
  - {name: N, value: "hunter2\\0"}
  - {name: B}
secret:
  - {envName: C}
  - {secretName: s}
extraEnv: |
  name: hunter2
extraEnvFrom: "[{}]"
extraSecrets:
  s: hunter2
  t: {stringData: {D: [hunter2]}, data: "- hunter2"}
extraConfigMaps: hunter2
`)
    expect(values(reading)).toEqual([['name', 'B', { value: '' }]])
    expect(codes(reading)).toEqual([
      ['error', 'import-helm-shape', 'values.yaml:2:3', undefined],
      ['error', 'import-helm-shape', 'values.yaml:3:3', undefined],
      ['error', 'import-helm-shape', 'values.yaml:4:3', undefined],
      ['error', 'import-helm-shape', 'values.yaml:5:3', 'A'],
      ['error', 'import-helm-shape', 'values.yaml:11:3', 'C'],
      ['error', 'import-helm-shape', 'values.yaml:12:3', undefined],
      ['error', 'import-helm-shape', 'values.yaml:13:1', 'extraEnv'],
      ['error', 'import-helm-shape', 'values.yaml:17:3', 's'],
      ['error', 'import-helm-shape', 'values.yaml:18:35', 'extraSecrets.t.data'],
      ['error', 'import-helm-shape', 'values.yaml:18:20', 'D'],
      ['error', 'import-helm-shape', 'values.yaml:19:1', 'extraConfigMaps'],
      ['error', 'import-helm-shape', 'values.yaml:15:1', 'extraEnvFrom'],
      ['error', 'import-bad-connection', 'values.yaml:6:3', 'bad'],
      ['error', 'import-id', 'values.yaml:7:3', 'AIRFLOW_CONN_'],
      ['error', 'import-bad-line', 'values.yaml:8:3', 'N'],
    ])
    expect(JSON.stringify([reading.findings, notes(reading)])).not.toContain('hunter')
  })

  it.each([
    ['a list', '- a', 'import-helm-shape'],
    ['a text', 'text', 'import-helm-shape'],
    ['two documents', 'a: 1\n---\nb: 1', 'import-helm-shape'],
    ['no YAML', 'env: "', 'import-yaml'],
    ['a cycle', 'env: &a\n  - *a', 'import-yaml'],
    ['depth', `env: ${'['.repeat(20_000)}`, 'import-yaml-size'],
    ['a key twice', 'env: []\nenv: []', 'import-duplicate-key'],
    ['no YAML in a text', 'extraEnv: |\n  - "', 'import-yaml'],
    ['depth in a text', `extraEnv: "${'['.repeat(100)}"`, 'import-yaml-size'],
    ['a key twice in a text', 'extraSecrets:\n  s:\n    stringData: |\n      A: 1\n      A: 2', 'import-duplicate-key'],
  ])('that are %s are a finding', (_, text, code) => {
    const { findings } = read(text)
    expect(findings.map((finding) => finding.code)).toEqual([code])
    expect(findings[0]?.where).toMatch(/^values\.yaml:\d+:\d+$/)
  })

  it('give no object that a line which is no text is a part of', () => {
    const bad = Buffer.from([0xff])
    const reading = read(
      Buffer.concat([
        Buffer.from('env:\n  - name: A\n    value: '),
        bad,
        Buffer.from('\n  - name: B\n    value: b\nextraSecrets:\n  s:\n    stringData: |\n      C: '),
        bad,
        Buffer.from('\n      D: d\n'),
      ]),
    )
    expect(reading.found.map(({ id }) => id)).toEqual(['D', 'B'])
    expect(codes(reading)).toEqual([
      ['error', 'import-not-text', 'values.yaml:3', undefined],
      ['error', 'import-not-text', 'values.yaml:9', undefined],
      ['error', 'import-not-text', 'values.yaml:2:3', 'A'],
      ['error', 'import-not-text', 'values.yaml:9:1', 'C'],
    ])
  })
})

it('give back what was written, in a list and in a text of YAML', () => {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .filter((one) => !one.includes('\0') && !one.includes('{{'))
  fc.assert(
    fc.property(text, (value) => {
      const list = [{ name: 'A', value }]
      const all = {
        env: list,
        extraEnv: stringify([{ name: 'B', value }]),
        extraSecrets: { s: { data: stringify({ C: base64(value) }), stringData: { D: value } } },
      }
      // Without the quotes `n` and `on` are booleans to Helm.
      const written = stringify(all, { defaultStringType: 'QUOTE_DOUBLE' })
      expect(read(written).found.map(({ id, data }) => [id, data.reveal()['value']])).toEqual([
        ['C', value],
        ['D', value],
        ['A', value],
        ['B', value],
      ])
    }),
  )
})

it('never fail to be read, whatever shape they have', () => {
  const keys = [
    'name',
    'value',
    'valueFrom',
    'secretKeyRef',
    'secretRef',
    'key',
    'data',
    'stringData',
    'env',
    'envName',
  ]
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.constantFrom('x', '{{ x }}', '{{', '', '- a', 'a: b', '"', null, 1, true, 'eA=='),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  const parts = [
    'env',
    'secret',
    'extraEnv',
    'extraEnvFrom',
    'extraSecrets',
    'extraConfigMaps',
    'config',
    'data',
    'workers',
  ]
  const file = fc.dictionary(fc.constantFrom(...parts, 'airflow'), any, { noNullPrototype: true })
  fc.assert(
    fc.property(file, file, (one, two) => {
      const { found, findings } = read(stringify(one), stringify(two))
      for (const { where } of [...findings, ...found.map(({ origin }) => origin)]) {
        expect(where).toMatch(/^(?:values|prod)\.yaml:\d+:\d+$/)
      }
    }),
    { numRuns: 200 },
  )
})
