import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../airflow/index.ts'
import { fingerprintKey, type Sensitive } from '../sensitive/index.ts'
import { connection, envName, found, reading, variable } from './found.case.ts'
import type { Finding, Found } from './found.ts'
import { selectObjects } from './select.ts'
import type { LeftOut, NameClass, SelectOptions, Selection } from './selection.ts'

const OPTIONS: SelectOptions = {
  only: [],
  except: [],
  withDefaults: false,
  rules: { rules: [], map: [], projects: ['trading'], mentions: new Map(), holding: 'unassigned' },
  names: 'secrets',
  classes: ['secret'],
  prefer: undefined,
  key: fingerprintKey(Buffer.alloc(32, 1)),
  declared: new Map(),
}

const classify = (name: string): { kind: NameClass; because: string } => ({
  kind: name.endsWith('KEY') ? 'secret' : name.endsWith('HOST') ? 'configuration' : 'unknown',
  because: 'its name',
})

function select(
  all: readonly Found[],
  options: Partial<SelectOptions> = {},
  findings: readonly Finding[] = [],
): Selection {
  const sources = [...new Set(all.map(({ origin }) => origin.source))]
  const readings = sources.map((source) => reading(all.filter(({ origin }) => origin.source === source)))
  return selectObjects([...readings, reading([], findings)], { ...OPTIONS, ...options }, classify)
}

const taken = ({ entries }: Selection): string[] =>
  entries.map(({ kind, id, project }) => `${kind} ${id} -> ${project}`)
const left = ({ leftOut }: Selection): string[] => leftOut.map(({ kind, id, reason }) => `${kind} ${id}: ${reason}`)
const codes = ({ findings }: Selection): string[] =>
  findings.map(({ severity, code, id }) => `${severity} ${code} ${id}`)
const clear = (data: Sensitive<JsonObject> | undefined): JsonObject | undefined => data?.reveal()
const only = ({ leftOut: [first] }: Selection): LeftOut | undefined => first

describe('selectObjects', () => {
  it('takes everything that is asked for, connections first', () => {
    const all = [variable('trading_x'), connection('trading_db'), connection('other_db')]
    const selection = select(all, { except: ['other*'] })
    expect(taken(selection)).toEqual(['connection trading_db -> trading', 'variable trading_x -> trading'])
    expect(left(selection)).toEqual(['connection other_db: not-asked'])
    expect(taken(select(all, { only: ['variable:*', 'other_db'] }))).toEqual([
      'connection other_db -> unassigned',
      'variable trading_x -> trading',
    ])
  })

  it('leaves defaults out, unless they are asked for or declared', () => {
    const all = [connection('aws_default', { conn_type: 'aws' })]
    expect(left(select(all))).toEqual(['connection aws_default: default'])
    expect(only(select(all))?.hint).toBe('--with-defaults takes it')
    expect(left(select(all, { only: ['aws*'] }))).toEqual(['connection aws_default: default'])
    const declared = new Map([['connection:aws_default', { external: true, project: 'trading' }]])
    for (const options of [{ withDefaults: true }, { only: ['aws_default'] }, { declared }])
      expect(taken(select(all, options))).toHaveLength(1)
  })

  it('leaves out what plenum.yaml declares with another source, and keeps the project of external ones', () => {
    const declared = new Map([
      ['connection:trading_db', { external: false, project: 'trading' }],
      ['variable:trading_x', { external: true, project: 'research' }],
    ])
    const selection = select([connection('trading_db'), variable('trading_x')], { declared })
    expect(taken(selection)).toEqual(['variable trading_x -> research'])
    expect(selection.entries[0]).toMatchObject({ because: 'declared', reason: 'declared in plenum.yaml' })
    expect(left(selection)).toEqual(['connection trading_db: declared'])
    expect(codes(selection)).toEqual([])
  })

  it('carries description, team and notes', () => {
    const note = { kind: 'lossy', text: 'no description' } as const
    const one = variable('x', 'v', { description: 'ours', team: 'a', notes: [note] })
    expect(select([one]).entries[0]).toMatchObject({ metadata: { description: 'ours', team: 'a' }, notes: [note] })
  })

  it.each<[Found, string]>([
    [connection('a/b'), 'import-id'],
    [connection('a b'), 'import-id'],
    [variable('x'.repeat(201)), 'import-id'],
    [variable('__proto__'), 'import-id'],
    [found('secret', 'p/a/b', { x: 'y' }), 'import-id'],
    [found('secret', 'p/..', { x: 'y' }), 'import-id'],
    [found('secret', 'P/a', { x: 'y' }), 'import-project-name'],
    [variable('x', 'v'.repeat(1_000_000)), 'import-too-large'],
  ])('refuses what Vault or Airflow cannot hold: %#', (one, code) => {
    const selection = select([one, variable('fine')])
    expect(taken(selection)).toEqual(['variable fine -> unassigned'])
    expect(left(selection)).toEqual([`${one.kind} ${one.id}: refused`])
    expect(codes(selection)).toEqual([`error ${code} ${one.id}`])
    expect(JSON.stringify(selection)).not.toContain('vvvv')
  })

  it('warns of a key that works in Vault alone', () => {
    const selection = select([variable('a/b')])
    expect(taken(selection)).toHaveLength(1)
    expect(codes(selection)).toEqual(['warning import-id a/b'])
  })

  it('sets findings aside that are about what was not asked for', () => {
    const finding = (id: string | undefined): Finding => {
      return { severity: 'error', code: 'import-lost-key', where: 'row 1', id, text: 'x', hint: undefined }
    }
    const findings = [finding(undefined), finding('x'), finding('y'), finding('AIRFLOW_CONN_Y')]
    const selection = select([variable('y')], { only: ['y'] }, findings)
    expect(selection.findings.map(({ id }) => id)).toEqual([undefined, 'y', 'AIRFLOW_CONN_Y'])
    expect(selection.otherFindings.map(({ id }) => id)).toEqual(['x'])
  })

  it('finds one value under several names, also where one is left out', () => {
    const all = [connection('c', { conn_type: 'http', password: 'planted-1' }), envName('SOME', 'planted-1')]
    const selection = select(all)
    expect(selection.duplicates).toEqual([{ names: ['connection c: password', 'name SOME'] }])
    expect(JSON.stringify(selection)).not.toContain('planted')
  })
})

