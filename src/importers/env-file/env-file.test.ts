import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Found, Reading } from '../found.ts'
import type { TextFile } from '../text-files.ts'
import { readEnvFiles } from './index.ts'

const NO_ENV = { get: () => undefined }

function file(text: string | Buffer, shown = '.env'): TextFile {
  return { shown, path: `/hub/${shown}`, bytes: Buffer.from(text) }
}

function read(text: string | Buffer): Reading {
  return readEnvFiles([file(text)], { env: NO_ENV })
}

function only(reading: Reading): Found {
  expect(reading.found).toHaveLength(1)
  return reading.found[0] as Found
}

describe('.env files', () => {
  it('become connections, from a URI and from JSON', () => {
    const { found } = read(
      `AIRFLOW_CONN_MY_DB='postgresql://u:p%40w@db.example.com:5432/app?sslmode=require'\nAIRFLOW_CONN_API={"conn_type": "http", "host": "api.example.com", "extra": {"n": 1}}\n`,
    )
    expect(found.map(({ kind, id, data }) => [kind, id, data.reveal()])).toEqual([
      [
        'connection',
        'my_db',
        {
          conn_type: 'postgres',
          host: 'db.example.com',
          login: 'u',
          password: 'p@w',
          schema: 'app',
          port: 5432,
          extra: { sslmode: 'require' },
        },
      ],
      ['connection', 'api', { conn_type: 'http', host: 'api.example.com', extra: { n: 1 } }],
    ])
    expect(found[0]?.notes.map(({ text }) => text)).toEqual([
      'AIRFLOW_CONN_MY_DB is taken as my_db: the name of an environment variable keeps no case',
      'the type postgresql is read as postgres',
    ])
  })

  it('become variables, also of a team', () => {
    const { found } = read('AIRFLOW_VAR_REPORT_DAY=monday\nAIRFLOW_VAR__TRADING___LIMIT=25\n')
    expect(found.map(({ kind, id, team }) => [kind, id, team])).toEqual([
      ['variable', 'report_day', undefined],
      ['variable', 'limit', 'trading'],
    ])
  })

  it('leave other names as they are, with their lines', () => {
    const found = only(read('# a comment\n\nEXCHANGE_KEY="two\nlines"\n'))
    expect([found.kind, found.id, found.data.reveal()]).toEqual(['name', 'EXCHANGE_KEY', { value: 'two\nlines' }])
    expect(found.origin).toEqual({
      source: 'env-file',
      where: '.env:3',
      place: { kind: 'lines', file: '/hub/.env', line: 3, lastLine: 4, name: 'EXCHANGE_KEY' },
    })
  })

  it('say that the last of several wins', () => {
    const found = only(read('A=one\nA=two\n'))
    expect(found.data.reveal()).toEqual({ value: 'two' })
    expect(found.notes.map(({ text }) => text)).toEqual(['.env also sets it in line 1; the last one wins'])
  })

  it("leave Airflow's own settings out, and name those that hold a secret", () => {
    const { found, findings, facts } = read('AIRFLOW__CORE__FERNET_KEY=abc\nAIRFLOW__CORE__LOAD_EXAMPLES=False\n')
    expect(found).toEqual([])
    expect(facts).toEqual(['2 settings of Airflow itself, left out'])
    expect(findings.map(({ severity, code, id }) => [severity, code, id])).toEqual([
      ['warning', 'import-setting-secret', 'AIRFLOW__CORE__FERNET_KEY'],
    ])
  })

  it('are read to their end, whatever single lines hold', () => {
    const bytes = Buffer.concat([
      Buffer.from('A=1\nno assignment\nB="opened only\nC=3\nAIRFLOW_CONN_BAD=http://u:pa#ss@h/x\nD='),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("\nE=5\nF='x' y\nG=a\0b\nlonely\n"),
    ])
    const { found, findings } = read(bytes)
    expect(found.map(({ id }) => id)).toEqual(['A', 'C', 'E'])
    expect(findings.map(({ severity, code, where, id }) => [severity, code, where, id])).toEqual([
      ['error', 'import-bad-line', '.env:6', undefined],
      ['error', 'import-bad-line', '.env:2', undefined],
      ['error', 'import-bad-line', '.env:3', 'B'],
      ['error', 'import-bad-line', '.env:8', 'F'],
      ['warning', 'import-bad-line', '.env:10', undefined],
      ['error', 'import-bad-connection', '.env:5', 'bad'],
      ['error', 'import-bad-line', '.env:9', 'G'],
    ])
    expect(JSON.stringify(findings)).not.toMatch(/pa#ss|opened only|lonely/)
  })

  it('give no value that a broken line is a part of', () => {
    const bytes = Buffer.concat([Buffer.from('A="one\n'), Buffer.from([0xc3, 0x28]), Buffer.from('\nthree"\nB=2\n')])
    const { found, findings } = read(bytes)
    expect(found.map(({ id }) => id)).toEqual(['B'])
    expect(findings.map(({ where, id }) => [where, id])).toEqual([
      ['.env:2', undefined],
      ['.env:1', 'A'],
    ])
  })

  it('say what a value took from elsewhere', () => {
    const env = { get: (name: string) => (name === 'HOME_HOST' ? 'h' : undefined) }
    const { found } = readEnvFiles([file('A=${HOME_HOST}/${NOWHERE}\n')], { env })
    const notes = found[0]?.notes.map(({ text }) => text)
    expect(notes).toContain('it holds what the environment of this command has for HOME_HOST')
    expect(notes).toContain('NOWHERE in it is set nowhere and became nothing')
  })

  it('of several are kept apart', () => {
    const { found, label } = readEnvFiles([file('A=1', '.env'), file('A=2', '.env.prod')], { env: NO_ENV })
    expect(label).toBe('.env, .env.prod')
    expect(found.map(({ origin }) => origin.where)).toEqual(['.env:1', '.env.prod:1'])
  })

  it('with CR LF are read, and the shell that would not is named', () => {
    const { found, facts } = read("A='1'\r\nB=2\r\n")
    expect(found.map(({ data }) => data.reveal()['value'])).toEqual(['1', '2'])
    expect(facts).toEqual(['the lines of .env end in CR LF, which a shell takes for a part of each value'])
  })

  it('may hold 5 MB in one value', () => {
    const value = 'x'.repeat(5_000_000)
    expect(only(read(`A="${value}"`)).data.reveal()).toEqual({ value })
    expect(only(read(`A=${value}`)).data.reveal()).toEqual({ value })
    expect(only(read(`A='${'\\\\'.repeat(1_000_000)}'`)).data.reveal()).toEqual({ value: '\\'.repeat(1_000_000) })
  })

  it('execute nothing', () => {
    expect(only(read('A=$(echo hi)`echo ho`\n')).data.reveal()).toEqual({ value: '$(echo hi)`echo ho`' })
  })

  it('give back what was written in quotes', () => {
    const value = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .filter((text) => !text.includes('\r') && !text.includes('\0'))
    fc.assert(
      fc.property(value, (text) => {
        const quoted = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
        expect(only(read(`K='${quoted}'\n`)).data.reveal()).toEqual({ value: text })
      }),
    )
  })
})

describe('dialects', () => {
  const notes = (written: string): string => {
    const [found] = read(`${written}\n`).found
    return (found?.notes ?? []).map(({ text }) => text).join('\n')
  }

  it.each([
    ['A=x#y', 'Node cuts the value at the #'],
    ['A=`x`', 'Node takes backticks for quotes'],
    ['A="${X}"', 'Node puts nothing in for ${NAME}'],
    [String.raw`A="a\tb"`, 'Node reads other escapes within quotes'],
    [String.raw`A='it\'s'`, 'Node reads other escapes within quotes'],
    ["'A B'=x", 'Node takes the quotes for a part of the name'],
    ['A = x', 'a shell does not take blanks'],
    ['A= x', 'a shell does not take blanks'],
    ['A=two words', 'only the first word'],
    ['A=a&b', 'a shell ends it before the first "&"'],
    ['A=~/x', 'a shell puts in the home folder'],
    ['A=a"b"', 'a shell takes quotes and backslashes in it for its own'],
    [String.raw`A="a\nb"`, 'a shell reads other escapes within quotes'],
    ['a.b=x', 'a shell has no variable of this name'],
    ['A="$(date)"', 'a shell would run the command'],
    ['A=`date`', 'a shell would run the command'],
    ['A="cost $USD"', 'Docker Compose puts in $NAME also without braces'],
    ['A="cost $USD"', 'a shell puts in $NAME also without braces'],
    ['A=a$$b', 'Docker Compose makes one $ of $$'],
    [String.raw`A='a\\b'`, 'Docker Compose keeps'],
    ['A=x\t# comment', 'Docker Compose reads another value'],
    ['A/B=x', 'Docker Compose refuses the whole file'],
    ["A='${X}'", 'python-dotenv puts in ${NAME} within single quotes too'],
  ])('%s', (written, said) => {
    expect(notes(written)).toContain(said)
  })

  it.each(["A='plain text'", 'A=plain', 'A="plain text" # c', 'A="two\nlines"', 'export A=x', 'A=', 'A=x # c'])(
    '%j is the same to all',
    (written) => {
      expect(notes(written)).toBe('')
    },
  )
})
