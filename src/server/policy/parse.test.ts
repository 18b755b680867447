import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizePolicyName, parsePolicy } from './parse.ts'
import type { Policy } from './policy.ts'
import { MAX_DEPTH } from '../hcl/index.ts'
import { MAX_POLICY_BYTES, PolicySyntaxError } from './syntax-error.ts'

/** Path and capabilities of each rule. */
function rulesOf(source: string): [string, string[]][] {
  return parsePolicy('p', source).rules.map((rule) => {
    const path = rule.path.kind === 'template' ? '{{}}' : `${rule.path.kind} ${rule.path.text}`
    return [path, [...rule.capabilities]]
  })
}

function errorOf(source: string): PolicySyntaxError {
  try {
    parsePolicy('p', source)
  } catch (error) {
    if (error instanceof PolicySyntaxError) return error
    throw error
  }
  throw new Error('it parsed')
}

function outcomeOf(source: string): string {
  try {
    parsePolicy('p', source)
    return 'policy'
  } catch (error) {
    return error instanceof PolicySyntaxError ? error.code : String(error)
  }
}

describe('the HCL form', () => {
  it('knows comments, commas, quoted keys and an equals sign before a block', () => {
    const source = `
      # one
      // two
      /* three
         lines */
      "name" = "ignored"
      "path" "secret/*" {
        "capabilities" = ["read", "list",], # a trailing comma
        comment = "why",
        allowed_parameters = { a = [], "B c" = ["x"] }
        denied_parameters { d = [1, true] }
      }`
    expect(rulesOf(source)).toEqual([['prefix secret/', ['read', 'list']]])
    const { parameters } = parsePolicy('p', source).rules[0] ?? {}
    expect(parameters && [...parameters.allowed]).toEqual([
      ['a', []],
      ['b c', ['x']],
    ])
    expect(parameters && [...parameters.denied]).toEqual([['d', [1, true]]])
  })

  it('decodes escapes in a path', () => {
    expect(rulesOf(String.raw`path "a\"b\\c\té\x41\101" { policy = "read" }`)).toEqual([
      ['exact a"b\\c\t\u00e9AA', ['read', 'list']],
    ])
  })

  it.each([
    ['<<EOF\nread\nEOF\n', false],
    ['<<-EOF\n    read\n    EOF\n', false],
  ])('reads heredocs: %j holds a closing newline', (heredoc) => {
    expect(errorOf(`path "a" {\n  policy = ${heredoc}}`).message).toBe('path "a": invalid policy "read\\n"')
  })

  it('keeps every block: two of one path are two rules', () => {
    const source = 'path "a" { capabilities = ["read"] }\npath "a" { capabilities = ["deny"] }'
    expect(rulesOf(source)).toEqual([
      ['exact a', ['read']],
      ['exact a', ['deny']],
    ])
  })

  it('lets deny wipe capabilities and parameters of its rule', () => {
    const source = 'path "a" { capabilities = ["read", "deny"] required_parameters = ["x"] max_wrapping_ttl = "1h" }'
    const [rule] = parsePolicy('p', source).rules
    expect(rule && [...rule.capabilities]).toEqual(['deny'])
    expect([rule?.parameters.required.size, rule?.maxWrappingTtl]).toEqual([0, 0])
  })

  it('accepts what it cannot enforce, and says so', () => {
    const source =
      'path "a" { capabilities = ["read", "subscribe", "recover"] mfa_methods = ["m"] control_group { x = 1 } }'
    const policy: Policy = parsePolicy('p', source)
    expect(policy.warnings).toEqual([
      'path "a": mfa_methods is accepted but not enforced by this server',
      'path "a": control_group is accepted but not enforced by this server',
    ])
    expect(rulesOf(source)).toEqual([['exact a', ['read']]])
  })

  it.each([
    ['300', 300],
    ['"300"', 300],
    ['"5m"', 300],
    ['"1h30m"', 5400],
    ['"1d"', 86_400],
  ])('reads a TTL of %s', (text, seconds) => {
    const [rule] = parsePolicy('p', `path "a" { capabilities = ["read"] min_wrapping_ttl = ${text} }`).rules
    expect(rule?.minWrappingTtl).toBe(seconds)
  })
})

