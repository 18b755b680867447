/**
 * Digests made in Python and here must be of the same text: JSON with keys in code-unit order and numbers as ECMAScript
 * writes them. Needs a python3, without Airflow.
 */
import { spawnSync } from 'node:child_process'
import { dictionary, double, integer, jsonValue, sample, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type Json } from '../../src/sensitive/index.ts'
import { REAL_BACKEND_PROGRAM } from '../../src/verify/real-backend.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

/** The program without its last line, which asks the backend; instead it canonicalises what it reads, line by line. */
const CANONICALISE = `${REAL_BACKEND_PROGRAM.replace(/\nmain\(\)\n$/, '\n')}
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(canonical(json.loads(line)).encode("utf-8") + b"\\n")
`

const EDGES: readonly Json[] = [
  1e21,
  1e20,
  123_456_789_012_345_680_000,
  1e-6,
  1e-7,
  1.5e-7,
  0.1,
  100,
  5e-324,
  1.7976931348623157e308,
  -0,
  2 ** 53,
  2 ** 53 + 2,
  '\ud800x',
  '\u2028\u007f',
  '',
]

describe.skipIf(!hasPython)('canonical JSON in Python', () => {
  it('is the text that this side makes', () => {
    const anyText = string({ unit: 'binary' })
    const values: readonly unknown[] = [
      ...EDGES,
      ...sample(jsonValue(), 1000),
      ...sample(double({ noNaN: true, noDefaultInfinity: true }), 1000),
      ...sample(anyText, 300),
      ...sample(dictionary(anyText, integer()), 300),
    ]
    const lines = values.map((value) => JSON.stringify(value))
    const run = spawnSync('python3', ['-c', CANONICALISE], {
      input: `${lines.join('\n')}\n`,
      maxBuffer: 64 * 1024 * 1024,
    })
    expect(run.stderr.toString()).toBe('')
    expect(run.stdout.toString('utf8').trimEnd().split('\n')).toEqual(
      lines.map((line) => canonicalJson(JSON.parse(line) as Json)),
    )
  })
})
