import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../sensitive/index.ts'
import { inputFor, MemoryFiles } from './hub-before.case.ts'
import type { FinishTexts } from './finish-plan.ts'
import { planFinish } from './plan.ts'
import { cleaned, restored } from './restore.ts'
import { linesOf, type TextMode } from './text-edit.ts'
import { decodeRecord, encodeRecord, recordOf, type UndoRecord } from './undo-record.ts'

const OPTIONS = { id: 'x', createdAt: 1, source: 'test', contextKey: Buffer.alloc(32, 1) }

interface Cleaned {
  readonly before: string
  readonly after: string
  readonly record: UndoRecord
}

/** Everything of `names` out of one file, and the record after its way through JSON. `latin1`. */
function clean(path: string, text: string, mode: TextMode, names?: readonly string[]): Cleaned {
  const input = inputFor(new MemoryFiles({ [path]: text }))
  const texts = { ...input.texts, mode } as FinishTexts
  const plan = planFinish({ ...input, texts, isProven: ({ id }) => names === undefined || names.includes(id) })
  const record = decodeRecord(JSON.parse(JSON.stringify(encodeRecord(recordOf(plan, OPTIONS)))) as Json)
  const before = Buffer.from(text).toString('latin1')
  return { before, after: plan.files[0]?.after.reveal().toString('latin1') ?? before, record }
}

function back(current: string, { record }: Cleaned) {
  const [file] = record.files
  return file === undefined ? { text: current, names: [], left: [] } : restored(current, file, record.digests)
}

const name = fc.constantFrom('AAA', 'BBB', 'CCC', 'DDD')
const value = fc.constantFrom('1', '"x y"', '"m\nn"', "'q'", '', 'ü # c', '${AAA}', '"open')
const line = fc.oneof(
  fc.tuple(fc.constantFrom('', 'export ', '  '), name, value).map(([lead, key, val]) => `${lead}${key}=${val}`),
  fc.constantFrom('', '# note', 'noise here', 'BBB'),
)
const dotenv = fc
  .tuple(
    fc.constantFrom('', '\uFEFF'),
    fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 8 }),
    line,
  )
  .map(([bom, lines, last]) => `${bom}${lines.map((one) => one.join('')).join('')}${last}`)
const mode = fc.constantFrom<TextMode>('comment', 'remove')

const COMPOSE = [
  'x-env: &env\n  AAA: one\n  BBB: |\n    two\n    lines\n\nservices:\n  a:\n    environment: # all of it\n      <<: *env\n      CCC: three\n  b:\n    environment:\n      - DDD=four\n      - "AAA=five"\n',
  'services:\r\n  a: {environment: {AAA: "1", BBB: "2"}}\r\n  b:\r\n    environment:\r\n      - DDD=4',
  'e:\n  AAA: |+\n    a\n\n\n  BBB: x\n\n\n  CCC: z\n',
]

