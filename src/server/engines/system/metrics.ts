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
import type { DurationSummary } from '../../logical/durations.ts'
import { stringField } from '../../logical/fields.ts'
import type { FactsPort, TokenCount } from './facts.ts'

interface Named {
  /** With dots, as in Vault's JSON. */
  readonly name: string
  readonly help: string
}

export type Metric = Named &
  (
    | {
        readonly kind: 'gauge' | 'counter'
        readonly value: number
        readonly labels: Readonly<Record<string, string>>
      }
    /** In ms. */
    | { readonly kind: 'summary'; readonly summary: DurationSummary }
  )

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
  const summary = (name: string, help: string, of: DurationSummary): Metric => ({
    kind: 'summary',
    name,
    help,
    summary: of,
  })
  const times = facts.times()
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
    summary('vault.core.handle_request', 'Requests with a token, ms.', times.requests),
    summary('vault.core.handle_login_request', 'Logins, and other requests that need no token, ms.', times.logins),
    summary('vault.audit.log_request', 'Entries of requests until devices have them, ms.', times.audit.requests),
    summary('vault.audit.log_response', 'Entries of answers until devices have them, ms.', times.audit.responses),
    ...facts
      .answers()
      .map(({ operation, status, count }) =>
        counter('vault.core.answers', 'Requests answered since the process started.', count, { operation, status }),
      ),
    counter('vault.core.logins', 'Logins that gave a token.', facts.logins()),
    ...devices.map(({ path, stored: taken }) =>
      counter('vault.audit.log_entries', 'Entries that a device took since the unseal.', taken, { device: path }),
    ),
    ...devices.map(({ path, refused }) =>
      counter('vault.audit.log_failures', 'Entries that a device did not take.', refused, { device: path }),
    ),
  ]
}

/** Vault's shape. Counters are totals since the process started; summaries are of what was lately. */
export function inJson(metrics: readonly Metric[], now: number): JsonObject {
  const seconds = new Date(now).toISOString().slice(0, 19).replace('T', ' ')
  const of = (kind: Metric['kind'], show: (metric: Metric) => JsonObject): JsonObject[] =>
    metrics.filter((metric) => metric.kind === kind).map(show)
  return {
    Timestamp: `${seconds} +0000 UTC`,
    Gauges: of('gauge', shown),
    Points: [],
    Counters: of('counter', shown),
    Samples: of('summary', shown),
  }
}

function shown(metric: Metric): JsonObject {
  const { kind, name } = metric
  switch (kind) {
    case 'gauge':
      return { Name: name, Value: metric.value, Labels: { ...metric.labels } }
    case 'counter':
      return { Name: name, Count: metric.value, Sum: metric.value, Labels: { ...metric.labels } }
    case 'summary': {
      const { over, count, sum, least, most, mean, deviation } = metric.summary.lately
      return {
        Name: name,
        Count: count,
        // Of the sum, a second; as Vault has it.
        Rate: (sum / over) * 1000,
        Sum: sum,
        Min: least,
        Max: most,
        Mean: mean,
        Stddev: deviation,
        Labels: {},
      }
    }
  }
}

/** Metrics of one name stand together, as the format asks. */
export function inPrometheus(metrics: readonly Metric[]): string {
  const lines: string[] = []
  let before = ''
  for (const metric of metrics) {
    const { kind, help } = metric
    const name = metric.name.replaceAll('.', '_')
    if (name !== before) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`)
    before = name
    if (kind === 'summary') {
      const { count, sum, lately } = metric.summary
      for (const share of QUANTILES) lines.push(`${name}{quantile="${share}"} ${lately.quantile(share)}`)
      lines.push(`${name}_sum ${sum}`, `${name}_count ${count}`)
    } else {
      const pairs = Object.entries(metric.labels).map(([label, text]) => `${label}="${escaped(text)}"`)
      lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${metric.value}`)
    }
  }
  return `${lines.join('\n')}\n`
}

const QUANTILES = [0.5, 0.9, 0.99]

function escaped(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`)
}
