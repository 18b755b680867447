/**
 * Findings about plenum.yaml: their codes, how they are collected, and how they read.
 *
 * Invariant: a message names keys, paths and variables of the file, never a value that may be secret. What follows the
 * colon of a key is never repeated.
 */
import { relative } from 'node:path'
import type { HubMessage, Position } from './hub.ts'

export type HubMessageCode =
  | 'hub-address'
  | 'hub-auth'
  | 'hub-case'
  | 'hub-clear-secret'
  | 'hub-conn-type'
  | 'hub-duplicate-key'
  | 'hub-empty-project'
  | 'hub-empty-value'
  | 'hub-env-file'
  | 'hub-external'
  | 'hub-file-unreadable'
  | 'hub-id'
  | 'hub-missing-key'
  | 'hub-name'
  | 'hub-no-projects'
  | 'hub-number'
  | 'hub-path-below'
  | 'hub-paths-overlap'
  | 'hub-plain-http'
  | 'hub-port'
  | 'hub-reference'
  | 'hub-same-path'
  | 'hub-type'
  | 'hub-unknown-key'
  | 'hub-unresolved'
  | 'hub-vault-path'
  | 'hub-version'
  | 'hub-yaml'

/** Every code there is, with what it means: docs/errors.md is written from this table. Codes stay for good. */
export const HUB_MESSAGE_CODES: Readonly<Record<HubMessageCode, string>> = {
  'hub-address': 'a Vault address is not an http or https URL of a server',
  'hub-auth': 'the way into a Vault is not exactly one of token and approle, or comes from where it cannot come',
  'hub-case': 'two names differ only in upper and lower case, so they are one environment variable',
  'hub-clear-secret': 'a secret stands in clear where a reference belongs',
  'hub-conn-type': 'a connection type is written in a way that Airflow translates or does not know',
  'hub-duplicate-key': 'a key stands twice in one mapping',
  'hub-empty-project': 'a project declares no connection, no variable and no secret',
  'hub-empty-value': 'a reference to a secret resolves to an empty text',
  'hub-env-file': 'an entry of env_files cannot be read, or a line of it cannot be understood',
  'hub-external': 'an external entry has fields of its own',
  'hub-file-unreadable': 'a file that a reference names cannot be read',
  'hub-id': 'an id has characters, a length or a form that Airflow or Vault does not take',
  'hub-missing-key': 'a required key is missing',
  'hub-name': 'the name of the hub, a project or an environment cannot be used',
  'hub-no-projects': 'the hub has no project',
  'hub-number': 'a number cannot be kept as it is written',
  'hub-path-below': 'an entry would lie at a path that is also the folder of another one',
  'hub-paths-overlap': 'two of the Vault paths connections, variables and projects overlap',
  'hub-plain-http': 'a Vault on another machine is reached without TLS',
  'hub-port': 'a port is not a whole number from 1 to 65535',
  'hub-reference': 'a reference is of an unknown kind, has several kinds, or lacks something',
  'hub-same-path': 'two entries would lie at one Vault path',
  'hub-type': 'a value is of the wrong kind: a text instead of a mapping, for example',
  'hub-unknown-key': 'a key is not known at this place',
  'hub-unresolved': 'a variable that a reference names is set nowhere',
  'hub-vault-path': 'a mount or a path in Vault is written in a way that Vault does not take',
  'hub-version': 'the version of the file, of Airflow or of the provider is not a known one',
  'hub-yaml': 'the file is not YAML that can be read',
}

/** Keys and list indexes from the root of the file to a value. */
export type DocPath = readonly (string | number)[]

export interface Spot {
  readonly path: DocPath
  /** What is pointed at: the key, or the value after it. */
  readonly on: 'key' | 'value'
}

/** What a check says. Where it is becomes line and column when it is added to the findings. */
export interface Complaint {
  readonly code: HubMessageCode
  readonly text: string
  readonly hint?: string | undefined
}

/** Collects the messages of one file; each is kept once. */
export class Findings {
  readonly #messages = new Map<string, HubMessage>()
  readonly #locate: (spot: Spot) => Position

  constructor(locate: (spot: Spot) => Position) {
    this.#locate = locate
  }

  error(spot: Spot, complaint: Complaint): void {
    this.#add('error', this.#locate(spot), spot.path, complaint)
  }

  warning(spot: Spot, complaint: Complaint): void {
    this.#add('warning', this.#locate(spot), spot.path, complaint)
  }

  /** About a place that has no path of its own: text that is not YAML, a second key of one name. */
  errorAt(at: Position, path: DocPath, complaint: Complaint): void {
    this.#add('error', at, path, complaint)
  }

  /** About a line of another file. */
  warningAt(at: Position, complaint: Complaint): void {
    this.#add('warning', at, [], complaint)
  }

  /** In the order of the file. */
  get errors(): HubMessage[] {
    return this.#of('error')
  }

  get warnings(): HubMessage[] {
    return this.#of('warning')
  }

  #add(severity: HubMessage['severity'], at: Position, path: DocPath, { code, text, hint }: Complaint): void {
    const message: HubMessage = { severity, code, at, path: dottedPath(path), text, hint }
    const key = `${at.file}:${at.line}:${at.column}:${code}:${message.path}:${text}`
    if (!this.#messages.has(key)) this.#messages.set(key, message)
  }

  #of(severity: HubMessage['severity']): HubMessage[] {
    const found = [...this.#messages.values()].filter((message) => message.severity === severity)
    return found.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
  }
}

/** `projects.trading.connections.x.password`, `env_files[0]`. */
export function dottedPath(path: DocPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  )
}

/**
 * `plenum.yaml:14:17: projects.x.connections.y.password: …`, and the hint below it. File names are shown relative to
 * `relativeTo` (a folder) when that is given.
 */
export function formatHubMessage(message: HubMessage, relativeTo?: string): string {
  const { at, path, text, hint } = message
  const place = path === '' ? formatPosition(at, relativeTo) : `${formatPosition(at, relativeTo)}: ${path}`
  const severity = message.severity === 'warning' ? 'warning: ' : ''
  const first = `${place}: ${severity}${text}`
  return hint === undefined ? first : `${first}\n${hint.replace(/^/gm, '    ')}`
}

export function formatPosition(at: Position, relativeTo?: string): string {
  const file = relativeTo === undefined ? at.file : relative(relativeTo, at.file)
  return `${file === '' ? at.file : file}:${at.line}:${at.column}`
}
