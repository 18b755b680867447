import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { editCompose } from './compose-edit.ts'
import { edited } from './dotenv-edit.ts'
import { hunksOf, type TextMode, withHunks } from './text-edit.ts'

/** Every place of a name, by the line that it stands in. */
function targetsIn(text: string, ...names: string[]) {
  return text
    .split('\n')
    .flatMap((line, index) =>
      names
        .filter((name) => new RegExp(`(?:^|[\\s"'{[,])${name}["']?(?:=|:|\\s|$|,|[\\]}])`).test(line))
        .map((name) => ({ name, line: index + 1, lastLine: index + 1, path: `s/${name}` })),
    )
}

function edit(text: string, mode: TextMode, ...names: string[]) {
  const result = editCompose(text, targetsIn(text, ...names), mode)
  const bytes = Buffer.from(text)
  const after = withHunks(bytes, hunksOf({ shown: 'c.yml', path: '/c.yml', bytes }, result.edits)).toString()
  expect(after).toBe(edited(text, result.edits))
  return { ...result, after }
}

const moved = (name: string) => `# ${name} is in Vault: s/${name} (moved by Plenum)`

describe('taking names out of a compose file', () => {
  it.each([
    [
      'a mapping',
      'e:\n  A: x # c\n  B: |\n    b1\n    b2\n\n  C: z\n',
      `e:\n  A: x # c\n  ${moved('B')}\n\n  C: z\n`,
      'e:\n  A: x # c\n\n  C: z\n',
    ],
    ['a list', 'e:\n- A=x\n- "B=y=z" # c\n- C\n', `e:\n- A=x\n${moved('B')}\n- C\n`, 'e:\n- A=x\n- C\n'],
    ['a value on its own line', 'e:\n  B:\n    "x\n    y"\n  A: 1\n', `e:\n  ${moved('B')}\n  A: 1\n`, 'e:\n  A: 1\n'],
    ['windows line ends', 'e:\r\n  A: x\r\n  B: y\r\n', `e:\r\n  A: x\r\n  ${moved('B')}\r\n`, 'e:\r\n  A: x\r\n'],
    ['no last line end', 'e:\n  A: x\n  B: y', `e:\n  A: x\n  ${moved('B')}`, 'e:\n  A: x\n'],
    [
      'a scalar that keeps its blank lines',
      'e:\n  A: |+\n    a\n\n  B: |+\n    b\n\n\n  C: 1\n',
      `e:\n  A: |+\n    a\n\n  ${moved('B')}\n  C: 1\n`,
      'e:\n  A: |+\n    a\n\n  C: 1\n',
    ],
    ['all of a mapping', 'e: &x # c\n  B: y\nf: 1\n', `e: &x {} # c\n  ${moved('B')}\nf: 1\n`, 'e: &x {} # c\nf: 1\n'],
    ['all of a list', 'e:\n  - B=1\nf: 1\n', `e: []\n  ${moved('B')}\nf: 1\n`, 'e: []\nf: 1\n'],
    [
      'one line',
      'e: {A: x, B: y}\nf: 1\n',
      `${moved('B')}\ne: {A: x, B: y}\nf: 1\n`.replace(', B: y', ''),
      'e: {A: x}\nf: 1\n',
    ],
    ['the first of one line', '  e: ["B=x", A=y]\n', `  ${moved('B')}\n  e: [A=y]\n`, '  e: [A=y]\n'],
    ['all of one line', 'e: {B: y, }\n', `${moved('B')}\ne: {}\n`, 'e: {}\n'],
    ['a name without value', 'e:\n  B:\n  A: 1\n', `e:\n  ${moved('B')}\n  A: 1\n`, 'e:\n  A: 1\n'],
    [
      'the same name twice',
      'e:\n  B: old\n  B: new\n  A: 1\n',
      `e:\n  ${moved('B')}\n  ${moved('B')}\n  A: 1\n`,
      'e:\n  A: 1\n',
    ],
    [
      'a merge stays',
      'e:\n  <<: *x\n  B: 1\n'.replace('e:', 'x: &x {A: 1}\ne:'),
      `x: &x {A: 1}\ne:\n  <<: *x\n  ${moved('B')}\n`,
      'x: &x {A: 1}\ne:\n  <<: *x\n',
    ],
  ])('%s', (_, before, commented, removed) => {
    expect(edit(before, 'comment', 'B').after).toBe(commented)
    if (removed !== undefined) expect(edit(before, 'remove', 'B').after).toBe(removed)
  })

  it('finds a block scalar by the line of its dash', () => {
    const text = 'e:\n  - >-\n    B=1\n    2\n  - A=1\n'
    const { edits, values } = editCompose(text, [{ name: 'B', line: 2, lastLine: 4, path: 's/B' }], 'remove')
    expect(edited(text, edits)).toBe('e:\n  - A=1\n')
    expect(values.get('B')?.reveal()).toBe('1 2')
  })

  it('takes an anchored block once, however many services take it', () => {
    const text =
      'x-env: &env\n  A: 1\n  B: planted\nservices:\n  a: {environment: *env}\n  b:\n    environment:\n      <<: *env\n      C: 1\n'
    expect(edit(text, 'remove', 'B').after).toBe(text.replace('  B: planted\n', ''))
    expect(edit(text, 'remove', 'A').after).toBe(text.replace('  A: 1\n', ''))
    expect(edit(text, 'remove', 'A', 'B').after).toContain('x-env: &env {}\nservices:')
  })

  it('takes the anchored value of an x- block with the last that uses it', () => {
    const text =
      'x-s: &s planted\nservices:\n  a:\n    environment:\n      A: *s\n      C: 1\n  b:\n    environment:\n      - D=1\n'
    expect(edit(text, 'remove', 'A').after).not.toContain('planted')
    const shared = text.replace('- D=1', '- D=1\n    labels: {l: *s}')
    const { after, notes } = edit(shared, 'remove', 'A')
    expect(after).toBe(shared.replace('      A: *s\n', ''))
    expect(notes).toEqual(['A: its value stays in line 1, as &s'])
  })

  it('leaves an entry whose value others take', () => {
    const text = 'e:\n  A: &a planted\n  B: *a\n  C: 1\n'
    const { after, kept } = edit(text, 'remove', 'A')
    expect(after).toBe(text)
    expect(kept).toEqual([{ name: 'A', text: 'what stays takes its value by an alias' }])
    expect(edit(text, 'remove', 'A', 'B').after).toBe('e:\n  C: 1\n')
    expect(edit('e:\n  &k A: 1\n  x: *k\n', 'remove', 'A').kept).toHaveLength(1)
  })

  it('says what an interpolated value leaves behind', () => {
    const { notes } = edit('e:\n  B: ${X:-d}-$Y-$$Z\n  A: 1\n', 'remove', 'B')
    expect(notes).toEqual(['B: its value came from X, Y, which stays where it is set'])
  })

  it.each([
    ['e: [1\n', 'the file is no YAML'],
    ['e:\n  A: 1\n', 'it does not stand there'],
    ['e:\n  B: {a: 1}\n', 'it does not stand there'],
    ['- B: 1\n  A: 1\n', 'shares its line'],
    ['B: 1\n', 'would change'],
  ])('leaves what it cannot take out: %j', (text, why) => {
    const { edits, kept } = editCompose(text, [{ name: 'B', line: 1, lastLine: 9, path: 'p' }], 'remove')
    expect(edits).toEqual([])
    expect(kept).toHaveLength(1)
    expect(kept[0]?.text).toContain(why)
  })

  it('puts no comment into JSON', () => {
    const text = '{"services": {"a": {"environment": {"A": "1", "B": "2"}}}}'
    const { edits } = editCompose(text, [{ name: 'B', line: 1, lastLine: 1, path: 'p' }], 'comment', false)
    expect(JSON.parse(edited(text, edits))).toEqual({ services: { a: { environment: { A: '1' } } } })
  })

  it('shows no value', () => {
    const text = 'e:\n  B: |\n    planted\n    planted\n  C: {}\nf: [B=planted, "A=planted"]\n'
    const { edits } = edit(text, 'comment', 'B')
    const shown = edits.flatMap(({ minus, plus }) => [...minus, ...plus])
    expect(shown.length).toBeGreaterThan(4)
    expect(shown.join('\n')).not.toContain('planted')
  })
})