describe('the JSON form', () => {
  it('takes an object, or a list of objects, or a list of blocks for one path', () => {
    const expected = [
      ['exact a', ['read']],
      ['prefix b/', ['deny']],
    ]
    const a = { capabilities: ['read'] }
    const b = { policy: 'deny' }
    expect(rulesOf(JSON.stringify({ path: { a, 'b/*': b } }))).toEqual(expected)
    expect(rulesOf(JSON.stringify({ path: [{ a }, { 'b/*': b }] }))).toEqual(expected)
    expect(rulesOf(JSON.stringify({ path: { a: [a], 'b/*': [b] } }))).toEqual(expected)
  })

  it('keeps both of two equal keys, so that no deny is lost', () => {
    const source = '{"path":{"a":{"capabilities":["deny"]}},"path":{"a":{"capabilities":["read"]}}}'
    expect(rulesOf(source)).toEqual([
      ['exact a', ['deny']],
      ['exact a', ['read']],
    ])
  })

  it('S55: takes __proto__ as a path like any other', () => {
    expect(rulesOf('{"path":{"__proto__":{"capabilities":["read"]}}}')).toEqual([['exact __proto__', ['read']]])
  })
})

describe('an error', () => {
  it.each([
    ['path "a" {\n  capabilities = ["read"]\n', 'at 1:10: this { is not closed: add }', 1],
    ['path "a" {\n  capabilities = [read]\n}', 'at 2:19: expected a value, found an identifier; text needs quotes', 2],
    ['path "a" = { policy = "read" }', 'at 1:10: a labelled block takes no =', 1],
    ['path "a', 'at 1:6: this string is not closed on its line: add a quote', 1],
    ['\n\n/* open', 'at 3:1: this comment is not closed: add */', 3],
    ['path "a" { capabilities = "read" }', 'path "a": "capabilities" must be a list', 1],
    [
      'path "a" { capabilities = ["read"] capabilities = ["list"] }',
      'path "a": "capabilities" stands twice, again on line 1',
      1,
    ],
    ['path { policy = "read" }', 'path "policy": expected a block', 1],
    ['path = "a"', 'path needs a path and a block: path "secret/*" { … }', 1],
    ['path "a" { min_wrapping_ttl = "soon" }', 'error parsing min_wrapping_ttl: invalid duration "soon"', 1],
    ['path "a" { policy = 007 }', 'at 1:21: a number may not start with 0', 1],
    ['{"path": {"a": {"policy": "read"}}', 'at 1:35: expected a comma or }', 1],
    ['{"path": {}} x', 'at 1:14: expected the end of the text', 1],
    ['§', 'at 1:1: a character that has no meaning here', 1],
  ])('says what and where: %j', (source, message, line) => {
    const error = errorOf(source)
    expect(error.message).toBe(message)
    expect(error.line).toBe(line)
    expect(error.code).toBe('policy-syntax')
  })

  it('is what nesting without end gives, and size without end', () => {
    for (const open of ['[', '{ a = [', '{ a ']) {
      expect(errorOf(`path "a" { allowed_parameters = { k = ${open.repeat(100_000)}`).message).toMatch(
        /nested too deep|labels/,
      )
    }
    expect(errorOf(`{"path":${'['.repeat(100_000)}`).message).toContain('nested too deep')
    expect(errorOf(`path ${'a '.repeat(MAX_DEPTH + 1)}{}`).message).toContain('too many labels')
    expect(errorOf('#'.repeat(MAX_POLICY_BYTES + 1)).message).toContain('split it')
  })
})

describe('the parser', () => {
  const words = [
    'path',
    '"a/*"',
    '{',
    '}',
    '[',
    ']',
    '=',
    ',',
    ':',
    '"',
    '\\',
    '\n',
    '<<E\n',
    '<<-E\n',
    'E\n',
    '#',
    '//',
  ]
  const more = [
    '/*',
    '*/',
    'capabilities',
    '"read"',
    '1',
    '-',
    '0x',
    '1e9',
    'true',
    'null',
    '{{',
    '}}',
    '+',
    '\uFEFF',
    '\ud800',
  ]
  const word = fc.constantFrom(...words, ...more)
  const soup = fc.array(word, { maxLength: 40 })

  it('gives a policy or a PolicySyntaxError, and nothing else', () => {
    const source = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      soup.map((words) => words.join(' ')),
      soup.map((words) => `path "a" { ${words.join('')} }`),
      soup.map((words) => `{"path": ${words.join('')}}`),
      fc.json().map((json) => `{"path":${json}}`),
    )
    fc.assert(
      fc.property(source, (text) => {
        expect(['policy', 'policy-syntax']).toContain(outcomeOf(text))
      }),
      { numRuns: 700 },
    )
  })

  it('takes linear time', () => {
    const started = performance.now()
    for (const piece of ['#\n', '"a" ', '/**/', '1 ', '<<A\n', '\\"', ' ']) {
      expect(() => parsePolicy('p', `x = "${piece.repeat(100_000 / piece.length)}`)).toThrow(PolicySyntaxError)
    }
    expect(performance.now() - started).toBeLessThan(4000)
  })

  it('S3: knows one form of a name', () => {
    for (const name of ['Root', ' root', 'ROOT ', '\troot\n', '\u00a0rOOt'])
      expect(normalizePolicyName(name)).toBe('root')
  })
})
