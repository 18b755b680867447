/** Hubs for tests: text in, messages out, with a world of variables and files that the test names. */
import { sensitive } from '../sensitive/index.ts'
import { formatHubMessage, type Hub, type HubMessage, type HubResult, loadHub } from './index.ts'

export interface World {
  readonly env?: Readonly<Record<string, string>>
  /** By absolute path. */
  readonly files?: Readonly<Record<string, string>>
  readonly references?: 'required' | 'unchecked'
}

export const FILE = '/hub/plenum.yaml'

export const HEAD = `version: 1
hub: example-hub
airflow: { version: "3.3", provider: "4.8" }
`

export function sources({ env = {}, files = {} }: World): {
  env: { get(name: string): string | undefined }
  files: { read(path: string): string | undefined }
} {
  return { env: { get: (name) => env[name] }, files: { read: (path) => files[path] } }
}

export function load(text: string, world: World = {}): HubResult {
  const { references = 'required' } = world
  return loadHub({ file: FILE, text, ...sources(world), references })
}

/** The hub, or a failure that shows what is wrong with it. */
export function loaded(text: string, world: World = {}): Hub {
  const result = load(text, world)
  if (result.kind === 'hub') return result.hub
  throw new Error(result.errors.map((message) => formatHubMessage(message)).join('\n'))
}

/** Errors and warnings in the form in which they are shown, first lines only. */
export function shownMessages(result: HubResult): string[] {
  return messagesOf(result).map((message) => formatHubMessage(message, '/hub').split('\n')[0] ?? '')
}

export function messagesOf(result: HubResult): HubMessage[] {
  return [...(result.kind === 'errors' ? result.errors : []), ...result.warnings]
}

/** A hub with one project `trading` that has these lines, two spaces in. */
export function project(lines: string): string {
  const body = lines
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
  return `${HEAD}projects:\n  trading:\n${body}\n`
}

export const secretFields = (
  fields: Readonly<Record<string, string>>,
): Map<string, ReturnType<typeof sensitive<string>>> =>
  new Map(Object.entries(fields).map(([name, value]) => [name, sensitive(value)]))
