import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDotenv } from '../hub/index.ts'
import { editDotenv, edited } from './dotenv-edit.ts'
import { statementsOf } from './dotenv-statements.ts'
import { hunksOf, linesOf, type TextMode, withHunks } from './text-edit.ts'

const ENV = { get: () => undefined }
const namesIn = (text: string) =>
  new Map([...parseDotenv(text, ENV).values].map(([name, { value }]) => [name, value.reveal()]))

/** Pieces of which every form is made, and the ones that break them. */
const piece = fc.constantFrom(
  'A',
  'B',
  'C',
  "'A'",
  '=',
  ' = ',
  '\n',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '\t',
  '#',
  ' # c',
  '"',
  "'",
  '\\',
  '\\"',
  'export ',

  'x',
  'ü',
  '${A}',
  '$B',
  '${A:-d}',
  'A=1\n',
  'B="m\nn"\n',
  "C='a b' # c\n",
  'A=\n',
  '\f',
  '\u2028',
  'DD=4',
)
const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''))

describe('statements', () => {
  it('are those that the hub reads, for any text', () => {
    fc.assert(
      fc.property(text, (one) => {
        const last = new Map<string, boolean>()
        const lines = new Map<string, number>()
        for (const { name, isSet, start } of statementsOf(one)) {
          last.set(name, isSet)
          lines.set(name, one.slice(0, start).split(/\r\n|[\r\n]/).length)
        }
        const set = [...last].filter(([, isSet]) => isSet).map(([name]) => name)
        const read = parseDotenv(one, ENV).values
        expect(set.sort()).toEqual([...read.keys()].sort())
        for (const [name, { line }] of read) expect(lines.get(name)).toBe(line)
      }),
      { numRuns: 3000 },
    )
  })
})

const fileOf = (bytes: Buffer) => ({ shown: '.env', path: '/hub/.env', bytes })
const target = (name: string) => ({ name, path: `secret/p/${name}` })

function edit(content: string, names: readonly string[], mode: TextMode) {
  const result = editDotenv(content.replace(/^\uFEFF/, ''), names.map(target), mode)
  const hunks = hunksOf(fileOf(Buffer.from(content)), result.edits)
  return { ...result, hunks, after: withHunks(Buffer.from(content), hunks).toString() }
}

describe('taking names out of a .env file', () => {
  it.each([
    ['A=1\nB=2\nC=3\n', 'A=1\n# B is in Vault: secret/p/B (moved by Plenum)\nC=3\n', 'A=1\nC=3\n'],
    ['A=1\r\nB=2\r\n', 'A=1\r\n# B is in Vault: secret/p/B (moved by Plenum)\r\n', 'A=1\r\n'],
    ['\uFEFFB=2\nA=1', '\uFEFF# B is in Vault: secret/p/B (moved by Plenum)\nA=1', '\uFEFFA=1'],
    ['A=1\nB=2', 'A=1\n# B is in Vault: secret/p/B (moved by Plenum)', 'A=1\n'],
    ['  export B = "x\ny" # c\nA=1\n', '  # B is in Vault: secret/p/B (moved by Plenum)\nA=1\n', 'A=1\n'],
    ["'B'='1'\n\n# note\nA=1\n", '# B is in Vault: secret/p/B (moved by Plenum)\n\n# note\nA=1\n', '\n# note\nA=1\n'],
    ['BB=1\n#B=2\nB\n', 'BB=1\n#B=2\nB\n', 'BB=1\n#B=2\nB\n'],
  ])('%j', (before, commented, removed) => {
    expect(edit(before, ['B'], 'comment').after).toBe(commented)
    expect(edit(before, ['B'], 'remove').after).toBe(removed)
  })

  it('takes every assignment of a name, also the hidden ones', () => {
    const { after, notes } = edit('B=old\nA=1\nB=new\n', ['B'], 'remove')
    expect(after).toBe('A=1\n')
    expect(notes).toEqual(['B is set 2 times: all of them go, or an older value would come to life'])
  })

  it('leaves what other lines take, and what other files take', () => {
    const { after, kept } = edit('A=1\nB=2\nC=${A}\nD=$B\nE=${C}\n', ['A', 'B', 'C', 'E'], 'remove')
    expect(after).toBe('A=1\nB=2\nC=${A}\nD=$B\n'.replace('A=1\n', '').replace('C=${A}\n', ''))
    expect(kept.map(({ name }) => name)).toEqual(['B'])
    expect(editDotenv('A=1\n', [target('A')], 'remove', new Set(['A'])).kept).toEqual([
      { name: 'A', text: 'another file takes it from here' },
    ])
  })

  it('leaves everything where the comment would close a quote that is open above', () => {
    const text = 'A="x\nB=y\nC=1\n'
    const { kept, edits } = editDotenv(text, [{ name: 'B', path: 'p" #' }, target('C')], 'comment')
    expect({ edits, kept: kept.map(({ name }) => name) }).toEqual({ edits: [], kept: ['B', 'C'] })
    expect(editDotenv(text, [target('B'), target('C')], 'comment').kept).toEqual([])
  })

  it('leaves every other value, and none of the removed ones', () => {
    fc.assert(
      fc.property(
        text,
        fc.subarray(['A', 'B', 'C', 'DD']),
        fc.constantFrom('comment', 'remove'),
        (before, names, mode) => {
          const { after, kept } = edit(before, names, mode)
          const stays = new Set(kept.map(({ name }) => name))
          const expected = [...namesIn(before)].filter(([name]) => !names.includes(name) || stays.has(name))
          expect(namesIn(after)).toEqual(new Map(expected))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('gives the same text by places and by lines, and changes no other line', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('comment', 'remove'), (before, mode) => {
        const { edits, hunks, after } = edit(before, ['A', 'B', 'DD'], mode)
        expect(after).toBe(edited(before, edits))
        expect(hunks.map(({ before: lines }) => lines).join('')).not.toBe(edits.length === 0 ? 'x' : '')
        for (const { lineBefore, before: lines } of hunks) {
          const there = linesOf(Buffer.from(before).toString('latin1')).slice(lineBefore)
          expect(there.join('').startsWith(lines)).toBe(true)
        }
        for (const { lineAfter, after: lines } of hunks) {
          const there = linesOf(Buffer.from(after).toString('latin1')).slice(lineAfter)
          expect(there.join('').startsWith(lines)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps lines that are not UTF-8 byte for byte', () => {
    const before = Buffer.from('A=1\nX=\xff\xfe\nB=ü\nC=3', 'latin1')
    const utf8 = Buffer.concat([Buffer.from('A=ü\nX='), Buffer.from([0xff, 0xfe]), Buffer.from('\nB=ü\nC=ä')])
    for (const bytes of [before, utf8]) {
      const decoded = bytes === utf8 ? 'A=ü\n\nB=ü\nC=ä' : 'A=1\n\n\nC=3'
      const { edits } = editDotenv(decoded, [target('B'), target('C')], 'remove')
      const after = withHunks(bytes, hunksOf(fileOf(bytes), edits))
      const end = bytes.indexOf(bytes === utf8 ? '\nB=' : '\nC=') + 1
      expect(after.equals(bytes.subarray(0, end))).toBe(true)
    }
  })
})
