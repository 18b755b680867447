import { describe, expect, it } from 'vitest'
import type { LogFormat, LogLevel } from '../../server/index.ts'
import { openLog } from './log.ts'

function plant(format: LogFormat, level: LogLevel = 'info') {
  const lines: string[] = []
  const clock = { now: 0 }
  const log = openLog({
    level,
    format,
    now: () => clock.now,
    exit: () => undefined,
    stream: {
      write(text, done) {
        lines.push(text)
        done()
      },
    },
  })
  return { log, lines, clock }
}

describe('the log', () => {
  it('as JSON has the keys of Vault', () => {
    const { log, lines } = plant('json')
    log.tell({ kind: 'mount-made', path: 'kv/', type: 'kv' })
    expect(lines).toEqual([
      '{"@level":"info","@timestamp":"1970-01-01T00:00:00.000Z","@module":"core","path":"kv/","type":"kv","@message":"mount made"}\n',
    ])
  })

  it('tells why the file of the process id is left, and where', () => {
    const { log, lines } = plant('standard')
    const error = Object.assign(new Error("EACCES: permission denied, unlink '/run/p.pid'"), { code: 'EACCES' })
    log.tell({ kind: 'pid-file-left', path: '/run/p.pid', error })
    expect(lines).toEqual([
      "1970-01-01T00:00:00.000Z [WARN]  server: the file of the process id cannot be removed: EACCES: permission denied, unlink '/run/p.pid': path=/run/p.pid\n",
    ])
  })

  it('as text looks as that of Vault, and is one line an event', () => {
    const { log, lines } = plant('standard')
    log.tell({ kind: 'mount-made', path: 'a b/', type: 'kv' })
    log.tell({ kind: 'configuration-kept', reason: 'one\n  two' })
    log.tell({ kind: 'unsealed' })
    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z [INFO]  core: mount made: path="a b/" type=kv\n',
      '1970-01-01T00:00:00.000Z [ERROR] server: the configuration cannot be read anew, what was read before still holds: one two\n',
      '1970-01-01T00:00:00.000Z [INFO]  core: unsealed\n',
    ])
  })

  it('as text shows what would steer a terminal', () => {
    const { log, lines } = plant('standard')
    log.tell({ kind: 'mount-made', path: 'a\u001B[2Jb/', type: 'kv' })
    log.tell({ kind: 'audit-notice', severity: 'warn', text: 'little room in /a\r\u001B]0;b' })
    expect(lines.map((line) => line.slice(25).trimEnd())).toEqual([
      String.raw`[INFO]  core: mount made: path=a\u{1b}[2Jb/ type=kv`,
      String.raw`[WARN]  audit: little room in /a\u{d}\u{1b}]0;b`,
    ])
  })

  it('tells what its level allows, and the level can be changed', () => {
    const { log, lines } = plant('standard', 'warn')
    log.tell({ kind: 'unsealed' })
    log.tell({ kind: 'audit-notice', severity: 'warn', text: 'little room' })
    log.setLevel('debug')
    log.tell({ kind: 'tokens-expired', count: 3 })
    expect(lines.map((line) => line.slice(25).trimEnd())).toEqual([
      '[WARN]  audit: little room',
      '[DEBUG] expiration: expired tokens were removed: count=3',
    ])
  })

  it('tells as much of one part as that part is told to, until the level is read anew', () => {
    const { log, lines } = plant('standard', 'warn')
    log.loggers.setLevel('debug', 'expiration')
    log.loggers.setLevel('error', 'audit')
    expect(log.loggers.levels()).toEqual({
      core: 'warn',
      audit: 'error',
      listener: 'warn',
      expiration: 'debug',
      server: 'warn',
    })
    log.tell({ kind: 'unsealed' })
    log.tell({ kind: 'audit-notice', severity: 'warn', text: 'little room' })
    log.tell({ kind: 'tokens-expired', count: 3 })
    log.loggers.setLevel(undefined, 'audit')
    log.tell({ kind: 'audit-notice', severity: 'warn', text: 'less room' })
    log.loggers.setLevel('trace')
    log.setLevel('error')
    log.tell({ kind: 'unsealed' })
    expect(new Set(Object.values(log.loggers.levels()))).toEqual(new Set(['error']))
    expect(lines.map((line) => line.slice(25).trimEnd())).toEqual([
      '[DEBUG] expiration: expired tokens were removed: count=3',
      '[WARN]  audit: less room',
    ])
  })

  it('tells one error once a minute, whatever else it tells', () => {
    const { log, lines, clock } = plant('standard')
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    for (; clock.now <= 120_000; clock.now += 1000) log.tell({ kind: 'audit-failed', path: 'file/', error: full })
    log.tell({ kind: 'audit-failed', path: 'other/', error: full })
    expect(lines).toHaveLength(4)
    for (let n = 0; n < 3; n += 1) log.tell({ kind: 'sealed' })
    expect(lines).toHaveLength(7)
  })

  it('S10: says of an unexpected error where it was, and not what it quotes', () => {
    const { log, lines } = plant('json')
    let error: unknown
    try {
      JSON.parse('planted-value')
    } catch (caught) {
      error = caught
    }
    expect(String(error)).toContain('planted')
    log.tell({ kind: 'internal-error', error, requestId: 'r-1' })
    log.tell({ kind: 'internal-error', error: 'planted', requestId: '' })
    log.tell({ kind: 'internal-error', error: new TypeError('x\nat planted:1:1\n'), requestId: '' })
    // A code of Node's: its messages show the argument.
    const argument = Object.assign(new TypeError('planted'), { code: 'ERR_INVALID_ARG_TYPE' })
    log.tell({ kind: 'internal-error', error: argument, requestId: '' })
    expect(lines.join('')).not.toContain('planted')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      '@level': 'error',
      '@message': expect.stringMatching(/^internal error: SyntaxError at \S/),
      request_id: 'r-1',
      at: expect.arrayContaining([expect.stringMatching(/^at .*log\.test\.ts:\d+:\d+/)]),
    })
  })

  it('says what the system or Plenum itself says', () => {
    const { log, lines } = plant('standard')
    log.tell({
      kind: 'internal-error',
      error: Object.assign(new Error('the store is full'), { code: 'store-full' }),
      requestId: '',
    })
    log.tell({
      kind: 'internal-error',
      error: Object.assign(new Error('MDB_MAP_FULL'), { code: -30_792 }),
      requestId: '',
    })
    expect(lines.join('')).toMatch(/internal error: the store is full.*\n.*internal error: MDB_MAP_FULL/)
  })
})
