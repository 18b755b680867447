/** `sys/quotas`: rate limits and their configuration (vault-api 4.4). What counts requests is `server/quota`. */
import {
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { boolField, durationField, numberField, stringField, stringListField } from '../../logical/fields.ts'
import type { SystemHost } from './host.ts'

/** A rule as the core keeps it. `path` is the mount's path and what follows it. */
export interface QuotaView {
  readonly name: string
  readonly mount: string
  readonly suffix: string
  readonly rate: number
  readonly intervalSeconds: number
  readonly blockIntervalSeconds: number
}

export interface QuotaConfigView {
  readonly exemptPaths: readonly string[]
  readonly auditRefusals: boolean
  readonly responseHeaders: boolean
}

export interface QuotasPort {
  readonly config: QuotaConfigView
  /** Sorted by name. */
  list(): readonly QuotaView[]
  get(name: string): QuotaView | undefined
  put(rule: QuotaView): Promise<void>
  delete(name: string): Promise<void>
  configure(change: (now: QuotaConfigView) => QuotaConfigView): Promise<void>
}

export function quotaRoutes(host: SystemHost): Route[] {
  const { quotas } = host
  return [
    {
      pattern: /quotas\/rate-limit\/?/,
      about: 'The names of all rate limits.',
      fields: {},
      operations: { list: () => ({ kind: 'list', keys: quotas.list().map(({ name }) => name) }) },
    },
    {
      pattern: /quotas\/rate-limit\/(?<name>[^/]+)/,
      about: 'A rate limit: how many requests of one address are answered in a time.',
      fields: {
        name: { type: 'string', in: 'path', about: 'The name of the rate limit.' },
        rate: { type: 'number', about: 'How many requests the interval allows.' },
        interval: { type: 'duration', about: 'The time that the rate is counted in; a second when left out.' },
        block_interval: {
          type: 'duration',
          about: 'How long an address that went too far is refused; 0 for no longer than needed.',
        },
        path: { type: 'string', about: 'A mount, and what of it the limit is for; all requests when empty.' },
        role: { type: 'string', about: 'Refused unless empty: limits of one role are not available.' },
      },
      operations: {
        read: (_, { name = '' }) => {
          const rule = quotas.get(name)
          return rule === undefined ? { kind: 'none' } : { kind: 'data', data: shown(rule) }
        },
        update: async ({ data }, { name = '' }) => {
          await quotas.put(ruleOf(host, name, data))
          return { kind: 'none' }
        },
        delete: async (_, { name = '' }) => {
          await quotas.delete(name)
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /quotas\/config/,
      about: 'What holds for all rate limits.',
      fields: {
        rate_limit_exempt_paths: { type: 'list', about: 'Paths that no limit is for.' },
        enable_rate_limit_audit_logging: { type: 'bool', about: 'Whether refusals by a limit stand in the audit log.' },
        enable_rate_limit_response_headers: { type: 'bool', about: 'Whether answers tell what a limit leaves.' },
      },
      operations: {
        read: () => ({
          kind: 'data',
          data: {
            rate_limit_exempt_paths: [...quotas.config.exemptPaths],
            enable_rate_limit_audit_logging: quotas.config.auditRefusals,
            enable_rate_limit_response_headers: quotas.config.responseHeaders,
          },
        }),
        update: (request) => configure(quotas, request),
      },
    },
  ]
}

async function configure(quotas: QuotasPort, { data }: LogicalRequest): Promise<LogicalResponse> {
  const paths = stringListField(data, 'rate_limit_exempt_paths')?.map((path) => path.replace(/^\/+/, ''))
  const audit = boolField(data, 'enable_rate_limit_audit_logging')
  const headers = boolField(data, 'enable_rate_limit_response_headers')
  await quotas.configure((now) => ({
    exemptPaths: paths ?? now.exemptPaths,
    auditRefusals: audit ?? now.auditRefusals,
    responseHeaders: headers ?? now.responseHeaders,
  }))
  return { kind: 'none' }
}

function ruleOf(host: SystemHost, name: string, data: JsonObject): QuotaView {
  const rate = numberField(data, 'rate') ?? 0
  if (!(rate > 0)) throw invalidRequest("'rate' is invalid")
  const intervalSeconds = durationField(data, 'interval') ?? 0
  if ((stringField(data, 'role') ?? '') !== '') throw invalidRequest('quotas of a role are not available')
  return {
    name,
    ...placeOf(host, (stringField(data, 'path') ?? '').replace(/^\/+/, '')),
    rate,
    // Vault: 0 is the default of a second.
    intervalSeconds: intervalSeconds === 0 ? 1 : intervalSeconds,
    blockIntervalSeconds: durationField(data, 'block_interval') ?? 0,
  }
}

function placeOf(host: SystemHost, path: string): Pick<QuotaView, 'mount' | 'suffix'> {
  if (path === '') return { mount: '', suffix: '' }
  const mount = host.mountOf(path)?.fullPath
  if (mount === undefined) throw invalidRequest(`invalid mount path ${JSON.stringify(path)}`)
  return { mount, suffix: path.slice(mount.length) }
}

/** These keys and no others: hvac compares the whole answer. */
function shown(rule: QuotaView): JsonObject {
  return {
    type: 'rate-limit',
    name: rule.name,
    path: rule.mount + rule.suffix,
    rate: rule.rate,
    interval: rule.intervalSeconds,
    block_interval: rule.blockIntervalSeconds,
    role: '',
  }
}
