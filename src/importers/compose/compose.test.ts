/** Each way compose has to give a service a value, with what is read from it: long, so that a missing one is seen. */
import fc from 'fast-check'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Finding, Found, Reading } from '../found.ts'
import type { TextFile, TextFiles } from '../text-files.ts'
import { readCompose } from './index.ts'

type Texts = Readonly<Record<string, string | Buffer>>

function filesOf(texts: Texts): TextFiles {
  return {
    read: (path, from = '/hub') => {
      const absolute = resolve(from, path)
      const text = texts[absolute.replace(/^\/hub\//, '')]
      return text === undefined ? undefined : textFile(absolute.replace(/^\/hub\//, ''), text)
    },
  }
}

function textFile(name: string, text: string | Buffer): TextFile {
  return { shown: name, path: `/hub/${name}`, bytes: Buffer.from(text) }
}

/** `given`: what is named in the call; the first of the texts where nothing is said. */
function read(
  texts: Texts,
  env: Readonly<Record<string, string>> = {},
  given = Object.keys(texts).slice(0, 1),
): Reading {
  const files = given.map((name) => textFile(name, texts[name] ?? ''))
  return readCompose(files, { env: { get: (name) => env[name] }, files: filesOf(texts) })
}

function one(text: string, env: Readonly<Record<string, string>> = {}): Reading {
  return read({ 'c.yml': text }, env)
}

function values({ found }: Reading): Record<string, unknown> {
  return Object.fromEntries(found.map(({ id, data }) => [id, data.reveal()['value'] ?? data.reveal()]))
}

function codes({ findings }: Pick<Reading, 'findings'>): string[] {
  return findings.map(({ severity, code, where }) => `${severity} ${code} ${where}`)
}

function only(reading: Reading): Found {
  expect(reading.found).toHaveLength(1)
  return reading.found[0] as Found
}

function service(body: string, before = ''): string {
  return `${before}services:\n  a:\n    environment:\n${body.replaceAll(/^(?=.)/gm, '      ')}`
}

describe('environment', () => {
  it('is a mapping or a list', () => {
    const reading = one(
      'services:\n  a:\n    environment:\n      A: x\n      B: "012"\n      C: 012\n  b:\n    environment:\n      - D=x=y\n      - "E=#"\n      - F=\n',
    )
    expect(reading.findings).toEqual([])
    expect(values(reading)).toEqual({ A: 'x', B: '012', C: '10', D: 'x=y', E: '#', F: '' })
    expect(reading.found[0]?.origin).toEqual({
      source: 'compose',
      where: 'c.yml:4:7',
      place: { kind: 'lines', file: '/hub/c.yml', line: 4, lastLine: 4, name: 'A' },
    })
    expect(reading.found[2]?.notes.map(({ text }) => text)).toEqual([expect.stringContaining('another spelling')])
  })

  it('holds connections, variables and settings of Airflow', () => {
    const reading = one(
      service(
        'AIRFLOW_CONN_DB: postgres://u:p%40@h/d\nAIRFLOW_VAR_X: y\nAIRFLOW__CORE__FERNET_KEY: abc\nAIRFLOW__CORE__X: ${NOPE}\n',
      ),
    )
    expect(reading.found.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['connection db', 'variable x'])
    expect(reading.found[0]?.data.reveal()).toMatchObject({ conn_type: 'postgres', login: 'u', password: 'p@' })
    expect(reading.facts).toEqual(['2 settings of Airflow itself, left out'])
    expect(codes(reading)).toEqual(['warning import-setting-secret c.yml:6:7'])
  })

  it.each([
    ['single quotes', `X: '{"conn_type": "http", "extra": {"n": 12345678901234567890}}'`, 1],
    ['double quotes', 'X: "{\\"conn_type\\": \\"http\\", \\"extra\\": {\\"n\\": 12345678901234567890}}"', 1],
    ['a literal block', 'X: |\n  {"conn_type": "http",\n   "extra": {"n": 12345678901234567890}}\n', 3],
    ['a folded block', 'X: >-\n  {"conn_type": "http",\n  "extra": {"n": 12345678901234567890}}', 3],
    ['several lines', `X: '{"conn_type": "http",\n  "extra": {"n": 12345678901234567890}}'`, 2],
  ])('reads JSON in %s, with every digit', (_, body, lines) => {
    const { data, origin } = only(one(service(`AIRFLOW_CONN_${body}`)))
    expect(data.reveal()).toEqual({ conn_type: 'http', extra: '{"n":12345678901234567890}' })
    expect(origin.place).toMatchObject({ line: 4, lastLine: 3 + lines })
  })

  it('takes what is anchored once, however many services take it', () => {
    const reading = one(
      'x-common: &common\n  environment: &env\n    A: shared\n    B: shared\nservices:\n  web:\n    <<: *common\n  worker:\n    <<: *common\n    environment:\n      <<: *env\n      B: own\n  beat:\n    environment: *env\n',
    )
    expect(reading.found.map(({ id, origin, data }) => [id, origin.where, data.reveal()['value']])).toEqual([
      ['A', 'c.yml:3:5', 'shared'],
      ['B', 'c.yml:4:5', 'shared'],
      ['B', 'c.yml:12:7', 'own'],
    ])
    expect(reading.findings).toEqual([
      {
        severity: 'warning',
        code: 'import-compose-differs',
        where: 'c.yml:4:5',
        id: 'B',
        text: 'it has one value in web, beat, another in worker',
        hint: 'give each value a name of its own, or all of them one value',
      },
    ])
  })

  it('says nothing of one value in several places', () => {
    const reading = one('services:\n  a: {environment: {A: x}}\n  b: {environment: [A=x]}\n')
    expect(reading.found.map(({ origin }) => origin.where)).toEqual(['c.yml:2:21', 'c.yml:3:21'])
    expect(reading.findings).toEqual([])
  })

  it.each([
    ['X: {a: 1}', 'import-compose-shape'],
    ['X: [1]', 'import-compose-shape'],
    ['X: ${A b}', 'import-compose-variable'],
    ['X: ${NEEDED:?say it}', 'import-compose-variable'],
    ['X: a${NOPE}b', 'import-compose-variable'],
    ['X: "a\\0b"', 'import-bad-line'],
    ['AIRFLOW_CONN_X: "nothing of it planted"', 'import-bad-connection'],
  ])('reports %s and reads the rest', (body, code) => {
    const reading = one(service(`${body}\nGOOD: 1\n`))
    expect(codes(reading)).toEqual([`error ${code} c.yml:4:7`])
    expect(reading.findings[0]?.id).toBe(code === 'import-bad-connection' ? 'x' : 'X')
    expect(values(reading)).toEqual({ GOOD: '1' })
    expect(JSON.stringify(reading.findings)).not.toContain('planted')
  })

  it('names nothing that a variable holds', () => {
    const secret = { S: 'planted', P: 'A' }
    const reading = one(
      `include: [$S.yml]\nsecrets: {s: {file: $S}, t: {environment: $S}}\n${service('- $S\n- ${P}_KEY=x\n- X=${S}\n')}    env_file: $S\n    extends: $S\n`,
      secret,
    )
    expect(reading.found.map(({ id }) => id)).toEqual(['A_KEY', 'X'])
    expect(reading.findings.map(({ code }) => code).sort()).toEqual([
      'import-compose-extends',
      'import-compose-file',
      'import-compose-file',
      'import-compose-include',
      'import-compose-shape',
      'import-compose-variable',
    ])
    expect(JSON.stringify(reading)).not.toContain('planted')
  })

  it.each([
    ['- "A =1"', 'error import-compose-shape c.yml:4:7'],
    ['- {A: 1}', 'error import-compose-shape c.yml:4:7'],
    ['- ', 'error import-compose-shape c.yml:4:7'],
  ])('refuses the entry %j', (body, said) => {
    const reading = one(service(`${body}\n- GOOD=1\n`))
    expect(codes(reading)).toEqual([said])
    expect(values(reading)).toEqual({ GOOD: '1' })
  })
})

describe('variables', () => {
  const texts = {
    'c.yml': service('A: ${X}-$Y\nB: ${NO:-d}${NO-e}${X:+r}$$X\nC: ${EMPTY:-d}${EMPTY-e}\nX:\nY: ~\nNOPE:\n'),
    '.env': 'X=file\nY=file\nEMPTY=\n',
  }

  it('come from the environment, then from .env, and it is said', () => {
    const reading = read(texts, { X: 'process' })
    expect(values(reading)).toEqual({ A: 'process-file', B: 'der$X', C: 'd', X: 'process', Y: 'file' })
    expect(reading.found[0]?.notes.map(({ text }) => text)).toEqual([
      'it holds what the environment of this command has for X',
      'it holds Y of .env:2',
    ])
    expect(codes(reading)).toEqual(['warning import-compose-variable c.yml:9:7'])
  })

  it('that are set nowhere leave a value out', () => {
    const reading = one(service('A: ${NOPE}\nB: x${NOPE}\nC: 1\n'))
    expect(codes(reading)).toEqual([
      'warning import-compose-variable c.yml:4:7',
      'error import-compose-variable c.yml:5:7',
    ])
    expect(values(reading)).toEqual({ C: '1' })
  })

  it('of a broken .env: the lines are named', () => {
    const reading = read({ 'c.yml': service('A: $X\n'), '.env': 'X=1\n!planted\n' })
    expect(codes(reading)).toEqual(['warning import-bad-line .env:2'])
    expect(values(reading)).toEqual({ A: '1' })
    expect(JSON.stringify(reading.findings)).not.toContain('planted')
  })
})

describe('env files', () => {
  it('lie under the environment, the later ones over the earlier', () => {
    const reading = read({
      'c.yml':
        'services:\n  a:\n    env_file: [one.env, {path: sub/two.env}]\n    environment:\n      C: own\n  b:\n    env_file: one.env\n',
      'one.env': 'A=1\nB=1\nC=1\n',
      'sub/two.env': 'B="${A}-2\nmore"\n',
    })
    const shown = reading.found.map(({ id, origin, data }) => [id, origin.where, data.reveal()['value']])
    expect(shown).toEqual([
      ['A', 'one.env:1:1', '1'],
      ['B', 'sub/two.env:1:1', '1-2\nmore'],
      ['C', 'c.yml:5:7', 'own'],
      ['B', 'one.env:2:1', '1'],
      ['C', 'one.env:3:1', '1'],
    ])
    expect(reading.found[1]?.origin.place).toEqual({
      kind: 'lines',
      file: '/hub/sub/two.env',
      line: 1,
      lastLine: 2,
      name: 'B',
    })
    expect(reading.found[2]?.notes[0]?.text).toBe('one.env:3:1 sets it too; the last one wins')
    expect(codes(reading)).toEqual([
      'warning import-compose-differs sub/two.env:1:1',
      'warning import-compose-differs c.yml:5:7',
    ])
  })

  it('of the format raw are taken as they stand', () => {
    const reading = read(
      {
        'c.yml': 'services:\n  a:\n    env_file:\n      - path: r.env\n        format: raw\n',
        'r.env': '# c\nA="x" # $B\n  B=1 \nC\nD\nE F=1\n\n',
      },
      { C: 'env' },
    )
    expect(values(reading)).toEqual({ A: '"x" # $B', B: '1 ', C: 'env' })
    expect(codes(reading)).toEqual(['error import-bad-line r.env:6'])
  })

  it('that are missing are reported, unless they may be', () => {
    const reading = one(
      'services:\n  a:\n    env_file: [gone.env, {path: free.env, required: false}]\n    environment: {A: 1}\n',
    )
    expect(codes(reading)).toEqual(['error import-compose-file c.yml:3:16'])
    expect(values(reading)).toEqual({ A: '1' })
  })

  it('keep what is not UTF-8 out', () => {
    const bytes = Buffer.concat([
      Buffer.from('A=1\nB='),
      Buffer.from([0xff]),
      Buffer.from('\nC="x\n'),
      Buffer.from([0xff]),
      Buffer.from('"\nD=4\n'),
    ])
    const reading = read({ 'c.yml': 'services: {a: {env_file: x.env}}', 'x.env': bytes })
    expect(values(reading)).toEqual({ A: '1', D: '4' })
    expect(codes(reading)).toEqual([
      'error import-not-text x.env:2',
      'error import-not-text x.env:4',
      'error import-bad-line x.env:3',
    ])
  })
})

describe('several files', () => {
  it('lie over one another in their order', () => {
    const texts = {
      'c.yml': 'services:\n  a:\n    environment: {A: base, B: base}\n    env_file: sub/e.env\n',
      'sub/o.yml': 'services:\n  a:\n    environment: [A=over]\n',
      'sub/e.env': 'E=1\n',
    }
    const reading = read(texts, {}, ['c.yml', 'sub/o.yml'])
    expect(values(reading)).toEqual({ A: 'over', B: 'base', E: '1' })
    expect(reading.found.find(({ id }) => id === 'A')?.notes.map(({ text }) => text)).toEqual([
      'c.yml:3:19 sets it too; the last one wins',
    ])
    expect(reading.label).toBe('c.yml, sub/o.yml')
  })

  it('take away with !reset and replace with !override', () => {
    const base = 'services:\n  a:\n    environment:\n      A: 1\n      B: 2\n'
    const over = (text: string): unknown => values(read({ 'c.yml': base, 'o.yml': text }, {}, ['c.yml', 'o.yml']))
    expect(over('services:\n  a:\n    environment:\n      A: !reset null\n')).toEqual({ B: '2' })
    expect(over('services:\n  a:\n    environment: !reset null\n')).toEqual({})
    expect(over('services:\n  a:\n    environment: !override\n      C: 3\n')).toEqual({ C: '3' })
    expect(over('services:\n  a: !override\n    environment:\n      D: 4\n')).toEqual({ D: '4' })
    expect(over('services:\n  a: !reset null\n')).toEqual({})
    // Of a list compose takes away no single name.
    const list = 'services: {a: {environment: [A=1, B=2]}}'
    const reset = 'services: {a: {environment: {A: !reset null}}}'
    expect(values(read({ 'c.yml': list, 'o.yml': reset }, {}, ['c.yml', 'o.yml']))).toEqual({ A: '1', B: '2' })
  })

  it('extend services, of one file and of another', () => {
    const reading = read({
      'c.yml':
        'services:\n  a:\n    extends: {service: base, file: sub/b.yml}\n    environment: {A: own}\n  b:\n    extends: a\n',
      'sub/b.yml':
        'services:\n  base:\n    extends: deep\n    env_file: e.env\n    environment: {A: base, B: base}\n  deep:\n    environment: {C: deep}\n',
      'sub/e.env': 'E=1\n',
    })
    expect(reading.findings).toEqual([])
    expect(values(reading)).toEqual({ A: 'own', B: 'base', C: 'deep', E: '1' })
    expect(reading.found.find(({ id }) => id === 'C')?.origin.where).toBe('sub/b.yml:7:19')
  })

  it.each([
    ['itself', 'services:\n  a:\n    extends: a\n    environment: {A: 1}\n'],
    ['in a circle', 'services:\n  a:\n    extends: b\n    environment: {A: 1}\n  b:\n    extends: {service: a}\n'],
    ['nobody', 'services:\n  a:\n    extends: gone\n    environment: {A: 1}\n'],
    ['a file that is gone', 'services:\n  a:\n    extends: {file: gone.yml, service: a}\n    environment: {A: 1}\n'],
    [
      'another machine',
      'services:\n  a:\n    extends: {file: "https://x/c.yml", service: a}\n    environment: {A: 1}\n',
    ],
  ])('survive who extends %s', (_, text) => {
    const reading = one(text)
    expect(codes(reading)).toContain('error import-compose-extends c.yml:3:5')
    expect(values(reading)).toEqual({ A: '1' })
  })

  it('survive a chain of a thousand services', () => {
    const chain = Array.from({ length: 1000 }, (_, at) => `  s${at}:\n    extends: s${at + 1}\n`).join('')
    const reading = one(`services:\n${chain}  s1000:\n    environment: {A: 1}\n`)
    expect(values(reading)).toEqual({ A: '1' })
    expect(new Set(reading.findings.map(({ code }) => code))).toEqual(new Set(['import-compose-extends']))
  })

  it('include others, with their own .env and folder', () => {
    const reading = read({
      'c.yml':
        'include:\n  - sub/i.yml\n  - path: [j.yml, k.yml]\n    env_file: j.env\nservices:\n  a:\n    environment: {A: own, X: $X}\n',
      'sub/i.yml':
        'services:\n  a:\n    environment: {A: inc, B: inc}\n  i:\n    env_file: e.env\n    environment: {I: $X, J: $Y}\n',
      'sub/e.env': 'E=1\n',
      'sub/.env': 'X=sub\nY=sub\n',
      'j.yml': 'services:\n  j:\n    environment: {K: $Z}\n',
      'k.yml': 'services:\n  j:\n    environment: {L: $Z}\n',
      'j.env': 'Z=j\n',
      '.env': 'X=main\n',
    })
    expect(reading.findings).toEqual([])
    expect(values(reading)).toEqual({ A: 'own', B: 'inc', X: 'main', E: '1', I: 'main', J: 'sub', K: 'j', L: 'j' })
  })

  it.each([
    [
      'a circle',
      { 'c.yml': 'include: [d.yml]\nservices: {a: {environment: {A: 1}}}', 'd.yml': 'include: [c.yml]\nservices: {}' },
    ],
    ['a file that is gone', { 'c.yml': 'include: [d.yml]\nservices: {a: {environment: {A: 1}}}' }],
    ['another machine', { 'c.yml': 'include: ["oci://x/y"]\nservices: {a: {environment: {A: 1}}}' }],
  ])('survive an include of %s', (_, texts) => {
    const reading = read(texts)
    expect(reading.findings.map(({ code }) => code)).toEqual(['import-compose-include'])
    expect(values(reading)).toEqual({ A: '1' })
  })

  it('are read once too often at most five hundred times', () => {
    const texts = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `f${at}.yml`,
        `include: [f${at + 1}.yml, ./f${at + 1}.yml]\nservices: {}\n`,
      ]),
    )
    const reading = read({ ...texts, 'f30.yml': 'services: {a: {environment: {A: 1}}}' })
    expect(reading.findings.some(({ text }) => text.startsWith('more than 500 files'))).toBe(true)
  })

  it('may have several documents', () => {
    const reading = one('services: {a: {environment: {A: 1, B: 1}}}\n---\nservices: {a: {environment: {A: 2}}}\n')
    expect(codes(reading)).toEqual(['warning import-compose-documents c.yml'])
    expect(values(reading)).toEqual({ A: '2', B: '1' })
  })
})

describe('secrets and configs', () => {
  it('are objects where they have a value', () => {
    const reading = read(
      {
        'c.yml':
          'secrets:\n  api: {file: ./api.txt}\n  db: {environment: DB_PW}\nconfigs:\n  app:\n    content: |\n      key=${DB_PW}\n',
        'api.txt': 'planted\n',
      },
      { DB_PW: 'x' },
    )
    expect(reading.found.map(({ kind, id, origin, data }) => [kind, id, origin.place, data.reveal()])).toEqual([
      ['secret', 'api', { kind: 'file', file: '/hub/api.txt' }, { value: 'planted\n' }],
      ['secret', 'db', { kind: 'file', file: '/hub/c.yml' }, { value: 'x' }],
      ['name', 'app', { kind: 'file', file: '/hub/c.yml' }, { value: 'key=x\n' }],
    ])
    expect(reading.found[0]?.notes[0]?.text).toContain('ends with a line end')
    expect(reading.findings).toEqual([])
  })

  it.each([
    ['secrets: {s: {external: true}}', 'warning import-compose-external c.yml:1:11'],
    ['secrets: {s: {external: {name: x}}}', 'warning import-compose-external c.yml:1:11'],
    ['secrets: {s: {environment: NOPE}}', 'error import-compose-variable c.yml:1:11'],
    ['configs: {s: {content: "${NOPE}"}}', 'error import-compose-variable c.yml:1:11'],
    ['secrets: {s: {file: gone}}', 'error import-compose-file c.yml:1:11'],
    ['configs: {s: {file: app.cfg}}', 'warning import-compose-file c.yml:1:11'],
    ['secrets: {s: {file: [a]}}', 'error import-compose-shape c.yml:1:15'],
    ['secrets: {s: {}}', 'error import-compose-shape c.yml:1:11'],
  ])('are findings where they have none: %s', (text, said) => {
    const reading = one(text)
    expect(codes(reading)).toEqual([said])
    expect(reading.findings[0]?.id).toBe('s')
    expect(reading.found).toEqual([])
  })

  it("leave Plenum's own credentials where they are", () => {
    const name = '.plenum/credentials/dev/airflow/backend_kwargs.json'
    const reading = read({ 'c.yml': `secrets: {s: {file: ./${name}}}`, [name]: 'planted' })
    expect([reading.found, reading.findings]).toEqual([[], []])
  })

  it('refuse a file that is not text', () => {
    const reading = read({ 'c.yml': 'secrets: {s: {file: k.bin}}', 'k.bin': Buffer.from([0xff, 0xfe]) })
    expect(codes(reading)).toEqual(['error import-not-text c.yml:1:11'])
  })
})

describe('the rest of a service', () => {
  it('has arguments of its build, and hooks', () => {
    const reading = one(
      'services:\n  a:\n    build:\n      args:\n        PIP_TOKEN: x\n        FROM_ENV:\n    post_start:\n      - environment: [HOOK_KEY=y]\n',
      { FROM_ENV: 'z' },
    )
    expect(values(reading)).toEqual({ HOOK_KEY: 'y', PIP_TOKEN: 'x', FROM_ENV: 'z' })
    const list = one('services: {a: {build: {args: [A=1, B]}}, b: {build: ./x}}', { B: '2' })
    expect(values(list)).toEqual({ A: '1', B: '2' })
  })

  it.each([
    ['command: airflow connections add x --conn-uri planted\n', [3]],
    [
      'command:\n      - bash\n      - -c\n      - |\n        set -e\n        airflow variables set k planted\n        airflow connections add x\n',
      [8, 9],
    ],
    ['entrypoint: [airflow, connections, add, planted]\n', [3]],
    ['command: ["airflow", "variables", "import", "planted.json"]\n', [3]],
    ['command: airflow connections list\n', []],
    ['command: webserver\n', []],
  ])('is not executed: %j', (command, lines) => {
    const reading = one(`services:\n  a:\n    ${command}`)
    expect(codes(reading)).toEqual(lines.map((line) => `warning import-compose-command c.yml:${line}`))
    expect(JSON.stringify(reading.findings)).not.toContain('planted')
  })

  it.each([
    ['services: [a]', 'c.yml:1:1'],
    ['services: {a: x}', 'c.yml:1:12'],
    ['services: {a: {environment: x}}', 'c.yml:1:16'],
    ['services: {a: {env_file: [{required: true}]}}', 'c.yml:1:27'],
    ['services: {a: {extends: {file: x.yml}}}', 'c.yml:1:16'],
    ['include: x.yml\nservices: {}', 'c.yml:1:1'],
    ['[a, b]', 'c.yml:1:1'],
    ['just a text', 'c.yml:1:1'],
    ['', 'c.yml:1:1'],
    ['# nothing\n', 'c.yml:1:1'],
  ])('is reported where its shape is wrong: %s', (text, where) => {
    expect(codes(one(text))).toEqual([`error import-compose-shape ${where}`])
  })
})

describe('bad texts', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, at) => `b${at}: &b${at} [${Array.from({ length: 10 }, () => (at === 0 ? '*a' : `*b${at - 1}`)).join()}]`).join('\n')}\n`

  it.each<[string, string | Buffer, string]>([
    ['no YAML', 'services: {a: [}', 'import-yaml'],
    ['a circle of anchors', 'services: &s\n  a: *s\n', 'import-yaml'],
    ['a bomb of aliases', bomb, 'import-yaml-size'],
    ['a deep text', `a: ${'['.repeat(5000)}`, 'import-yaml-size'],
    ['a key that stands twice', 'services: {}\nservices: {}\n', 'import-duplicate-key'],
    ['bytes that are no text', Buffer.from([0x61, 0x3a, 0xff]), 'import-not-text'],
  ])('%s', (_, text, code) => {
    const reading = read({ 'c.yml': text, 'd.yml': 'services: {a: {environment: {A: 1}}}' }, {}, ['c.yml', 'd.yml'])
    expect(reading.findings.map((finding) => finding.code)).toEqual([code])
    expect(values(reading)).toEqual({ A: '1' })
  })

  it('with a byte order mark and CR LF mean the same', () => {
    const text = service('A: x\nB: |\n  two\n  lines\n')
    expect(values(one(`\uFEFF${text.replaceAll('\n', '\r\n')}`))).toEqual(values(one(text)))
  })

  it('with names that JavaScript has a meaning for', () => {
    const reading = one('services:\n  __proto__:\n    environment: {__proto__: x, constructor: y}\n')
    expect(reading.found.map(({ id }) => id)).toEqual(['__proto__', 'constructor'])
  })

  it('of any kind: never an exception, and no value in a finding', () => {
    const line = fc.constantFrom(
      'services:',
      '  a:',
      '  b: &b',
      '    environment:',
      '      A: planted',
      '      - A=planted',
      '      B: ${planted',
      '      <<: *b',
      '    env_file: x',
      '    extends: a',
      '    extends: {file: c.yml, service: b}',
      '    build: {args: [A=planted]}',
      '    command: airflow variables set k planted',
      'include: [c.yml]',
      'secrets: {s: {file: x}, t: {environment: A}}',
      '---',
      '\0',
      '\t',
      '- ',
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
        const reading = read({ 'c.yml': lines.join('\n'), x: 'A=planted\n"' })
        const said: readonly Finding[] = reading.findings
        expect(said.map(({ text }) => text).join()).not.toContain('planted')
      }),
      { numRuns: 300 },
    )
  })
})
