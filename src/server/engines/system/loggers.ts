/**
 * `sys/loggers`: how much the server's own log tells, part by part, until it ends or reads its configuration anew
 * (vault-api 4.4). Needs sudo. There only where the program that runs the server keeps a log.
 */
import { invalidRequest, type Field, type JsonObject, type LogicalResponse, type Route } from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'

export type LoggerLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

export interface LoggersPort {
  /** By the name of the part. */
  levels(): Readonly<Record<string, LoggerLevel>>
  /** Without a level: as the configuration says. Without a part: all of them. */
  setLevel(level: LoggerLevel | undefined, part?: string): void
}

/** Vault's words for them. */
const LEVELS: ReadonlyMap<string, LoggerLevel> = new Map([
  ['trace', 'trace'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['notice', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['err', 'error'],
])

const NAME: Field = { type: 'string', in: 'path', about: 'The part of the server, by the name that its lines bear.' }
const LEVEL: Field = { type: 'string', about: '`trace`, `debug`, `info`, `warn` or `error`.' }

export function loggerRoutes(loggers: LoggersPort): Route[] {
  const levelOf = (part: string): LoggerLevel | undefined => {
    const levels = loggers.levels()
    return Object.hasOwn(levels, part) ? levels[part] : undefined
  }
  const change = (level: LoggerLevel | undefined, part?: string): LogicalResponse => {
    if (part !== undefined && levelOf(part) === undefined)
      throw invalidRequest(`logger ${JSON.stringify(part)} not found`)
    loggers.setLevel(level, part)
    return { kind: 'none' }
  }
  return [
    {
      pattern: /loggers\/?/,
      about: 'How much each part of the server tells in its log.',
      fields: { level: LEVEL },
      operations: {
        read: () => ({ kind: 'data', data: { ...loggers.levels() } }),
        update: ({ data }) => change(wantedLevel(data)),
        delete: () => change(undefined),
      },
    },
    {
      pattern: /loggers\/(?<name>[^/]+)/,
      about: 'How much one part of the server tells in its log.',
      fields: { name: NAME, level: LEVEL },
      operations: {
        read: (_, { name = '' }) => {
          const level = levelOf(name)
          // As Vault: of a part that there is not, nothing.
          return { kind: 'data', data: level === undefined ? {} : { [name]: level } }
        },
        update: ({ data }, { name = '' }) => change(wantedLevel(data), name),
        delete: (_, { name = '' }) => change(undefined, name),
      },
    },
  ]
}

function wantedLevel(data: JsonObject): LoggerLevel {
  const text = stringField(data, 'level')
  if (text === undefined) throw invalidRequest('level is required')
  if (text === '') throw invalidRequest('level is empty')
  const level = LEVELS.get(text.trim().toLowerCase())
  if (level === undefined) throw invalidRequest('invalid level provided')
  return level
}