/** Values that are told from everything else in the file, in every style that can hold them. */
const style = fc.constantFrom(...(['plain', 'single', 'double', 'literal', 'keep', 'folded', 'multi', 'null'] as const))
type Style = 'plain' | 'single' | 'double' | 'literal' | 'keep' | 'folded' | 'multi' | 'null'
const entry = fc.record({
  name: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
  style,
  comment: fc.boolean(),
  blank: fc.boolean(),
})
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

function rendered({ style, comment, blank }: Entry, secret: string, indent: string, prefix: string): string {
  const tail = `${comment ? ' # about it' : ''}\n${blank ? '\n' : ''}`
  const forms: Record<Style, string> = {
    plain: ` ${prefix}${secret}${tail}`,
    single: ` '${prefix}${secret}'${tail}`,
    double: ` "${prefix}${secret}\n${indent}    more"${tail}`,
    literal: ` |\n${indent}    ${prefix}${secret}\n${indent}    more\n${blank ? '\n' : ''}`,
    keep: ` |+\n${indent}    ${prefix}${secret}\n${blank ? '\n\n' : ''}`,
    folded: ` >-${comment ? ' # c' : ''}\n${indent}    ${prefix}${secret}\n${blank ? '\n' : ''}`,
    multi: ` ${prefix}${secret}\n${indent}    more${tail}`,
    null: prefix === '' ? tail : ` ${prefix.slice(0, -1)}${tail}`,
  }
  return forms[style]
}

