/**
 * `sys/metrics` (vault-api 4.4): counts in Vault's JSON, or in the text that Prometheus reads. Names are Vault's where it
 * has one for the same thing.
 */
import {
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'
import type { FactsPort, TokenCount } from './facts.ts'

export interface Metric {
  readonly kind: 'gauge' | 'counter'
  /** With dots, as in Vault's JSON. */
  readonly name: string
  readonly help: string
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

export function metricsRoutes(facts: FactsPort, now: () => number): Route[] {
  const read = ({ data }: LogicalRequest): LogicalResponse => {
    const format = stringField(data, 'format') ?? ''
    const metrics = metricsOf(facts, facts.tokensLately())
    if (format === 'prometheus')
      return { kind: 'raw', status: 200, body: inPrometheus(metrics), contentType: 'text/plain; version=0.0.4' }
    if (format !== '') throw invalidRequest('metric response format must be empty or "prometheus"')
    return { kind: 'document', data: inJson(metrics, now()) }
  }
  return [
    {
      pattern: /metrics/,
      about: 'Counts, for those who watch the server.',
      fields: { format: { type: 'string', in: 'query', about: '`prometheus`, or nothing for JSON.' } },
      operations: { read },
    },
  ]
}

function metricsOf(facts: FactsPort, { stored, expiring }: TokenCount): readonly Metric[] {
  const gauge = (name: string, help: string, value: number, labels = {}): Metric => ({
    kind: 'gauge',
    name,
    help,
    value,
    labels,
  })
  const counter = (name: string, help: string, value: number, labels = {}): Metric => ({
    kind: 'counter',
    name,
    help,
    value,
    labels,
  })
  const { logical, auth } = facts.mounts()
  const { rss, heapUsed } = facts.memory()
  const devices = facts.audit()
  const mounts = 'Mounts of a kind.'
  return [
    gauge('vault.core.unsealed', '1 while the server is unsealed.', 1),
    gauge('vault.core.active', '1: there is one node.', 1),
    gauge('vault.core.in_flight_requests', 'Requests under way.', facts.underWay().length),
    gauge('vault.core.mount_table.num_entries', mounts, logical, { type: 'logical' }),
    gauge('vault.core.mount_table.num_entries', mounts, auth, { type: 'auth' }),
    gauge('vault.token.count', 'Live service tokens, counted once a minute.', stored),
    gauge('vault.expire.num_leases', 'Tokens that expire, counted once a minute.', expiring),
    gauge('vault.identity.num_entities', 'Entities.', facts.entities()),
    gauge('vault.runtime.sys_bytes', 'Memory of the process.', rss),
    gauge('vault.runtime.alloc_bytes', 'Memory in use by the heap.', heapUsed),
    ...facts.answers().map(({ operation, status, count }) =>
      counter('vault.core.handle_request', 'Requests answered since the process started.', count, {
        operation,
        status,
      }),
    ),
    counter('vault.core.handle_login_request', 'Logins that gave a token.', facts.logins()),
    ...devices.map(({ path, stored: taken }) =>
      counter('vault.audit.log_entries', 'Entries that a device took since the unseal.', taken, { device: path }),
    ),
    ...devices.map(({ path, refused }) =>
      counter('vault.audit.log_failures', 'Entries that a device did not take.', refused, { device: path }),
    ),
  ]
}

/** Vault's shape. Counters are totals since the process started. */
export function inJson(metrics: readonly Metric[], now: number): JsonObject {
  const seconds = new Date(now).toISOString().slice(0, 19).replace('T', ' ')
  return {
    Timestamp: `${seconds} +0000 UTC`,
    Gauges: metrics
      .filter(({ kind }) => kind === 'gauge')
      .map(({ name, value, labels }) => ({ Name: name, Value: value, Labels: { ...labels } })),
    Points: [],
    Counters: metrics
      .filter(({ kind }) => kind === 'counter')
      .map(({ name, value, labels }) => ({ Name: name, Count: value, Sum: value, Labels: { ...labels } })),
    Samples: [],
  }
}

/** Metrics of one name stand together, as the format asks. */
export function inPrometheus(metrics: readonly Metric[]): string {
  const lines: string[] = []
  let before = ''
  for (const { kind, name, help, value, labels } of metrics) {
    const written = name.replaceAll('.', '_')
    if (written !== before) lines.push(`# HELP ${written} ${help}`, `# TYPE ${written} ${kind}`)
    before = written
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    lines.push(`${written}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`)
  }
  return `${lines.join('\n')}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`)
}