describe('the same id in several places', () => {
  const db = connection('x', { conn_type: 'http', port: 80 }, { where: 'row 1' })
  const env = connection('x', { port: 80, conn_type: 'http' }, { where: '.env:1', source: 'env-file' })
  const other = connection('x', { conn_type: 'http', port: 81 }, { where: '.env:2', source: 'env-file' })

  it('is one entry when the value is the same', () => {
    const selection = select([db, env])
    expect(selection.entries.map(({ origins }) => origins.map(({ where }) => where))).toEqual([['row 1', '.env:1']])
    expect(selection.collisions).toEqual([])
  })

  it('is none when the values differ, and names both places and the fields', () => {
    const selection = select([db, other])
    expect(taken(selection)).toEqual([])
    expect(left(selection)).toEqual(['connection x: collision', 'connection x: collision'])
    expect(codes(selection)).toEqual(['error import-collision x'])
    expect(selection.findings[0]).toMatchObject({
      text: 'has different values (port): row 1, .env:2',
      hint: '--prefer airflow-db or --prefer env-file says which is right',
    })
    expect(selection.collisions).toEqual([
      { kind: 'value', object: 'connection', ids: ['x'], where: ['row 1', '.env:2'], decided: undefined },
    ])
  })

  it('is the preferred one, with all that agree with it', () => {
    const selection = select([db, env, other], { prefer: 'airflow-db' })
    expect(selection.entries[0]?.origins.map(({ where }) => where)).toEqual(['row 1', '.env:1'])
    expect(left(selection)).toEqual(['connection x: not-preferred'])
    expect(codes(selection)).toEqual([])
    expect(selection.collisions).toMatchObject([{ decided: 'airflow-db' }])
  })

  it.each(['env-file', 'helm'] as const)('stays undecided when %s has several values, or none', (prefer) => {
    const selection = select([db, env, other], { prefer })
    expect(taken(selection)).toEqual([])
    expect(codes(selection)).toEqual(['error import-collision x'])
  })

  it('is two things as connection and variable', () => {
    expect(taken(select([connection('x'), variable('x')]))).toHaveLength(2)
  })
})

describe('ids that no plenum.yaml can hold side by side', () => {
  it('are brought in when the case is the only difference of none', () => {
    const selection = select([connection('Db'), connection('db'), connection('DB'), variable('db'), variable('x')])
    expect(taken(selection)).toEqual(['variable db -> unassigned', 'variable x -> unassigned'])
    expect(codes(selection)).toEqual([
      'error import-case-twins Db',
      'error import-case-twins db',
      'error import-case-twins DB',
    ])
    expect(selection.collisions).toMatchObject([{ kind: 'case', ids: ['Db', 'db', 'DB'] }])
  })

  it('give way to the declared one', () => {
    const declared = new Map([['connection:db', { external: true, project: 'trading' }]])
    const selection = select([connection('Db'), connection('db')], { declared })
    expect(taken(selection)).toEqual(['connection db -> trading'])
    expect(codes(selection)).toEqual(['error import-case-twins Db'])
  })

  it('lie below each other: the upper one comes along', () => {
    const selection = select([variable('a/b'), variable('a'), variable('a/b/c')])
    expect(taken(selection)).toEqual(['variable a -> unassigned'])
    expect(left(selection)).toEqual(['variable a/b: collision', 'variable a/b/c: collision'])
    const declared = new Map([['variable:a/b', { external: true, project: 'trading' }]])
    expect(taken(select([variable('a')], { declared }))).toEqual([])
  })
})

