/**
 * docs/security-statements.md against the tests: every statement has its row, every row its tests, every test that carries a
 * number stands in that number's row. When this fails after a new test, add its file to the row.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const LAST = 56
const root = resolve(import.meta.dirname, '..')

const tests = ['src', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(?:test|case)\.ts$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ name: relative(root, path), text: readFileSync(path, 'utf8') }))

/** Numbers that stand at the beginning of a name: `'S3, S39: …'`. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/['"`](S\d+(?:, S\d+)*)(?::|['"`])/g)].flatMap(([, list = '']) =>
    list.split(', ').map((number) => Number(number.slice(1))),
  )
}

interface Row {
  readonly number: number
  readonly state: string
  readonly where: string
  readonly columns: number
}

const rows: readonly Row[] = readFileSync(join(root, 'docs/security-statements.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| S\d/.test(line))
  .map((line) => line.split(' | '))
  .map((cells) => ({
    number: Number(cells[0]?.replace('| S', '')),
    state: cells[2] ?? '',
    where: (cells[3] ?? '').replace(/ \|$/, ''),
    columns: cells.length,
  }))

const filesOf = ({ where }: Row): string[] => [...where.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file ?? '')

describe('docs/security-statements.md', () => {
  it('has a row for each statement, and each is tested or says why not', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LAST }, (_, index) => index + 1))
    expect(rows.filter(({ where, columns }) => where === '' || columns !== 4)).toEqual([])
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['tested', 'does not apply']))
  })

  it('names every file with a test that carries the number, and no other', () => {
    const carrying = (number: number): string[] =>
      tests.filter(({ text }) => numbersIn(text).includes(number)).map(({ name }) => name)
    expect(rows.map((row) => [`S${row.number}`, filesOf(row).toSorted()])).toEqual(
      rows.map(({ number }) => [`S${number}`, carrying(number).toSorted()]),
    )
  })

  it('names a test of that number in the first of the files', () => {
    for (const { number, state, where } of rows) {
      if (state !== 'tested') continue
      const [, file = '', title = ''] = /^`([^`]+)` “([^”]+)”/.exec(where) ?? []
      const text = tests.find(({ name }) => name === file)?.text ?? ''
      const [numbers = ''] = /S\d+(?:, S\d+)*(?=: $)/.exec(text.slice(0, Math.max(0, text.indexOf(title)))) ?? []
      expect([number, numbers.split(', ').includes(`S${number}`)]).toEqual([number, true])
    }
  })

  it('is about the numbers that tests carry', () => {
    const all = tests.flatMap(({ text }) => numbersIn(text))
    expect(all.length).toBeGreaterThan(150)
    expect(all.filter((number) => number < 1 || number > LAST)).toEqual([])
  })
})
