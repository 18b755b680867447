import { describe, expect, it } from 'vitest'
import type { Origin, SourceKind } from '../importers/found.ts'
import { entryFor, found, inputFor, MemoryFiles, MemoryRows, readTexts, variableRow } from './hub-before.case.ts'
import type { FinishInput, FinishPlan } from './finish-plan.ts'
import { filesToEdit, planFinish } from './plan.ts'
import { editorOf } from './places.ts'

const ENV = 'AAA=planted-a\nexport BBB="planted\nb"\nCCC=planted-c\n'

function plan(
  files: Record<string, string>,
  options: (input: FinishInput) => Partial<FinishInput> = () => ({}),
): FinishPlan {
  const input = inputFor(new MemoryFiles(files))
  return planFinish({ ...input, ...options(input) })
}

const textsOf = ({ files }: FinishPlan) =>
  Object.fromEntries(files.map(({ path, after }) => [path, after.reveal().toString()]))
const leftOf = ({ left }: FinishPlan) => left.map(({ id, reason }) => `${id} ${reason}`)

describe('a plan for text files', () => {
  it('takes out what is proven and shows no value', () => {
    const made = plan({ '/.env': ENV }, () => ({ isProven: ({ id }) => id !== 'CCC' }))
    expect(textsOf(made)['/.env']).toBe(
      '# AAA is in Vault: secret/p/AAA (moved by Plenum)\n# BBB is in Vault: secret/p/BBB (moved by Plenum)\nCCC=planted-c\n',
    )
    expect(leftOf(made)).toEqual(['CCC not-proven'])
    expect(made.files[0]?.diff).toBe(
      [
        '--- .env',
        '+++ .env',
        '@@ -1 +1 @@',
        '-AAA=…',
        '+# AAA is in Vault: secret/p/AAA (moved by Plenum)',
        '@@ -2,2 +2 @@',
        '-export BBB=…',
        '-…',
        '+# BBB is in Vault: secret/p/BBB (moved by Plenum)',
      ].join('\n'),
    )
    expect(JSON.stringify(made)).not.toContain('planted')
  })

  it('leaves what was changed since it was imported, and what is gone', () => {
    const before = inputFor(new MemoryFiles({ '/.env': ENV }))
    const files = new MemoryFiles({ '/.env': '\nAAA=planted-other\nCCC=planted-c\n' }).asTextFiles()
    const made = planFinish({ ...before, texts: { mode: 'remove', files, reread: readTexts } })
    expect(textsOf(made)).toEqual({ '/.env': '\nAAA=planted-other\n' })
    expect(leftOf(made)).toEqual(['AAA changed', 'BBB gone'])
  })

  it('leaves names that other lines or other files take', () => {
    const files = { '/.env': 'AAA=1\nBBB=${AAA}\nCCC=3\nDDD=4\n' }
    const composed = { path: '/c.yml', shown: 'c.yml', bytes: Buffer.from('a: ${CCC}') }
    const made = plan(files, ({ texts }) => ({
      isProven: ({ id }) => id !== 'BBB',
      texts: texts === undefined ? undefined : { ...texts, mode: 'remove', readers: [composed] },
    }))
    expect(textsOf(made)).toEqual({ '/.env': 'AAA=1\nBBB=${AAA}\nCCC=3\n' })
    expect(leftOf(made)).toEqual(['BBB not-proven', 'CCC kept', 'AAA kept'])
  })

  it('takes a name out of .env when the compose file that took it no longer does', () => {
    const files = { '/.env': 'AAA=planted-1\n', '/c.yml': 'e:\n  AAA: ${AAA}\n  x: 1\n' }
    expect(textsOf(plan(files))).toEqual({
      '/.env': '# AAA is in Vault: secret/p/AAA (moved by Plenum)\n',
      '/c.yml': 'e:\n  # AAA is in Vault: secret/p/AAA (moved by Plenum)\n  x: 1\n',
    })
    const kept = plan(files, ({ entries }) => ({ isProven: (entry) => entry === entries[0] }))
    expect(leftOf(kept)).toEqual(['AAA not-proven', 'AAA kept'])
  })

  it('says where a value that goes stands once more', () => {
    const made = plan({ '/.env': 'AAA=planted-long\n# old: planted-long\nBBB=x\n' })
    expect(made.byHand).toEqual([
      { where: ['.env:2'], ids: ['AAA'], text: 'the value of AAA stands here once more: take it out' },
    ])
  })

  it('takes out what was hidden, wherever it comes to light', () => {
    // The reader gives of each name the last file's value alone, as compose does with overrides.
    const reread: typeof readTexts = (files) => {
      const all = readTexts(files).flatMap((reading) => reading.found)
      const last = new Map(all.map((one) => [one.id, one]))
      return [{ source: 'compose', label: '', facts: [], found: [...last.values()], findings: [] }]
    }
    const files = new MemoryFiles({
      '/base.yml': 'e:\n  AAA: planted-old\n  BBB: 2\n',
      '/over.yml': 'e:\n  AAA: planted-new\n  BBB: 2\n  C: 3\n',
    })
    const now = files.asTextFiles()
    const imported = reread(now)
    const input = inputFor(files, undefined, {
      imported,
      entries: imported.flatMap((one) => one.found.map(entryFor)).filter(({ id }) => id !== 'C'),
      texts: { mode: 'remove', files: now, reread: (changed) => reread(new Map([...now, ...changed])) },
    })
    expect(textsOf(planFinish(input))).toEqual({ '/base.yml': 'e: {}\n', '/over.yml': 'e:\n  C: 3\n' })
  })

  it('edits nothing when anything else would be read otherwise', () => {
    const files = new MemoryFiles({ '/.env': ENV })
    const now = files.asTextFiles()
    let reads = 0
    const made = planFinish(
      inputFor(files, undefined, {
        isProven: ({ id }) => id === 'AAA',
        texts: {
          mode: 'remove',
          files: now,
          reread: (changed) => {
            reads += 1
            const readings = readTexts(changed)
            return reads === 1
              ? readings
              : readings.map((one) => ({ ...one, found: one.found.filter(({ id }) => id !== 'CCC') }))
          },
        },
      }),
    )
    expect(made.files).toEqual([])
    expect(leftOf(made)).toEqual(['BBB not-proven', 'CCC not-proven', 'AAA kept'])
  })

  it('names the files that it may edit', () => {
    const { entries } = inputFor(new MemoryFiles({ '/b.env': 'A1=1\n', '/a.yml': 'e:\n  A1: 1\n  A2: 2\n' }))
    expect(filesToEdit(entries)).toEqual(['/a.yml', '/b.env'])
  })
})

