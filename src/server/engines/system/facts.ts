/**
 * What the server tells of itself and its machine (vault-api 4.4): `version-history`, `host-info`, `in-flight-req`,
 * `config/state/sanitized`, `internal/counters`, `replication/status`, `experiments`. Reads alone; no secret is among it.
 */
import { type JsonObject, LogicalError, type LogicalResponse, type Route } from '../../logical/index.ts'
import { formatInstant } from '../../logical/duration.ts'
import type { DurationSummary } from '../../logical/durations.ts'

export interface FactsPort {
  /** Those that served this store, the oldest first. Unix milliseconds. */
  versions(): readonly { readonly version: string; readonly installed: number }[]
  /** What the server was started with: no secret, no path of a key. */
  config(): JsonObject
  underWay(): readonly RequestUnderWay[]
  /** Since the process started. */
  answers(): readonly AnswerCount[]
  /** That gave a token. */
  logins(): number
  /** Of requests, of those on paths that ask for no token, and of audit entries. */
  times(): {
    readonly requests: DurationSummary
    readonly logins: DurationSummary
    readonly audit: { readonly requests: DurationSummary; readonly responses: DurationSummary }
  }
  audit(): readonly { readonly path: string; readonly stored: number; readonly refused: number }[]
  mounts(): { readonly logical: number; readonly auth: number }
  /** Of the process, in bytes. */
  memory(): { readonly rss: number; readonly heapUsed: number }
  entities(): number
  /** Service tokens, and those of them that have an end. */
  tokens(): TokenCount
  /** As it was not long ago. */
  tokensLately(): TokenCount
  host(): JsonObject
}

export interface RequestUnderWay {
  readonly id: string
  /** Unix milliseconds. */
  readonly start: number
  readonly address: string
  readonly port: number
  /** As in a URL: `/v1/sys/mounts`. */
  readonly path: string
  readonly method: string
}

/** `status` is its class: `2xx`. */
export interface AnswerCount {
  readonly operation: string
  readonly status: string
  readonly count: number
}

export interface TokenCount {
  readonly stored: number
  readonly expiring: number
}

export function factRoutes(facts: FactsPort, now: () => number): Route[] {
  const reading = (pattern: RegExp, about: string, read: () => LogicalResponse): Route => ({
    pattern,
    about,
    fields: {},
    operations: { read },
  })
  const data = (of: JsonObject): LogicalResponse => ({ kind: 'data', data: of })
  return [
    {
      pattern: /version-history\/?/,
      about: 'The versions that have served this store.',
      fields: {},
      operations: { list: () => history(facts) },
    },
    reading(/host-info/, 'What the machine is, and how busy.', () =>
      data({ timestamp: formatInstant(now()), ...facts.host() }),
    ),
    reading(/in-flight-req/, 'The requests under way.', () => ({ kind: 'document', data: inFlight(facts) })),
    reading(/config\/state\/sanitized/, 'What the server was started with, without secrets.', () =>
      data(facts.config()),
    ),
    reading(/internal\/counters\/requests/, 'Nothing any more: Vault has removed what was here.', () => {
      throw new LogicalError('unsupported-path', 'The functionality has been removed on this path', 'bare')
    }),
    reading(/internal\/counters\/tokens/, 'How many service tokens there are.', () =>
      data({ counters: { service_tokens: { total: facts.tokens().stored } } }),
    ),
    reading(/internal\/counters\/entities/, 'How many entities there are.', () =>
      data({ counters: { entities: { total: facts.entities() } } }),
    ),
    reading(/replication\/status/, 'Says that there is no replication.', () => data({ mode: 'disabled' })),
    reading(/experiments/, 'Experiments that can be switched on: none.', () => data({ available: [], enabled: [] })),
  ]
}

function history(facts: FactsPort): LogicalResponse {
  const versions = facts.versions()
  const info = versions.map(({ version, installed }, index): [string, JsonObject] => [
    version,
    {
      timestamp_installed: formatInstant(installed),
      previous_version: versions[index - 1]?.version ?? null,
      build_date: '',
    },
  ])
  return { kind: 'list', keys: versions.map(({ version }) => version), more: { key_info: Object.fromEntries(info) } }
}

function inFlight(facts: FactsPort): JsonObject {
  return Object.fromEntries(
    facts.underWay().map(({ id, start, address, port, path, method }): [string, JsonObject] => [
      id,
      {
        start_time: formatInstant(start),
        client_remote_address: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
        request_path: path,
        request_method: method,
      },
    ]),
  )
}
