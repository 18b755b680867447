import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCompose } from './index.ts'

function read(text: string | Buffer, name = 'Dockerfile') {
  const file = { shown: name, path: `/hub/${name}`, bytes: Buffer.from(text) }
  return readCompose([file], { env: { get: () => 'of the process' }, files: { read: () => undefined } })
}

function values(text: string): Record<string, unknown> {
  const { found, findings } = read(text)
  expect(findings).toEqual([])
  return Object.fromEntries(found.map(({ id, data }) => [id, data.reveal()['value']]))
}

describe('a Dockerfile', () => {
  it.each<[string, string, Record<string, string>]>([
    ['several', 'ENV A=1 B="two words" C=a\\ b D=', { A: '1', B: 'two words', C: 'a b', D: '' }],
    ['the old form', 'ENV A the rest of  the line', { A: 'the rest of  the line' }],
    ['the old form with quotes', `ENV A "x y" 'z'`, { A: 'x y z' }],
    ['quotes', `ENV A='$B\\n' B="\\"q\\" \\$x \\n" C="a"'b'c`, { A: '$B\\n', B: '"q" $x \\n', C: 'abc' }],
    ['an argument', 'ARG A=1\nARG B\nARG C="x y" D=2', { A: '1', C: 'x y', D: '2' }],
    ['variables', 'ENV A=1\nENV A=2 B=$A-${A}\nENV C=$A', { A: '2', B: '1-1', C: '2' }],
    [
      'defaults',
      'ENV E=\nENV A=${X:-d} B=${E:-d} C=${E-d} D=${E:+r}${E+r} F=${X:-${Y:-"z"}}',
      { E: '', A: 'd', B: 'd', C: '', D: 'r', F: 'z' },
    ],
    ['a global argument', 'ARG V=1\nFROM x:$V\nARG V\nENV A=$V', { V: '1', A: '1' }],
    ['a stage upon a stage', 'FROM x AS base\nENV A=1\nFROM base\nENV B=$A', { A: '1', B: '1' }],
    ['small letters', 'env A=1\nfrom x\nonbuild ENV B=2', { A: '1', B: '2' }],
    ['continued lines', 'ENV A=1 \\\n  # about B\n\n  B=2 \\\n  C=3\nENV D=4', { A: '1', B: '2', C: '3', D: '4' }],
    ['another escape', '# escape=`\nENV A=c:\\dir `\n  B=x` y', { A: 'c:\\dir', B: 'x y' }],
    ['a heredoc', 'RUN <<EOF cat <<-"END"\nENV A=1\nEOF\nENV B=2\n\tEND\nENV C=3', { C: '3' }],
    ['no heredoc', 'RUN echo $((1<<N)) "<<X" <<<Y\nENV A=1', { A: '1' }],
    ['dollar signs', 'ENV A=a$ B=$ C=a$$b$1c D=$#', { A: 'a$', B: '$', C: 'abc', D: '' }],
    ['an escaped backslash at the end', 'ENV A=x\\\\\nENV B=1', { A: 'x\\', B: '1' }],
    ['CR LF', 'ENV A=1 \\\r\n  B=2\r\nENV C=3\r\n', { A: '1', B: '2', C: '3' }],
  ])('%s', (_, text, expected) => {
    expect(values(text)).toEqual(expected)
  })

  it('gives each value its lines', () => {
    const { found } = read('FROM x\n\n  ENV A=1 \\\n  AIRFLOW_CONN_DB=postgres://h\n', 'images/prod.Dockerfile')
    expect(found.map(({ kind, id, origin }) => [kind, id, origin.where])).toEqual([
      ['name', 'A', 'images/prod.Dockerfile:3:3'],
      ['connection', 'db', 'images/prod.Dockerfile:3:3'],
    ])
    expect(found[1]?.origin.place).toEqual({
      kind: 'lines',
      file: '/hub/images/prod.Dockerfile',
      line: 3,
      lastLine: 4,
      name: 'AIRFLOW_CONN_DB',
    })
  })

  it('keeps the values of every stage', () => {
    const { found, findings } = read('FROM x as base\nENV A=1\nENV A=2\nFROM y\nENV A=3\n')
    expect(found.map(({ data }) => data.reveal()['value'])).toEqual(['2', '3'])
    expect(findings.map(({ code, text }) => [code, text])).toEqual([
      ['import-compose-differs', 'it has one value in Dockerfile (stage base), another in Dockerfile (stage 1)'],
    ])
  })

  it.each([
    ['ARG X\nENV A=$X', 'warning', 'A'],
    ['ENV A=planted-$FROM_IMAGE', 'warning', 'A'],
    ['ARG X\nENV A=${X:-d}', 'warning', 'A'],
    ['ENV A=${X+r}', 'warning', 'A'],
    ['ENV A="planted', 'error', 'A'],
    ['ENV A=${X', 'error', 'A'],
    ['ENV A=${}', 'error', 'A'],
    ['ENV B=1\nENV A=${B#planted*}', 'error', 'A'],
    ['ENV A', 'error', undefined],
    ['ENV =planted', 'error', undefined],
    ['ENV B=1 planted', 'error', undefined],
  ])('does not guess: %j', (text, severity, id) => {
    const { found, findings } = read(`${text}\n`)
    expect(findings.map((finding) => [finding.severity, finding.code, finding.id])).toEqual([
      [severity, 'import-dockerfile-value', id],
    ])
    expect(found.map((one) => one.id)).not.toContain('A')
    expect(JSON.stringify(findings)).not.toContain('planted')
  })

  it('says nothing of a path that is made longer', () => {
    expect(values('ENV PATH=/opt/bin:$PATH\nENV A=1')).toEqual({ A: '1' })
  })

  it('is not read where it is no text', () => {
    const { found, findings } = read(Buffer.from([...Buffer.from('ENV A=1\n'), 0xff]))
    expect(found).toEqual([])
    expect(findings.map(({ code, where }) => `${code} ${where}`)).toEqual(['import-not-text Dockerfile:2'])
  })

  it('gives back any value that is quoted, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), (text) => {
        const quoted = text.replaceAll(/["\\$]/g, (sign) => `\\${sign}`)
        expect(values(`ENV A="${quoted}"`)).toEqual({ A: text })
        read(`ENV ${text}\nARG ${text}\nFROM ${text}\nRUN <<${text}\n`)
      }),
      { numRuns: 500 },
    )
  })
})
