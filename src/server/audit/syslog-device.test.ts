import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSyslogDevice } from './syslog-device.ts'

/** A `logger` of the test's own, first on PATH: keeps what it is given, and ends as it is told. */
describe('the syslog device', () => {
  const before = process.env['PATH'] ?? ''
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plenum-syslog-'))
    process.env['PATH'] = `${folder}:${before}`
  })
  afterAll(() => {
    process.env['PATH'] = before
    rmSync(folder, { recursive: true })
  })

  function standIn(end: string): void {
    const path = join(folder, 'logger')
    writeFileSync(path, `#!/bin/sh\necho "$@" >> ${folder}/parameters\ncat >> ${folder}/lines\n${end}\n`)
    chmodSync(path, 0o755)
  }
  beforeEach(() => {
    for (const name of ['parameters', 'lines']) rmSync(join(folder, name), { force: true })
  })

  it('gives all lines of a turn to one logger', async () => {
    standIn('exit 0')
    const sink = createSyslogDevice({ facility: 'local3', tag: 'hub' })
    await Promise.all([sink.write('one\n'), sink.write('two\n')])
    expect(readFileSync(join(folder, 'lines'), 'utf8')).toBe('one\ntwo\n')
    const parameters = readFileSync(join(folder, 'parameters'), 'utf8')
    expect(parameters.match(/--priority=local3\.info --tag=hub /g)).toHaveLength(1)
  })

  it.each([
    ['ends badly', 'exit 3', 'cannot write the system log as hub: logger ended with status 3'],
    [
      'says that a line did not arrive, and ends well',
      'echo "logger: send message failed: Message too long" >&2',
      'cannot write the system log as hub: logger: send message failed: Message too long',
    ],
    ['is killed', 'kill -9 $$', 'logger was ended by SIGKILL'],
  ])('S44: rejects when logger %s', async (_, end, text) => {
    standIn(end)
    const sink = createSyslogDevice({ facility: 'auth', tag: 'hub' })
    await expect(sink.write('one\n')).rejects.toThrow(text)
  })

  it('S44: rejects where there is no logger', async () => {
    process.env['PATH'] = join(folder, 'nothing')
    const write = createSyslogDevice({ facility: 'auth', tag: 'hub' }).write('one\n')
    await expect(write).rejects.toThrow('spawn logger ENOENT')
    process.env['PATH'] = `${folder}:${before}`
  })
})