describe('a plan for rows', () => {
  it('empties what is proven and unchanged', () => {
    const rows = new MemoryRows([
      variableRow(1, 'a', 'planted-1'),
      variableRow(2, 'b', 'planted-2'),
      variableRow(3, 'c', '3'),
    ])
    const input = inputFor(new MemoryFiles({}), rows)
    const now = [variableRow(1, 'a', 'planted-1'), variableRow(2, 'b', 'edited')]
    const made = planFinish({ ...input, rows: { now, read: input.rows?.read ?? fail, becomes: () => undefined } })
    expect(made.rows.map(({ change, ...row }) => ({ ...row, ...change.reveal() }))).toEqual([
      {
        kind: 'variable',
        id: 'a',
        where: 'variable row 1',
        table: 'variable',
        rowId: 1,
        before: { key: 'a', val: 'planted-1' },
        after: undefined,
      },
    ])
    expect(leftOf(made)).toEqual(['b changed', 'c gone'])
    expect(JSON.stringify(made)).not.toContain('planted')
  })

  it('leaves a row that could not be put back as it was', () => {
    const rows = new MemoryRows([{ ...variableRow(1, 'a', 'planted'), unreadable: ['description'] }])
    expect(planFinish(inputFor(new MemoryFiles({}), rows))).toMatchObject({ rows: [], left: [{ reason: 'kept' }] })
  })

  it('knows rows that an earlier clean-up emptied', () => {
    const rows = new MemoryRows([variableRow(1, 'a', 'planted')])
    const input = inputFor(new MemoryFiles({}), rows)
    const made = planFinish({
      ...input,
      rows: { now: [variableRow(1, 'a', '')], read: input.rows?.read ?? fail, becomes: () => undefined },
    })
    expect(made).toMatchObject({ rows: [], left: [{ reason: 'gone' }] })
  })
})

function fail(): never {
  throw new Error('never asked')
}

describe('what Plenum does not edit', () => {
  const lines = (source: SourceKind, file: string): Origin => ({
    source,
    where: `${file}:1`,
    place: { kind: 'lines', file, line: 1, lastLine: 1, name: 'A' },
  })

  it.each([
    ['env-file', '/x/.env', 'dotenv'],
    ['compose', '/x/docker-compose.yml', 'compose'],
    ['compose', '/x/compose.yaml', 'compose'],
    ['compose', '/x/compose.json', 'compose'],
    ['compose', '/x/app.env', 'dotenv'],
    ['compose', '/x/Dockerfile', undefined],
    ['compose', '/x/Dockerfile.prod', undefined],
    ['compose', '/x/web.dockerfile', undefined],
    ['compose', '/x/.devcontainer/devcontainer.json', undefined],
    ['compose', '/x/.devcontainer.json', undefined],
    ['airflow-export', '/x/c.env', undefined],
    ['helm', '/x/values.yaml', undefined],
  ] as const)('%s %s: %s', (source, file, editor) => {
    expect(editorOf(lines(source, file))).toBe(editor)
  })

  it('is told by file, with what to do', () => {
    const export1 = { source: 'airflow-export', where: 'c.json: a', place: { kind: 'file', file: '/c.json' } } as const
    const origins: Origin[] = [
      export1,
      { ...export1, where: 'c.json: b' },
      lines('compose', '/x/Dockerfile'),
      { source: 'vault', where: 'old/x', place: { kind: 'vault', path: 'x', version: 1 } },
    ]
    const entries = origins.map((origin, index) => entryFor(found('connection', `c${index}`, 'planted', origin)))
    const made = planFinish({ ...inputFor(new MemoryFiles({})), entries })
    expect(made.byHand.map(({ where, ids }) => [...where, ...ids])).toEqual([
      ['c.json: a', 'c.json: b', 'c0', 'c1'],
      ['/x/Dockerfile:1', 'c2'],
      ['old/x', 'c3'],
    ])
    expect(made.byHand[0]?.text).toContain('delete the file')
    expect(made.byHand[1]?.text).toContain('stay in every image')
  })
})
