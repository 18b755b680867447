/**
 * The syslog device: lines to the system's own log, priority `info`.
 *
 * Node has no Unix datagram sockets, and `/dev/log` is one on nearly every system; so `logger` of util-linux, which every
 * system with a syslog has, carries the lines: one process a delivery, lines on its standard input.
 *
 * Invariant: a delivery counts only when `logger` ended well and said nothing. It tells of a line that was too long or a
 * log that went away on its error output alone, with status 0.
 */
import { spawn } from 'node:child_process'
import { createBatchSink } from './batch-sink.ts'
import type { AuditSink } from './line-sink.ts'

export const SYSLOG_FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const

export type SyslogFacility = (typeof SYSLOG_FACILITIES)[number]

export interface SyslogDeviceOptions {
  readonly facility: SyslogFacility
  /** The name that entries stand under. */
  readonly tag: string
  /** The socket of the system's log. Default: where `logger` looks, `/dev/log`. */
  readonly socket?: string
}

/** Longer than any entry that a datagram socket takes: what is too long is refused, never cut. */
const LONGEST_LINE = 1 << 20
const TIMEOUT_MS = 5000

export function createSyslogDevice({ facility, tag, socket }: SyslogDeviceOptions): AuditSink {
  const parameters = [
    `--priority=${facility}.info`,
    `--tag=${tag}`,
    `--id=${process.pid}`,
    `--size=${LONGEST_LINE}`,
    '--socket-errors=on',
    ...(socket === undefined ? [] : [`--socket=${socket}`]),
  ]
  return createBatchSink({
    name: `the system log as ${tag}`,
    send: (lines) => runLogger(parameters, lines.join('')),
    reopen: () => undefined,
    close: () => undefined,
  })
}

function runLogger(parameters: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { PATH = '' } = process.env
    const child = spawn('logger', parameters, {
      env: { PATH, LC_ALL: 'C' },
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', reject)
    child.on('close', (status, signal) => {
      const [reason = ''] = said.trim().split('\n')
      if (status === 0 && reason === '') resolve()
      else if (signal !== null) reject(new Error(`logger was ended by ${signal} after at most ${TIMEOUT_MS} ms`))
      else reject(new Error(reason === '' ? `logger ended with status ${status}` : reason))
    })
    // A logger that ends early closes its input; how it ended says why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
