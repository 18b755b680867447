import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDotenv } from './index.ts'

const NOTHING = { get: () => undefined }

function values(text: string, env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { values: found } = parseDotenv(text, { get: (name) => env[name] })
  return Object.fromEntries([...found].map(([name, { value }]) => [name, value.reveal()]))
}

/** python-dotenv 1.2.4 reads each of these the same. */
describe('lines as python-dotenv reads them', () => {
  it.each<readonly [string, Record<string, string>]>([
    ['', {}],
    ['A=b', { A: 'b' }],
    ['\uFEFFA=b', { A: 'b' }],
    ['A=b\r\nC=d\rE=f', { A: 'b', C: 'd', E: 'f' }],
    ['  A  =  b  ', { A: 'b' }],
    ['export A=b', { A: 'b' }],
    ['export\tA=b', { A: 'b' }],
    ['exportA=b', { exportA: 'b' }],
    ["'A b'=c", { 'A b': 'c' }],
    ['a.b-c=d', { 'a.b-c': 'd' }],
    ['A=', { A: '' }],
    ['A', {}],
    ['A=1\nA', {}],
    ['A=1\nA=2', { A: '2' }],
    ['# A=b', {}],
    ['  # A=b\nC=d', { C: 'd' }],
    ['A=b # c', { A: 'b' }],
    ['A=b\t#c', { A: 'b' }],
    ['A=b#c', { A: 'b#c' }],
    ['A=#c', { A: '#c' }],
    ['A= # c', { A: '' }],
    ['A=b c  d ', { A: 'b c  d' }],
    ['A=b=c', { A: 'b=c' }],
    ['A="b c" # d', { A: 'b c' }],
    ['A="b # c"', { A: 'b # c' }],
    ["A='b # c'", { A: 'b # c' }],
    ['A="b\nc"\nD=e', { A: 'b\nc', D: 'e' }],
    ["A='b\nc'", { A: 'b\nc' }],
    [String.raw`A="\\ \' \" \n \t \r \a \b \f \v"`, { A: '\\ \' " \n \t \r \x07 \b \f \v' }],
    [String.raw`A="\d \u0041 \0"`, { A: String.raw`\d \u0041 \0` }],
    [String.raw`A='\\ \' \n \"'`, { A: String.raw`\ ' \n \"` }],
    [String.raw`A="b\\"`, { A: 'b\\' }],
    [String.raw`A='b\\'`, { A: 'b\\' }],
    [String.raw`A=b\n"c"`, { A: String.raw`b\n"c"` }],
    ['A=""', { A: '' }],
    ['A=é😀', { A: 'é😀' }],
    ['A=b\n\n\nC=d\n', { A: 'b', C: 'd' }],
  ])('%j', (text, expected) => {
    expect(values(text)).toEqual(expected)
    expect(parseDotenv(text, NOTHING).problems).toEqual([])
  })

  it.each<readonly [string, Record<string, string>, number[]]>([
    ['=b\nC=d', { C: 'd' }, [1]],
    ['export =b\nC=d', { C: 'd' }, [1]],
    ["'A=b\nC=d", { C: 'd' }, [1]],
    ['A b\nC=d', { C: 'd' }, [1]],
    ['C=d\nA="b\nE=f', { C: 'd', E: 'f' }, [2]],
    ["A='b'c\nC=d", { C: 'd' }, [1]],
    ['A="b\n" c\nC=d', { C: 'd' }, [1]],
  ])('skips the lines that are none of %j', (text, expected, lines) => {
    expect(values(text)).toEqual(expected)
    expect(parseDotenv(text, NOTHING).problems.map(({ line }) => line)).toEqual(lines)
  })
})

describe('${NAME}', () => {
  it.each<readonly [string, string]>([
    ['A=${B}', 'process'],
    ['A="x${B}y"', 'xprocessy'],
    ['B=file\nA=${B}', 'process'],
    ['C=file\nA=${C}', 'file'],
    ['A=${C}\nC=later', ''],
    ['A=${C:-d}', 'd'],
    ['A=${C:-}', ''],
    ['A=${B:-d}', 'process'],
    ['A=${C-d}', ''],
    ['C=\nA=${C:-d}', ''],
    ['A=$B', '$B'],
    ['A=$(B)`B`', '$(B)`B`'],
    ['A=${B', '${B'],
    ['A=${C:-${B}}', '${B}'],
  ])('expands %j', (text, expected) => {
    expect(values(text, { B: 'process' })['A']).toBe(expected)
  })

  it('is left alone in single quotes, where python-dotenv would garble a password', () => {
    expect(values("A='pa${B}ss'", { B: 'x' })).toEqual({ A: 'pa${B}ss' })
  })

  it('does not expand what was expanded', () => {
    expect(values("C='${B}'\nA=${C}", { B: 'x' })['A']).toBe('${B}')
  })
})

describe('${NAME} anywhere in a value', () => {
  const known: Readonly<Record<string, string>> = { A: 'one', B: '${A}', '': 'empty' }
  const env = { get: (name: string) => known[name] }

  it('is found as the expression for it says', () => {
    const piece = fc.constantFrom('${', '}', ':', ':-', 'A', 'B', '$', '{', '-', ' ', 'x')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('')
        const expected = text.replace(
          /\$\{([^}:]*)(?::-([^}]*))?\}/g,
          (_, name: string, fallback: string | undefined) => known[name] ?? fallback ?? '',
        )
        expect(parseDotenv(`K="${text}"`, env).values.get('K')?.value.reveal()).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it.each(['${A:-', '${A', '${A:'])('takes no longer for many that never close: %s', (opening) => {
    const text = `${opening.repeat(200_000)} `
    expect(parseDotenv(`K="${text}"`, env).values.get('K')?.value.reveal()).toBe(text)
  })
})

describe('references', () => {
  it('say what each took', () => {
    const env = { get: (name: string) => (name === 'P' ? 'process' : undefined) }
    const { values: found } = parseDotenv("F=1\nA=${P}${F}${N}${D:-d}\nB='${P}'", env)
    expect(found.get('A')?.references).toEqual([
      { name: 'P', from: 'environment' },
      { name: 'F', from: 'file' },
      { name: 'N', from: 'nowhere' },
      { name: 'D', from: 'default' },
    ])
    expect(found.get('B')?.references).toEqual([])
  })
})

describe('positions', () => {
  it('count lines, those within quotes as well', () => {
    const { values: found } = parseDotenv('# c\nA="b\nc"\n\nD=e', NOTHING)
    expect([...found].map(([name, { line }]) => [name, line])).toEqual([
      ['A', 2],
      ['D', 5],
    ])
  })

  it('of problems come without the text of the line', () => {
    expect(parseDotenv('planted value', NOTHING).problems).toEqual([
      { line: 1, name: undefined, text: 'this line is not KEY=value and is skipped' },
    ])
  })

  it('name what is wrong with a quote, and for whom', () => {
    expect(parseDotenv("A=\"b\nB='c' d", NOTHING).problems).toEqual([
      { line: 1, name: 'A', text: 'a quote is opened here and never closed; this line is skipped' },
      { line: 2, name: 'B', text: 'something stands behind the closing quote; this line is skipped' },
    ])
  })

  it('tell where a value ends, what it wins over, and which lines set nothing', () => {
    const { values: found, bare } = parseDotenv('A=1\nB\nA="2\n3" # c\nC=4\nC\n', NOTHING)
    expect([...found].map(([name, { line, lastLine, earlier }]) => [name, line, lastLine, earlier])).toEqual([
      ['A', 3, 4, [1]],
    ])
    expect(bare).toEqual([2, 6])
  })
})
