import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCompose } from './index.ts'
import { withoutComments } from './json-comments.ts'

function read(text: string | Buffer, env: Readonly<Record<string, string>> = {}) {
  const name = '.devcontainer/devcontainer.json'
  const file = { shown: name, path: `/hub/${name}`, bytes: Buffer.from(text) }
  return readCompose([file], { env: { get: (variable) => env[variable] }, files: { read: () => undefined } })
}

describe('devcontainer.json', () => {
  const TEXT = `{
  // a comment with "quotes" and }
  "containerEnv": {
    "A": "x // no comment",
    "B": "\${localEnv:TOKEN}-\${localEnv:NOPE:d}", /* another,
    */
  },
  "remoteEnv": { "A": "y", "GONE": null },
  "build": { "args": { "C": "z", }, },
}
`

  it('sets variables in three places, with comments and commas at the end', () => {
    const { found, findings } = read(TEXT, { TOKEN: 't' })
    expect(
      found.map(({ id, origin, data }) => [id, origin.where.replace(/^.*json/, ''), data.reveal()['value']]),
    ).toEqual([
      ['A', ':4:5', 'x // no comment'],
      ['B', ':5:5', 't-d'],
      ['A', ':8:18', 'y'],
      ['C', ':9:24', 'z'],
    ])
    expect(found[1]?.notes.map(({ text }) => text)).toEqual([
      'it holds what the environment of this command has for TOKEN',
    ])
    expect(findings.map(({ code, text }) => [code, text])).toEqual([
      [
        'import-compose-differs',
        'it has one value in .devcontainer/devcontainer.json (containerEnv), another in .devcontainer/devcontainer.json (remoteEnv)',
      ],
    ])
  })

  it.each([
    ['"planted${localEnv:NOPE}"', 'NOPE'],
    ['"planted${containerEnv:PATH}"', 'editor'],
    ['"planted${localWorkspaceFolder}"', 'editor'],
    ['5', undefined],
    ['["planted"]', 'no text'],
  ])('takes no value that is not known: %s', (value, said) => {
    const { found, findings } = read(`{"containerEnv": {"A": ${value}, "B": "1"}}`)
    expect(found.map(({ id }) => id)).toEqual(said === undefined ? ['A', 'B'] : ['B'])
    expect(findings.map(({ code, id }) => [code, id])).toEqual(
      said === undefined ? [] : [['import-devcontainer-variable', 'A']],
    )
    expect(findings[0]?.text ?? '').toContain(said ?? '')
    expect(JSON.stringify(findings)).not.toContain('planted')
  })

  it.each<[string | Buffer, string]>([
    ['{"containerEnv": ', 'import-json'],
    ['', 'import-json'],
    ['['.repeat(1000), 'import-json'],
    ['{"containerEnv": {"A": "1", "A": "1"}}', 'import-duplicate-key'],
    [Buffer.from([0x7b, 0xff]), 'import-not-text'],
  ])('survives %j', (text, code) => {
    expect(read(text).findings.map((finding) => finding.code)).toEqual([code])
  })

  it.each(['{}', '[]', '{"containerEnv": []}', '{"build": "x"}', 'null'])('has nothing in %s', (text) => {
    const { found, findings } = read(text)
    expect([found, findings]).toEqual([[], []])
  })
})

describe('JSON with comments', () => {
  it('is the same JSON without them', () => {
    const gap = fc.constantFrom('', ' ', '\n', '// c "x" ,]\n', '/* , } */', '/* a\n * b */ ')
    fc.assert(
      fc.property(fc.jsonValue(), fc.infiniteStream(gap), fc.boolean(), (value, gaps, hasComma) => {
        const json = JSON.stringify(value)
        const next = (): string => gaps.next().value ?? ''
        // Between tokens only: a string is one of them.
        const tokens = json.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^[\]{},:"]+/g) ?? []
        const text = tokens
          .map((token, at) => {
            const closes = /^[\]}]$/.test(token) && !/^[[{]$/.test(tokens[at - 1] ?? '[')
            return `${closes && hasComma ? `${next()},` : ''}${next()}${token}`
          })
          .join('')
        expect(JSON.parse(withoutComments(`${text}${next()}`))).toEqual(JSON.parse(json))
      }),
    )
  })

  it('keeps lines and columns', () => {
    const text = '{/* a\nb */ "a": 1, // c\r\n}'
    const after = withoutComments(text)
    expect(after).toHaveLength(text.length)
    expect(after.split('\n')).toHaveLength(3)
    expect(JSON.parse(after)).toEqual({ a: 1 })
  })

  it('takes no time over comments that never close', () => {
    const text = ',/*'.repeat(100_000)
    const start = performance.now()
    withoutComments(text)
    withoutComments(', '.repeat(200_000))
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
