import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeclaredAddition, declareEntries, HubEditError } from './index.ts'
import { EXAMPLE, HEAD, load, loaded } from './hub-text.case.ts'

const FILE = '/hub/plenum.yaml'
const NEW = { name: 'my-hub', airflow: '3.3', provider: '4.8' }

const connection = (id: string, project = 'trading'): DeclaredAddition => ({ kind: 'connection', id, project })
const variable = (id: string, project = 'trading'): DeclaredAddition => ({ kind: 'variable', id, project })
const secret = (name: string, project = 'trading'): DeclaredAddition => ({
  kind: 'secret',
  id: `${project}/${name}`,
  project,
})

const declared = (text: string | undefined, ...entries: DeclaredAddition[]): string =>
  declareEntries(text, { file: FILE, hub: NEW, entries }).text

const hub = (lines: string): string => `${HEAD}projects:\n${lines}`

/** Lines of `before` that `after` has not in their order. */
function removedLines(before: string, after: string): string[] {
  const lines = after.split(/\r?\n/)
  let at = 0
  return before.split(/\r?\n/).filter((line) => {
    const next = lines.indexOf(line, at)
    if (next === -1) return true
    at = next + 1
    return false
  })
}

/** Whether every character of `before` is in `after`, in order. */
function isInOrderIn(before: string, after: string): boolean {
  let at = 0
  for (const character of after) if (character === before[at]) at += 1
  return at === before.length
}