describe('environment variables', () => {
  const all = [
    envName('TRADING_KEY', 'planted-1', { where: '.env:1' }),
    envName('OTHER_KEY', 'planted-2'),
    envName('X_KEY', 'planted-3'),
    envName('DB_HOST'),
    envName('THING'),
  ]

  it('of the wanted classes become one secret a project', () => {
    const selection = select(all)
    expect(taken(selection)).toEqual(['secret trading/env -> trading', 'secret unassigned/env -> unassigned'])
    expect(selection.entries.map(({ data }) => clear(data))).toEqual([
      { TRADING_KEY: 'planted-1' },
      { OTHER_KEY: 'planted-2', X_KEY: 'planted-3' },
    ])
    expect(selection.entries[1]?.origins).toHaveLength(2)
    expect(selection.leftOut).toMatchObject([
      {
        id: 'DB_HOST',
        reason: 'name-class',
        text: 'looks like configuration (its name)',
        hint: '--class configuration takes it',
      },
      { id: 'THING', reason: 'name-class', hint: '--class unknown takes it' },
    ])
  })

  it('become variables in lower case', () => {
    expect(taken(select(all, { names: 'variables', classes: ['secret', 'configuration'] }))).toEqual([
      'variable trading_key -> trading',
      'variable other_key -> unassigned',
      'variable x_key -> unassigned',
      'variable db_host -> unassigned',
    ])
  })

  it('meet variables of that key', () => {
    const same = [variable('a_key', 'one'), envName('A_KEY', 'one')]
    expect(select(same, { names: 'variables' }).entries).toHaveLength(1)
    const different = [variable('a_key', 'one'), envName('A_KEY', 'two')]
    expect(codes(select(different, { names: 'variables' }))).toEqual(['error import-collision a_key'])
  })

  it('stay where they are', () => {
    const selection = select(all, { names: 'none' })
    expect(taken(selection)).toEqual([])
    expect(new Set(selection.leftOut.map(({ hint }) => hint))).toEqual(
      new Set(['--names secrets or --names variables takes it']),
    )
  })

  it('with several values are left out, and the others of the secret are not', () => {
    const selection = select([...all, envName('X_KEY', 'planted-4')])
    expect(clear(selection.entries[1]?.data)).toEqual({ OTHER_KEY: 'planted-2' })
    expect(codes(selection)).toEqual(['error import-collision X_KEY'])
  })

  it('do not go into a secret that a source has otherwise', () => {
    const vault = found('secret', 'trading/env', { TRADING_KEY: 'else' }, { source: 'vault' })
    const selection = select([vault, ...all])
    expect(taken(selection)).toEqual(['secret unassigned/env -> unassigned'])
    expect(codes(selection)).toEqual(['error import-collision trading/env'])
    expect(clear(select([vault, ...all], { prefer: 'vault' }).entries[0]?.data)).toEqual({ TRADING_KEY: 'else' })
    const same = found('secret', 'trading/env', { TRADING_KEY: 'planted-1' }, { source: 'vault' })
    expect(select([same, ...all]).entries[0]?.origins).toHaveLength(2)
  })

  it('are refused one by one when they are too large together', () => {
    const large = ['A_KEY', 'B_KEY'].map((name) => envName(name, 'v'.repeat(600_000)))
    const selection = select(large)
    expect(left(selection)).toEqual(['name A_KEY: refused', 'name B_KEY: refused'])
    expect(codes(selection)).toEqual(['error import-too-large A_KEY', 'error import-too-large B_KEY'])
  })

  it('tell by name which note is whose', () => {
    const notes = [{ kind: 'dialect', text: 'docker reads the quotes too' }] as const
    expect(select([envName('A_KEY', 'v', { notes })]).entries[0]?.notes).toEqual([
      { kind: 'dialect', text: 'A_KEY: docker reads the quotes too' },
    ])
  })
})

describe('secrets', () => {
  it('keep the project that the source names, unless a rule or the map names another', () => {
    const all = [found('secret', 'research/api', { x: 'y' }), found('secret', 'trading_api', { x: 'y' })]
    const selection = select(all)
    expect(taken(selection)).toEqual(['secret research/api -> research', 'secret trading/trading_api -> trading'])
    expect(selection.entries.map(({ because }) => because)).toEqual(['source', 'name'])
    const rules = { ...OPTIONS.rules, rules: [{ pattern: 'secret:research/*', project: 'new' }] }
    expect(taken(select(all, { rules }))[0]).toBe('secret new/api -> new')
  })
})
