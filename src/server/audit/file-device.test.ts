import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDiskReserve } from './disk-reserve.ts'
import { createFileDevice } from './file-device.ts'
import { type AuditSink, AuditWriteError } from './line-sink.ts'

function openFileDevice(options: Parameters<typeof createFileDevice>[0]): AuditSink {
  const sink = createFileDevice(options)
  sink.reopen()
  return sink
}

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

  it('S44: refuses what it cannot open, and takes entries as soon as it can', async () => {
    const path = join(folder, 'late', 'late.log')
    const sink = createFileDevice({ path })
    expect(() => sink.reopen()).toThrow(AuditWriteError)
    await expect(sink.write('one\n')).rejects.toThrow(`cannot open the audit log ${path}`)
    mkdirSync(join(folder, 'late'))
    await sink.write('two\n')
    sink.close()
    expect(readFileSync(path, 'utf8')).toBe('two\n')
  })

  it('makes a deleted file again, with its mode', async () => {
    const path = join(folder, 'deleted.log')
    const sink = openFileDevice({ path, mode: 0o640 })
    await sink.write('one\n')
    rmSync(path)
    await sink.write('two\n')
    sink.close()
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['two\n', '640'])
  })

  it('goes over to a file that was put in its place', async () => {
    const path = join(folder, 'rotated.log')
    const sink = openFileDevice({ path })
    await sink.write('one\n')
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'hal')
    await sink.write('two\n')
    sink.close()
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['one\n', 'hal\ntwo\n'])
  })

  it('S13, S44: refuses entries when a link took its place, and leaves what it points to alone', async () => {
    const path = join(folder, 'linked.log')
    const target = join(folder, 'target')
    writeFileSync(target, 'theirs\n')
    const sink = openFileDevice({ path })
    rmSync(path)
    symlinkSync(target, path)
    await expect(sink.write('one\n')).rejects.toBeInstanceOf(AuditWriteError)
    expect(readFileSync(target, 'utf8')).toBe('theirs\n')
    rmSync(path)
    await sink.write('two\n')
    sink.close()
    expect(readFileSync(path, 'utf8')).toBe('two\n')
  })

  it('is opened anew when told to, and not once it is closed', async () => {
    const path = join(folder, 'hangup.log')
    const sink = openFileDevice({ path })
    await sink.write('one\n')
    renameSync(path, `${path}.1`)
    sink.reopen()
    expect(readFileSync(path, 'utf8')).toBe('')
    await sink.write('two\n')
    expect(readFileSync(path, 'utf8')).toBe('two\n')
    sink.close()
    rmSync(path)
    sink.reopen()
    expect(existsSync(path)).toBe(false)
  })

  it('looks at the room on its disk, and gives it for its status', async () => {
    const told: string[] = []
    const reserve = createDiskReserve(folder, {
      bytes: 10,
      now: () => 0,
      report: ({ text }) => told.push(text),
      free: () => 9,
    })
    const sink = createFileDevice({ path: join(folder, 'room.log'), reserve })
    await sink.write('one\n')
    expect(sink.disk?.()).toEqual({ free: 9, reserve: 10, held: undefined })
    sink.close()
    expect(told).toHaveLength(1)
  })
})
