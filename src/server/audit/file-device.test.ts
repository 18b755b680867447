import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileDevice } from './file-device.ts'
import { AuditWriteError } from './line-sink.ts'

describe('the file device', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plenum-audit-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)

  it('appends to what is there', async () => {
    const path = join(folder, 'append.log')
    writeFileSync(path, 'old\n')
    const sink = openFileDevice({ path })
    await Promise.all([sink.write('one\n'), sink.write('two\n')])
    sink.close()
    expect(readFileSync(path, 'utf8')).toBe('old\none\ntwo\n')
  })

  it('leaves a line that a crash cut off on its own', async () => {
    const path = join(folder, 'torn.log')
    writeFileSync(path, 'old\nhal')
    const sink = openFileDevice({ path })
    await sink.write('one\n')
    sink.close()
    expect(readFileSync(path, 'utf8')).toBe('old\nhal\none\n')
  })

  it('S13, S14: makes its file 0600, and a file that is there as well', () => {
    const fresh = join(folder, 'fresh.log')
    const present = join(folder, 'present.log')
    writeFileSync(present, '')
    chmodSync(present, 0o666)
    for (const path of [fresh, present]) openFileDevice({ path }).close()
    expect([modeOf(fresh), modeOf(present)]).toEqual(['600', '600'])
  })

  // 0666 is more than the usual umask lets through: the mode is set, not asked for.
  it.each([
    [0o640, '640'],
    [0o755, '644'],
    [0o777, '666'],
  ])('S13, S14: takes mode %o without its execute bits, whatever the umask', (mode, expected) => {
    const path = join(folder, `mode-${expected}.log`)
    openFileDevice({ path, mode }).close()
    expect(modeOf(path)).toBe(expected)
  })

  it('keeps the mode of a file that is there when told 0000', () => {
    const path = join(folder, 'keep.log')
    writeFileSync(path, '')
    chmodSync(path, 0o640)
    openFileDevice({ path, mode: 0 }).close()
    expect(modeOf(path)).toBe('640')
    const fresh = join(folder, 'keep-fresh.log')
    openFileDevice({ path: fresh, mode: 0 }).close()
    expect(modeOf(fresh)).toBe('600')
  })

  it('S13: refuses set-id bits, links, folders, devices and pipes', () => {
    expect(() => openFileDevice({ path: join(folder, 'x.log'), mode: 0o4600 })).toThrow(AuditWriteError)
    const link = join(folder, 'link.log')
    symlinkSync(join(folder, 'append.log'), link)
    const pipe = join(folder, 'pipe.log')
    execFileSync('mkfifo', [pipe])
    for (const path of [link, folder, '/dev/null', pipe, join(folder, 'no', 'folder.log')]) {
      expect(() => openFileDevice({ path })).toThrow(AuditWriteError)
    }
  })
})