describe('a clean-up and its undoing', () => {
  it('give back an arbitrary .env byte for byte', () => {
    fc.assert(
      fc.property(dotenv, mode, fc.subarray(['AAA', 'BBB', 'CCC', 'DDD']), (text, how, names) => {
        const done = clean('/.env', text, how, names)
        expect(back(done.after, done)).toMatchObject({ text: done.before, left: [] })
        expect(back(done.before, done).text).toBe(done.before)
        const [file] = done.record.files
        if (file !== undefined) expect(cleaned(done.before, file, done.record.digests)).toBe(done.after)
      }),
      { numRuns: 500 },
    )
  })

  it('give back a compose file byte for byte', () => {
    fc.assert(
      fc.property(fc.constantFrom(...COMPOSE), mode, fc.subarray(['AAA', 'BBB', 'CCC', 'DDD']), (text, how, names) => {
        const done = clean('/c.yml', text, how, names)
        expect(back(done.after, done)).toMatchObject({ text: done.before, left: [] })
      }),
      { numRuns: 100 },
    )
  })

  it('give back what was taken, around what was edited since', () => {
    const text = fc
      .array(fc.nat(30), { minLength: 4, maxLength: 12 })
      .map((all) => all.map((n, at) => `K${at}=v${n}\n`).join(''))
    fc.assert(
      fc.property(text, mode, fc.nat(11), fc.integer({ min: -3, max: 3 }), (before, how, which, away) => {
        const gone = `K${which % linesOf(before).length}`
        const done = clean('/.env', before, how, [gone])
        const lines = linesOf(done.after)
        const at = Math.max(0, Math.min(lines.length, (which % linesOf(before).length) + away * 3))
        const edited = [...lines.slice(0, at), 'NEW=1\n', ...lines.slice(at)].join('')
        const result = back(edited, done)
        const isBack = result.left.length === 0
        // Right beside an empty place its neighbours are others: it is said, and nothing is put anywhere.
        if (how === 'comment') expect(isBack).toBe(true)
        expect(result.text.replace('NEW=1\n', '')).toBe(isBack ? before : done.after)
        expect(result.names).toEqual(isBack ? [gone] : [])
        expect(back(result.text, done).text).toBe(result.text)
      }),
      { numRuns: 300 },
    )
  })
})

describe('undoing in a file that was edited', () => {
  const TEXT = 'A1=1\nB1=planted\nC1=3\n'

  it('puts back what an editor only ended', () => {
    const done = clean('/.env', 'A1=1\nB1=planted', 'comment', ['B1'])
    expect(back(`${done.after}\n`, done).text).toBe('A1=1\nB1=planted\n')
  })

  it('leaves a line that somebody rewrote or removed', () => {
    const done = clean('/.env', TEXT, 'comment', ['B1'])
    for (const current of ['A1=1\nC1=3\n', 'A1=1\n# B1 is gone\nC1=3\n']) {
      expect(back(current, done)).toEqual({
        text: current,
        names: [],
        left: [{ names: ['B1'], text: 'its place was edited since' }],
      })
    }
  })

  it('leaves a name that is set again', () => {
    const done = clean('/.env', TEXT, 'comment', ['B1'])
    const current = `${done.after}B1=new\n`
    expect(back(current, done)).toEqual({
      text: current,
      names: [],
      left: [{ names: ['B1'], text: 'B1 is set again' }],
    })
  })

  it('takes a line that is back for back', () => {
    const done = clean('/.env', TEXT, 'remove', ['B1'])
    const current = `${TEXT}D1=4\n`
    expect(back(current, done)).toEqual({ text: current, names: [], left: [] })
  })
})

describe('the record', () => {
  it('keeps no line but those that changed', () => {
    const { record } = clean('/.env', 'A1=planted-other\nB1=planted-mine\nC1=planted-other\n', 'remove', ['B1'])
    const text = JSON.stringify(encodeRecord(record))
    expect(text).toContain('planted-mine')
    expect(text).not.toContain('planted-other')
  })

  it('keeps bytes that are no text', () => {
    const { record } = clean('/.env', 'A1=1\n', 'remove', ['A1'])
    const [file] = record.files
    const hunks = file?.hunks.map((hunk) => ({ ...hunk, before: 'A1=\xff\n' })) ?? []
    const files = file === undefined ? [] : [{ ...file, hunks }]
    const again = decodeRecord(JSON.parse(JSON.stringify(encodeRecord({ ...record, files }))) as Json)
    expect(again.files[0]?.hunks[0]?.before).toBe('A1=\xff\n')
  })

  it.each([
    [null],
    [[]],
    [{ format: 2 }],
    [{ format: 1, id: 'x' }],
    [{ format: 1, id: 'x', createdAt: 1, source: 's', contextKey: '', rows: [{ table: 'planted' }], files: [] }],
  ] as const)('of another form is refused: %j', (value) => {
    expect(() => decodeRecord(value as Json)).toThrowError(expect.objectContaining({ code: 'finish-undo-broken' }))
  })
})
