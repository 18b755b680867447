import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { CommandError } from '../failure.ts'
import { writePidFile } from './pid-file.ts'

const root = mkdtempSync(join(tmpdir(), 'plenum-pid-file-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'run-'))
  path = join(folder, 'server.pid')
})

function failure(work: () => unknown): CommandError {
  try {
    work()
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
  return expect.fail('it did not fail')
}

describe('the file of the process id', () => {
  it('holds the number alone, readable for everybody, and goes', () => {
    const file = writePidFile(path, 4711)
    expect(readFileSync(path, 'utf8')).toBe('4711')
    expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask())
    expect(readdirSync(folder)).toEqual(['server.pid'])
    file.remove()
    expect(readdirSync(folder)).toEqual([])
    // Somebody else may have tidied up.
    file.remove()
  })

  it('takes the place of what is there, and of what a killed server left beside it', () => {
    writeFileSync(path, '1234567\n')
    writeFileSync(`${path}.${process.pid}.new`, 'half')
    writePidFile(path, 12)
    expect(readFileSync(path, 'utf8')).toBe('12')
    expect(readdirSync(folder)).toEqual(['server.pid'])
  })

  it('takes the place of a link, and leaves alone what it leads to', () => {
    const other = join(folder, 'other')
    writeFileSync(other, 'of somebody else')
    symlinkSync(other, path)
    const beside = `${path}.${process.pid}.new`
    symlinkSync(other, beside)
    const file = writePidFile(path, 12)
    expect(lstatSync(path).isFile()).toBe(true)
    file.remove()
    expect([readFileSync(other, 'utf8'), readdirSync(folder)]).toEqual(['of somebody else', ['other']])
  })

  it('stays when it is another server’s by now, or no file', () => {
    const file = writePidFile(path, 12)
    writePidFile(path, 13)
    file.remove()
    expect(readFileSync(path, 'utf8')).toBe('13')
    rmSync(path)
    mkdirSync(path)
    file.remove()
    expect(existsSync(path)).toBe(true)
  })

  it('needs a folder that is there, and a place that is no folder', () => {
    const lost = failure(() => writePidFile(join(folder, 'no/server.pid'), 12))
    expect([lost.code, lost.message]).toEqual([
      'server-pid-file',
      `pid_file ${join(folder, 'no/server.pid')}: there is no folder ${join(folder, 'no')}`,
    ])
    expect(lost.hint).toContain('make the folder')
    mkdirSync(path)
    const taken = failure(() => writePidFile(path, 12))
    expect([taken.code, taken.message]).toEqual(['file-unwritable', expect.stringContaining(path)])
    expect(readdirSync(folder)).toEqual(['server.pid'])
  })
})