describe('declareEntries', () => {
  it('adds to the sections that are there, behind their last entry', () => {
    const text = hub(`  trading:
    owner: t@example.com   # asks Ann
    connections:
      first: { external: true }   # keep

      # the next one is old
      second:
        external: true
      # end of connections
    variables:
      v: "x"
`)
    expect(declared(text, connection('third'), variable('w'))).toBe(
      hub(`  trading:
    owner: t@example.com   # asks Ann
    connections:
      first: { external: true }   # keep

      # the next one is old
      second:
        external: true

      third: { external: true }
      # end of connections
    variables:
      v: "x"
      w: { external: true }
`),
    )
  })

  it('adds sections and projects where there are none, with the gaps and steps of the file', () => {
    const text = hub(`    trading:
        variables:
            v: x

    research:
        variables:
            r: y
# the end
`)
    expect(declared(text, secret('env'), connection('c', 'new'), variable('w', 'new'))).toBe(
      hub(`    trading:
        variables:
            v: x
        secrets:
            env: { external: true }

    research:
        variables:
            r: y

    new:
        connections:
            c: { external: true }
        variables:
            w: { external: true }
# the end
`),
    )
  })

  it.each([
    ['an empty block', 'trading:\n    connections:\n', 'trading:\n    connections:\n      c: { external: true }\n'],
    [
      'braces',
      'trading: { variables: { v: x } }\n',
      'trading: { variables: { v: x }, connections: { c: { external: true } } }\n',
    ],
    [
      'braces that are full',
      `trading: { variables: { ${'v'.repeat(80)}: x } }\n`,
      `trading: { variables: { ${'v'.repeat(80)}: x },\n    connections: { c: { external: true } } }\n`,
    ],
    [
      'braces over several lines',
      'trading:\n    connections: {\n      a: { external: true }, # one\n      b: { external: true }  # two, {not} the last\n    }\n',
      'trading:\n    connections: {\n      a: { external: true }, # one\n      b: { external: true },  # two, {not} the last\n      c: { external: true }\n    }\n',
    ],
    [
      'a comma at the end',
      'trading:\n    connections: {\n      a: { external: true },  # one, two\n    }\n',
      'trading:\n    connections: {\n      a: { external: true },  # one, two\n      c: { external: true },\n    }\n',
    ],
    [
      'empty braces',
      'trading:\n    connections: {}  # none yet\n',
      'trading:\n    connections:  # none yet\n      c: { external: true }\n',
    ],
    [
      'empty braces in braces',
      'trading: { connections: {} }\n',
      'trading: { connections: { c: { external: true } } }\n',
    ],
    [
      'a block text at the end',
      'trading:\n    variables:\n      v: |+\n        text\n\n\n',
      'trading:\n    variables:\n      v: |+\n        text\n\n\n    connections:\n      c: { external: true }\n',
    ],
    [
      'no line break at the end',
      'trading:\n    variables: { v: x } # v',
      'trading:\n    variables: { v: x } # v\n    connections:\n      c: { external: true }',
    ],
    [
      'quoted keys',
      '"trading":\n    "connections":\n      "a": {external: true}\n',
      '"trading":\n    "connections":\n      "a": {external: true}\n      c: { external: true }\n',
    ],
  ])('adds to %s', (_, before, after) => {
    expect(declared(hub(`  ${before}`), connection('c'))).toBe(hub(`  ${after}`))
  })

  it('keeps a file that is JSON', () => {
    const json = JSON.stringify(
      {
        version: 1,
        hub: 'h',
        airflow: { version: '3.3', provider: '4.8' },
        projects: { trading: { variables: { v: 'x' } } },
      },
      undefined,
      2,
    )
    const after = declared(json, variable('w'), connection('007', 'new'))
    expect(JSON.parse(after)).toMatchObject({
      projects: {
        trading: { variables: { v: 'x', w: { external: true } } },
        new: { connections: { '007': { external: true } } },
      },
    })
    expect(loaded(after).entries.map(({ id }) => id)).toEqual(['v', 'w', '007'])
  })

  it('keeps CRLF and a byte order mark', () => {
    const text = `\uFEFF${EXAMPLE}`.replaceAll('\n', '\r\n')
    const after = declared(text, connection('c'), variable('v', 'new'))
    expect(after.startsWith('\uFEFF')).toBe(true)
    expect(after.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(removedLines(text, after)).toEqual([])
  })

  it('quotes ids that YAML would take for something else', () => {
    const ids = ['yes', 'on', 'null', '1e3', '007', 'y', '-x', '.x', '0x1F', 'True', 'plain_id', '~x'.replace('~', '')]
    const after = declared(undefined, ...ids.map((id) => connection(id)))
    const keys = [...after.matchAll(/^ {6}(\S+):/gm)].map(([, key]) => key)
    expect(keys).toEqual([
      '"yes"',
      '"on"',
      '"null"',
      '"1e3"',
      '"007"',
      '"y"',
      '"-x"',
      '".x"',
      '"0x1F"',
      '"True"',
      'plain_id',
      'x',
    ])
    expect(loaded(after).entries.map(({ id }) => id)).toEqual(ids)
  })

  it('makes a file that loads and says what is what', () => {
    const text = declared(undefined, connection('c'), secret('env', 'new'))
    expect(loaded(text)).toMatchObject({
      name: 'my-hub',
      airflow: { version: '3.3', provider: '4.8' },
      projects: [{ name: 'trading' }, { name: 'new' }],
    })
    expect(loaded(text).environments.get('dev')).toEqual({ kind: 'embedded' })
    expect(text).toContain('# `external: true`')
  })

  it('makes a file out of comments, and keeps them', () => {
    expect(declared('# ours', connection('c'))).toMatch(/^# ours\n#/)
  })

  it('gives new projects their owners', () => {
    const owners = new Map([
      ['new', 'Ann: research'],
      ['trading', 'nobody'],
    ])
    const entries = [connection('c', 'new'), connection('d', 'trading')]
    const { text } = declareEntries(EXAMPLE, { file: FILE, hub: NEW, entries, owners })
    const found = loaded(text, { references: 'unchecked' }).projects
    expect(found).toEqual([
      { name: 'trading', owner: 'trading@example.com' },
      { name: 'new', owner: 'Ann: research' },
    ])
  })

  it('leaves what is declared, in whichever project', () => {
    const entries = [
      connection('project_trading_ibkr', 'other'),
      variable('project_trading_symbols'),
      secret('api_keys'),
    ]
    expect(declareEntries(EXAMPLE, { file: FILE, hub: NEW, entries })).toMatchObject({
      text: EXAMPLE,
      added: [],
      left: [],
    })
  })

  it('is the same when it is done twice', () => {
    const entries = [connection('c'), variable('v', 'new')]
    const once = declareEntries(EXAMPLE, { file: FILE, hub: NEW, entries })
    expect(once.added).toEqual(['connection:c', 'variable:v'])
    expect(declareEntries(once.text, { file: FILE, hub: NEW, entries })).toMatchObject({
      text: once.text,
      added: [],
      left: [],
    })
  })

  it('says what the file cannot hold beside what it has', () => {
    const entries = [
      connection('PROJECT_trading_ibkr'),
      variable('a/b'),
      variable('a'),
      variable('a/b/c'),
      variable('__proto__'),
    ]
    const { added, left } = declareEntries(EXAMPLE, { file: FILE, hub: NEW, entries })
    expect(added).toEqual(['variable:a/b'])
    expect(left).toEqual(['connection:PROJECT_trading_ibkr', 'variable:a', 'variable:a/b/c', 'variable:__proto__'])
  })

  it.each([
    ['an alias', hub('  a:\n    variables: &v { x: y }\n  trading:\n    connections: *v\n')],
    ['a list', hub('  - trading\n')],
    ['no YAML', 'projects: {'],
    ['a key that stands twice', hub('  trading: { variables: { v: x } }\n  trading: {}\n')],
    ['no mapping', 'just text'],
  ])('refuses %s', (_, text) => {
    expect(() => declared(text, connection('c'))).toThrow(HubEditError)
  })

  it('takes explicit keys, or refuses them', () => {
    const text = hub('  ? trading\n  : variables: { v: x }\n')
    expect(loaded(declared(text, variable('w', 'new'))).entries.map(({ id }) => id)).toEqual(['v', 'w'])
  })

  it('adds thousands of entries at once', () => {
    const entries = Array.from({ length: 4000 }, (_, index) => connection(`c${index}`, `p${index % 20}`))
    expect(declareEntries(EXAMPLE, { file: FILE, hub: NEW, entries }).added).toHaveLength(4000)
  })
})

interface Style {
  readonly eol: string
  readonly step: number
  readonly braces: boolean
  readonly gaps: boolean
  readonly comments: boolean
  readonly end: string
}

type Tree = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** A hub as somebody might have laid it out. */
function written(tree: Tree, { eol, step, braces, gaps, comments, end }: Style): string {
  const lines = [...HEAD.trimEnd().split('\n'), ...(comments ? ['# projects follow'] : []), 'projects:']
  const pad = (level: number): string => ' '.repeat(step * level)
  for (const [project, sections] of Object.entries(tree)) {
    if (gaps) lines.push('')
    if (comments) lines.push(`${pad(1)}# ${project}: { not, a: key }`)
    lines.push(`${pad(1)}${project}:${comments ? ' # here' : ''}`)
    for (const [section, ids] of Object.entries(sections)) {
      if (braces) {
        lines.push(`${pad(2)}${section}: {${ids.map((id) => `"${id}": {external: true}`).join(', ')}}`)
        continue
      }
      lines.push(`${pad(2)}${section}:`)
      for (const id of ids) {
        lines.push(`${pad(3)}"${id}":${comments ? '   # why' : ''}`, `${pad(4)}external: true`)
        if (gaps) lines.push('')
      }
      if (comments) lines.push(`${pad(3)}# end of ${section}`)
    }
  }
  return lines.join(eol) + end.replaceAll('\n', eol)
}

const id = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/).filter((one) => !['.', '..'].includes(one))
const projectName = fc.oneof(
  fc.constantFrom('trading', 'null', '1e3', 'yes'),
  fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,8}$/),
)
const addition = fc.record({
  kind: fc.constantFrom('connection', 'variable', 'secret'),
  name: fc.oneof(id, fc.constantFrom('yes', 'null', '1e3', 'constructor', '__proto__', 'toString')),
  project: projectName,
})
const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })
const tree: fc.Arbitrary<Tree> = fc
  .uniqueArray(fc.constantFrom('trading', 'research', 'x.y'), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        ids.map((own) => [name, { connections: own.map((one) => `${name}_${one}`), secrets: own }] as const),
      ),
    ),
  )
  .map((pairs) => Object.fromEntries(pairs))