describe('any compose file', () => {
  const service = fc.record({
    form: fc.constantFrom('map', 'list'),
    entries: fc.array(entry, { minLength: 1, maxLength: 5 }),
  })
  const newline = fc.constantFrom('\n', '\r\n')

  it('reads the same without what was taken, and holds no value of it', () => {
    fc.assert(
      fc.property(
        fc.array(service, { minLength: 1, maxLength: 3 }),
        fc.subarray(['A', 'B', 'C', 'D', 'E']),
        fc.constantFrom<TextMode>('comment', 'remove'),
        newline,
        (services, names, mode, eol) => {
          const targets: { name: string; line: number; lastLine: number; path: string }[] = []
          let text = 'services:\n'
          for (const [at, { form, entries }] of services.entries()) {
            text += `  s${at}:\n    environment:\n`
            for (const one of entries) {
              const line = text.split('\n').length
              const secret = `planted-${one.name}-x`
              text += form === 'map' ? `      ${one.name}:` : '      -'
              text += rendered(one, secret, '      ', form === 'map' ? '' : `${one.name}=`)
              if (names.includes(one.name))
                targets.push({ name: one.name, line, lastLine: line, path: `s/${one.name}` })
            }
            text += '    image: x\n'
          }
          const before = text.replaceAll('\n', eol)
          const { edits, kept } = editCompose(before, targets, mode)
          const after = edited(before, edits)
          expect(kept).toEqual([])
          for (const name of names) expect(after).not.toContain(`planted-${name}-x`)
          const strip = (document: Record<string, unknown>): unknown => {
            const all = document['services'] as Record<string, { environment: unknown }>
            return Object.values(all).map(({ environment }) =>
              Array.isArray(environment)
                ? environment.filter((item: string) => !names.includes(item.replace(/=.*/s, '')))
                : Object.entries(environment ?? {}).filter(([name]) => !names.includes(name)),
            )
          }
          const load = (yaml: string) => parse(yaml, { uniqueKeys: false }) as Record<string, unknown>
          expect(strip(load(after))).toEqual(strip(load(before)))
        },
      ),
      { numRuns: 200 },
    )
  })
})
