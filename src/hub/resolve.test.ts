import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { HEAD, loaded, project, sources, type World } from './hub-text.case.ts'
import { HubReferenceError, resolveEntries, resolveEntry, resolveText } from './index.ts'

/** The first entry's fields: values in clear, orders as they are. */
function resolved(text: string, world: World = {}): Record<string, unknown> {
  const hub = loaded(text, { ...world, references: 'unchecked' })
  const [first] = resolveEntries({ hub, ...sources(world) })
  return Object.fromEntries(
    [...(first?.fields ?? [])].map(([name, field]) => [name, field.kind === 'value' ? field.value.reveal() : field]),
  )
}

function failure(text: string, world: World = {}): HubReferenceError {
  try {
    resolved(text, world)
  } catch (error) {
    if (error instanceof HubReferenceError) return error
    throw error
  }
  throw new Error('it resolved')
}

const withFiles = (text: string, files: string): string => text.replace('projects:', `env_files: ${files}\nprojects:`)
const login = (reference: string): string => project(`connections:\n  a: { conn_type: x, login: ${reference} }`)

describe('env', () => {
  it('is the process first, then the files in order', () => {
    const text = withFiles(login('{ env: A }'), '[one.env, two.env]')
    const files = { '/hub/one.env': 'B=1', '/hub/two.env': 'A=two\n', '/hub/three.env': 'A=three' }
    expect(resolved(text, { files })['login']).toBe('two')
    expect(resolved(text, { files: { ...files, '/hub/one.env': 'A=one' } })['login']).toBe('one')
    expect(resolved(text, { files, env: { A: 'process' } })['login']).toBe('process')
  })

  it('set and empty is set: a field of a connection is left out then, everything else is empty', () => {
    expect(resolved(login('{ env: A }'), { env: { A: '' } })).toEqual({ conn_type: 'x' })
    expect(resolved(project('variables:\n  a: { env: A }'), { env: { A: '' } })).toEqual({ value: '' })
    expect(
      resolved(project('connections:\n  a: { conn_type: x, extra: { y: { env: A } } }'), { env: { A: '' } }),
    ).toEqual({
      conn_type: 'x',
      'extra.y': '',
    })
  })

  it('is a number for a port, and a text in extra', () => {
    const text = project('connections:\n  a: { conn_type: x, port: { env: P }, extra: { port: { env: P } } }')
    expect(resolved(text, { env: { P: '5432' } })).toEqual({ conn_type: 'x', port: 5432, 'extra.port': '5432' })
  })

  it.each(['0', '65536', '-1', '5432x', '1e3', '0x10'])('refuses %s as a port', (value) => {
    const text = project('connections:\n  a: { conn_type: x, port: { env: P } }')
    expect(failure(text, { env: { P: value } }).missing).toEqual([
      {
        kind: 'port',
        name: 'P',
        at: { file: '/hub/plenum.yaml', line: 7, column: 7 },
        path: 'projects.trading.connections.a.port',
      },
    ])
  })
})

describe('file', () => {
  it.each([
    ['x', 'x'],
    ['x\n', 'x'],
    ['x\r\n', 'x'],
    ['x\n\n', 'x\n'],
    ['\nx', '\nx'],
    ['', ''],
  ])('reads %j as %j', (content, value) => {
    expect(resolved(project('variables:\n  a: { file: f }'), { files: { '/hub/f': content } })).toEqual({ value })
  })
})

describe('the others', () => {
  it('stay orders', () => {
    const text = project(
      'secrets:\n  a: { g: { generate: {} }, p: { prompt: Q }, v: { vault: { path: x/y, field: f } } }',
    )
    expect(resolved(text)).toMatchObject({
      g: { kind: 'keep', make: { kind: 'generate', length: 32 } },
      p: { kind: 'keep', make: { kind: 'prompt', question: 'Q' } },
      v: { kind: 'vault', path: 'x/y', field: 'f' },
    })
  })
})

describe('what is missing', () => {
  const text = withFiles(
    project(`connections:
  a: { conn_type: x, login: { env: ONE }, password: { file: two } }
secrets:
  s: { k.e.y: { env: THREE } }
variables:
  v: { env: FOUR }`),
    '[.env]',
  )

  it('comes in one error, with names and places', () => {
    const error = failure(text, { env: { FOUR: 'planted-value' } })
    expect(error.code).toBe('hub-unresolved')
    expect(error.message.split('\n')).toEqual([
      'plenum.yaml:8:7: projects.trading.connections.a.login: the environment variable ONE is not set',
      'plenum.yaml:8:7: projects.trading.connections.a.password: the file /hub/two cannot be read',
      'plenum.yaml:10:7: projects.trading.secrets.s.k.e.y: the environment variable THREE is not set',
    ])
    expect(error.hint).toBe('set the variables, or write them into .env')
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('planted-value')
  })

  it('is found for one entry as well', () => {
    const hub = loaded(text, { references: 'unchecked' })
    const [first] = hub.entries
    if (first === undefined) throw new Error('no entry')
    expect(() => resolveEntry(first, { hub, ...sources({}) })).toThrow(/ONE is not set\n.*two cannot be read$/)
  })
})

describe('credentials of an environment', () => {
  const hub = loaded(`${HEAD}env_files: [.env]\nprojects: { t: { variables: { a: b } } }`, { references: 'unchecked' })
  const world = sources({ files: { '/hub/.env': 'T=from-file', '/run/sid': 'secret\n' } })

  it('are read from where they are', () => {
    expect(resolveText({ kind: 'literal', value: 'role' }, { hub, ...world }).reveal()).toBe('role')
    expect(resolveText({ kind: 'env', name: 'T' }, { hub, ...world }).reveal()).toBe('from-file')
    expect(resolveText({ kind: 'file', path: '/run/sid' }, { hub, ...world }).reveal()).toBe('secret')
  })

  it('are named when they are missing', () => {
    expect(() => resolveText({ kind: 'env', name: 'NO' }, { hub, ...world })).toThrow(
      'environments: the environment variable NO is not set',
    )
  })
})