const style: fc.Arbitrary<Style> = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  step: fc.constantFrom(1, 2, 4),
  braces: fc.boolean(),
  gaps: fc.boolean(),
  comments: fc.boolean(),
  end: fc.constantFrom('', '\n', '\n\n# the end\n', '\n...\n'),
})

it('adds any ids to any layout: nothing is removed, and the hub has both', () => {
  fc.assert(
    fc.property(tree, style, fc.array(addition, { minLength: 1, maxLength: 8 }), (there, how, wanted) => {
      const before = written(there, how)
      const entries = wanted.map(
        ({ kind, name, project }): DeclaredAddition => ({
          kind,
          id: kind === 'secret' ? `${project}/${name}` : name,
          project,
        }),
      )
      const { text, added, left } = declareEntries(before, { file: FILE, hub: NEW, entries })
      const addresses = (one: string): string[] => loaded(one).entries.map(({ kind, id }) => `${kind}:${id}`)
      expect(addresses(text).sort()).toEqual([...addresses(before), ...added].sort())
      expect(loaded(text).entries.every(({ external }) => external)).toBe(true)
      const known = new Set([...addresses(text), ...left])
      expect(entries.filter((entry) => !known.has(`${entry.kind}:${entry.id}`))).toEqual([])
      if (!how.braces) expect(removedLines(before, text)).toEqual([])
      expect(isInOrderIn(before, text)).toBe(true)
      expect(text.replaceAll(how.eol, '')).not.toMatch(/[\r\n]/)
      expect(text.endsWith('\n')).toBe(before.endsWith('\n'))
    }),
    { numRuns: 100 },
  )
})

it('makes any ids a file that loads', () => {
  fc.assert(
    fc.property(fc.array(addition, { minLength: 1, maxLength: 5 }), (wanted) => {
      const entries = wanted.map(
        ({ kind, name, project }): DeclaredAddition => ({
          kind,
          id: kind === 'secret' ? `${project}/${name}` : name,
          project,
        }),
      )
      const { text, added } = declareEntries(undefined, { file: FILE, hub: NEW, entries })
      expect(load(text).kind).toBe(added.length > 0 ? 'hub' : 'errors')
    }),
    { numRuns: 100 },
  )
})
