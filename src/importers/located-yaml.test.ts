import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Finding } from './found.ts'
import { compactJson } from './json-text.ts'
import type { YamlNode } from './located-tree.ts'
import { readLocatedYaml, yamlPlain } from './located-yaml.ts'

function read(text: string): { readonly nodes: readonly YamlNode[]; readonly findings: Finding[] } {
  const findings: Finding[] = []
  return { nodes: readLocatedYaml({ shown: 'a.yml', text, findings }), findings }
}

function json(text: string): string[] {
  const { nodes, findings } = read(text)
  expect(findings).toEqual([])
  return nodes.map((node) => compactJson(node, yamlPlain))
}

function spanOf(node: YamlNode | undefined, key: string): unknown {
  return node?.kind === 'map' ? node.entries.get(key)?.span : undefined
}

describe('a YAML text as a tree', () => {
  it('keeps scalars as they are written', () => {
    expect(json('a: 012\nb: "012"\nc: 9007199254740993\nd: no\ne:\nf: 1.50')).toEqual([
      '{"a":12,"b":"012","c":9007199254740993,"d":"no","e":null,"f":1.50}',
    ])
    const { nodes } = read('a: 012')
    expect(nodes[0]?.kind === 'map' && nodes[0].entries.get('a')?.node).toEqual({
      kind: 'scalar',
      text: '012',
      isPlain: true,
      tag: undefined,
    })
  })

  it('gives every entry its lines', () => {
    const { nodes } = read(
      'top:\n  one: 1\n  two: |\n    x\n    y\n  three: {a: 1}\nlist:\n  - a\n  - b: 1\n    c: 2\n',
    )
    const top = nodes[0]?.kind === 'map' ? nodes[0].entries.get('top')?.node : undefined
    expect(spanOf(top, 'one')).toEqual({ line: 2, column: 3, lastLine: 2 })
    expect(spanOf(top, 'two')).toEqual({ line: 3, column: 3, lastLine: 5 })
    expect(spanOf(top, 'three')).toEqual({ line: 6, column: 3, lastLine: 6 })
    const list = nodes[0]?.kind === 'map' ? nodes[0].entries.get('list')?.node : undefined
    expect(list?.kind === 'list' && list.items.map(({ span }) => span)).toEqual([
      { line: 8, column: 3, lastLine: 8 },
      { line: 9, column: 3, lastLine: 10 },
    ])
  })

  it('merges: the own key wins, then the first that is merged; the place is where it is written out', () => {
    const text = 'x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\n'
    expect(json(text)).toEqual(['{"x":{"a":1,"b":1},"y":{"b":2,"c":2},"z":{"a":3,"b":1,"c":2}}'])
    const { nodes } = read(text)
    const z = nodes[0]?.kind === 'map' ? nodes[0].entries.get('z')?.node : undefined
    expect(spanOf(z, 'b')).toMatchObject({ line: 1 })
  })

  it('keeps "<<" in quotes as a name', () => {
    expect(json('"<<": 1')).toEqual(['{"<<":1}'])
  })

  it('reads tags, several documents, and nothing', () => {
    const { nodes } = read('a: !reset null\nb: !!str 1')
    expect(nodes[0]?.kind === 'map' && [...nodes[0].entries.values()].map(({ node }) => node.tag)).toEqual([
      '!reset',
      'tag:yaml.org,2002:str',
    ])
    expect(json('a: 1\n---\nb: 2\n')).toEqual(['{"a":1}', '{"b":2}'])
    expect(json('')).toEqual([])
    expect(json('# only this\n')).toEqual([])
  })

  it.each([
    ['an open quote', 'a: "open', 'import-yaml'],
    ['a mapping in a line', 'a: b: c', 'import-yaml'],
    ['an open bracket', 'a: [1', 'import-yaml'],
    ['a tab', 'a:\n\t- b', 'import-yaml'],
    ['an alias of nothing', 'a: *nowhere', 'import-yaml'],
    ['a cycle', 'a: &a\n  b: *a', 'import-yaml'],
    ['a list as key', '? [x]\n: 1', 'import-yaml'],
    ['a merge of text', 'a:\n  <<: text', 'import-yaml'],
    ['lists without end', '['.repeat(20_000), 'import-yaml-size'],
    ['mappings too deep', `a: ${'{ a: '.repeat(100)}1${'}'.repeat(100)}`, 'import-yaml-size'],
    ['a key twice', 'a: 1\nb: 2\na: 3', 'import-duplicate-key'],
  ])('%s: a finding with its place', (_, text, code) => {
    const { nodes, findings } = read(text)
    expect(findings.map((finding) => finding.code)).toContain(code)
    expect(findings[0]?.where).toMatch(/^a\.yml:\d+:\d+$/)
    expect(nodes).toHaveLength(code === 'import-duplicate-key' ? 1 : 0)
  })

  it('a bomb is refused by its size, in no time', () => {
    const levels = Array.from({ length: 30 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`)
    const { nodes, findings } = read(['l0: &l0 [x]', ...levels].join('\n'))
    expect(nodes).toEqual([])
    expect(findings.map(({ code }) => code)).toEqual(['import-yaml-size'])
  })

  it('takes the last of two equal keys', () => {
    const { nodes } = read('a: 1\na: 3')
    expect(nodes.map((node) => compactJson(node, yamlPlain))).toEqual(['{"a":3}'])
  })

  it('findings never quote the text', () => {
    for (const text of ['key: "hunter2', 'hunter2: a: b', 'hunter2: *hunter2', '- hunter2\nhunter2: 1']) {
      const { findings } = read(text)
      expect(findings.length).toBeGreaterThan(0)
      expect(JSON.stringify(findings)).not.toContain('hunter2')
    }
  })

  it('reads what the library writes', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), tie('map')),
      map: fc.dictionary(fc.string({ minLength: 1 }), tie('any'), { noNullPrototype: true }),
    })).map
    fc.assert(
      fc.property(value, (data) => {
        const [text = ''] = json(stringify(data))
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)))
      }),
      { numRuns: 300 },
    )
  })
})

it.each([
  ['~', 'null'],
  ['True', 'true'],
  ['+12', '12'],
  ['-0', '-0'],
  ['0o17', '15'],
  ['0xff', '255'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['-00.5e3', '-0.5e3'],
  ['.inf', 'Infinity'],
  ['-.inf', '-Infinity'],
  ['.nan', 'NaN'],
  ['yes', undefined],
  ['1_000', undefined],
  ['1.2.3', undefined],
])('plain %s is %s', (text, expected) => {
  expect(yamlPlain(text)).toBe(expected)
})
