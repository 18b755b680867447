/**
 * The log of `plenum server`: one line an event, as JSON with Vault's keys, through pino, or as the text that Vault writes to
 * a terminal.
 *
 * It takes events and nothing else, so that nobody can log what is not in one (`news.ts`). The server itself knows
 * nothing of it. Names that clients chose (of mounts, of audit files) cannot steer the terminal or begin a line.
 */
import { pino } from 'pino'
import { visible } from '../../sensitive/index.ts'
import type { LogFormat, LoggersPort, LogLevel } from '../../server/index.ts'
import { MODULES, newsOf, onceAMinute, type Fact, type News, type ServingEvent } from './news.ts'
import { type LineStream, writeUnread } from './unread.ts'

export interface ServerLog {
  tell(event: ServingEvent): void
  /** Of all parts, as the configuration says it. */
  setLevel(level: LogLevel): void
  /** The levels of single parts, for `sys/loggers`. */
  readonly loggers: LoggersPort
  close(): void
}

export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly stream: LineStream
  /** Unix milliseconds. */
  readonly now: () => number
  /** Ends the process when it is to end and the stream is stuck. */
  readonly exit: () => void
}

export function openLog({ level, format, stream, now, exit }: LogOptions): ServerLog {
  const time = (): string => new Date(now()).toISOString()
  const lines = writeUnread(stream, {
    lost: (count) => {
      const news = newsOf({ kind: 'lines-lost', count })
      return format === 'json' ? `${JSON.stringify(recordOf(news, time()))}\n` : textLine(news, time())
    },
    exit,
  })
  const logger = pino(
    {
      // What is told is decided below, part by part.
      level: 'trace',
      base: null,
      messageKey: '@message',
      timestamp: () => `,"@timestamp":"${time()}"`,
      formatters: { level: (label) => ({ '@level': label }) },
    },
    { write: (line: string) => lines.write(line) },
  )
  const isNew = onceAMinute(now)
  const levels = new Map<string, LogLevel>()
  let configured = level
  const levelOf = (part: string): LogLevel => levels.get(part) ?? configured
  const loudness = (of: LogLevel): number => logger.levels.values[of] ?? 0
  return {
    tell(event) {
      const news = newsOf(event)
      if (loudness(news.level) < loudness(levelOf(news.module)) || !isNew(news)) return
      if (format === 'json') logger[news.level]({ '@module': news.module, ...news.facts }, news.text)
      else lines.write(textLine(news, time()))
    },
    setLevel(wanted) {
      configured = wanted
      levels.clear()
    },
    loggers: {
      levels: () => Object.fromEntries(MODULES.map((part) => [part, levelOf(part)])),
      setLevel(wanted, part) {
        for (const one of part === undefined ? MODULES : [part]) {
          if (wanted === undefined) levels.delete(one)
          else levels.set(one, wanted)
        }
      },
    },
    close: () => lines.close(),
  }
}

/** As pino writes it. */
function recordOf({ level, module, text, facts }: News, time: string): Readonly<Record<string, unknown>> {
  return { '@level': level, '@timestamp': time, '@module': module, ...facts, '@message': text }
}

const LEVEL_WIDTH = '[ERROR]'.length

/** `2026-01-02T03:04:05.678Z [INFO]  core: mount made: path=secret/ type=kv` */
function textLine({ level, module, text, facts }: News, time: string): string {
  const pairs = Object.entries(facts).map(([name, value]) => `${name}=${shown(value)}`)
  const tail = pairs.length === 0 ? '' : `: ${pairs.join(' ')}`
  return `${time} ${`[${level.toUpperCase()}]`.padEnd(LEVEL_WIDTH)} ${module}: ${visible(text.replaceAll(/\s*\n\s*/g, ' '))}${tail}\n`
}

function shown(value: Fact): string {
  const text = typeof value === 'object' ? value.join(', ') : String(value)
  return visible(/^[^\s"]+$/.test(text) ? text : JSON.stringify(text))
}
