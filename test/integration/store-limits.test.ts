/**
 * The store in a process with an open umask, and in one that may write no further. Both are settings of a whole process,
 * so each test runs one. It runs the built package: `npm run build` comes first.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const script = join(import.meta.dirname, 'store-limits.mjs')
const root = mkdtempSync(join(tmpdir(), 'plenum-limits-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function run(command: string, folder: string): unknown {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command, 'sh', process.execPath, script, folder], {
    encoding: 'utf8',
  })
  expect(stderr.includes('UnhandledPromiseRejection')).toBe(false)
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

it('S14: makes its folders 0700 and its files 0600 under an open umask', () => {
  expect(run('exec "$1" "$2" modes "$3"', join(root, 'new', 'store'))).toEqual({
    folder: '700',
    parent: '700',
    files: ['600', '600', '600', '600'],
  })
})

it('refuses what does not fit, whole, and goes on with what does', () => {
  // A file may grow to 600 KiB here; the system then cuts off writes as it does on a full disk.
  const { entries, after } = run('ulimit -f 1200; exec "$1" "$2" full "$3"', join(root, 'full')) as {
    entries: readonly { outcome: string; entries: number }[]
    after: string
  }
  const outcomes = new Set(entries.map(({ outcome }) => outcome))
  expect([...outcomes].sort()).toEqual(['store-unreadable', 'written'])
  for (const { outcome, entries: found } of entries) expect(found).toBe(outcome === 'written' ? 3 : 0)
  expect(after).toBe('after')
})
