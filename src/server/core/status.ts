/**
 * The few endpoints that answer without a token, also while sealed: health, init, seal-status, unseal, leader
 * (vault-api 2). Raw JSON, no envelope, no audit.
 */
import { boolField, intField, stringField } from '../logical/fields.ts'
import { invalidRequest, LogicalError } from '../logical/index.ts'
import type { SealStatus } from '../seal/index.ts'
import { rawReply } from './reply.ts'
import type { CoreReply, CoreRequest } from './request.ts'
import { VAULT_VERSION } from './vault-version.ts'

export interface StatusHost {
  status(): SealStatus
  initialize(options: {
    readonly shares: number
    readonly threshold: number
  }): Promise<{ readonly keys: readonly Buffer[]; readonly rootToken: string }>
  submitKey(text: string): Promise<SealStatus>
  resetUnseal(): SealStatus
  readonly storageType: string
  readonly now: () => number
}

type Answer = (request: CoreRequest, host: StatusHost) => CoreReply | Promise<CoreReply>

type Answers = Readonly<Partial<Record<CoreRequest['method'], Answer>>>

const ROUTES: ReadonlyMap<string, Answers> = new Map<string, Answers>([
  ['sys/health', { GET: health, HEAD: health }],
  ['sys/init', { GET: (_, host) => rawReply(200, { initialized: host.status().initialized }), PUT: init, POST: init }],
  ['sys/seal-status', { GET: (_, host) => rawReply(200, sealStatus(host.status(), host)) }],
  ['sys/unseal', { PUT: unseal, POST: unseal }],
  ['sys/leader', { GET: leader }],
])

export function isStatusPath(path: string): boolean {
  return ROUTES.has(path)
}

/** @throws {LogicalError} for what the client did wrong. */
export async function statusReply(request: CoreRequest, host: StatusHost): Promise<CoreReply> {
  const answer = ROUTES.get(request.path)?.[request.method]
  if (answer === undefined) return { status: 405, body: '{"errors":[]}\n' }
  return answer(request, host)
}

function health(request: CoreRequest, host: StatusHost): CoreReply {
  const { initialized, sealed } = host.status()
  const query = request.query ?? {}
  const code = (name: string, usual: number) => intField(query, name) ?? usual
  const status = !initialized ? code('uninitcode', 501) : sealed ? code('sealedcode', 503) : code('activecode', 200)
  const reply = rawReply(status, {
    initialized,
    sealed,
    standby: sealed,
    performance_standby: false,
    replication_performance_mode: 'disabled',
    replication_dr_mode: 'disabled',
    server_time_utc: Math.floor(host.now() / 1000),
    version: VAULT_VERSION,
    ...(sealed ? {} : cluster(host.status())),
  })
  return request.method === 'HEAD' ? { ...reply, body: undefined } : reply
}

async function init({ body = {} }: CoreRequest, host: StatusHost): Promise<CoreReply> {
  if (host.status().initialized) throw invalidRequest('Vault is already initialized')
  if (Array.isArray(body['pgp_keys']) || (stringField(body, 'root_token_pgp_key') ?? '') !== '') {
    throw invalidRequest('encrypting the keys with PGP is not available')
  }
  const { keys, rootToken } = await host.initialize({
    shares: intField(body, 'secret_shares') ?? 0,
    threshold: intField(body, 'secret_threshold') ?? 0,
  })
  return rawReply(200, {
    keys: keys.map((key) => key.toString('hex')),
    keys_base64: keys.map((key) => key.toString('base64')),
    root_token: rootToken,
  })
}

async function unseal({ body = {} }: CoreRequest, host: StatusHost): Promise<CoreReply> {
  const status = host.status()
  if (!status.initialized) throw invalidRequest('Vault is not initialized')
  if (boolField(body, 'reset') === true) {
    if (!status.sealed) throw invalidRequest('vault is unsealed')
    return rawReply(200, sealStatus(host.resetUnseal(), host))
  }
  const key = stringField(body, 'key') ?? ''
  if (key === '') throw invalidRequest("'key' must be specified in request body as JSON, or 'reset' set to true")
  if (!status.sealed) return rawReply(200, sealStatus(status, host))
  try {
    return rawReply(200, sealStatus(await host.submitKey(key), host))
  } catch (error) {
    if (error instanceof LogicalError) throw error
    // An audit device of the table that cannot be opened keeps the server sealed: say which, for only that helps.
    throw new LogicalError('internal', error instanceof Error ? error.message : 'unseal failed', 'wrapped', {
      cause: error,
    })
  }
}

function sealStatus(status: SealStatus, host: StatusHost): Record<string, unknown> {
  return {
    type: 'shamir',
    initialized: status.initialized,
    sealed: status.sealed,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
    nonce: status.nonce,
    version: VAULT_VERSION,
    build_date: '',
    migration: false,
    recovery_seal: false,
    storage_type: host.storageType,
    ...(status.sealed ? {} : cluster(status)),
  }
}

function cluster({ storeId }: SealStatus): Record<string, unknown> {
  return { cluster_name: 'plenum', cluster_id: storeId }
}

function leader(): CoreReply {
  return rawReply(200, {
    ha_enabled: false,
    is_self: false,
    active_time: '0001-01-01T00:00:00Z',
    leader_address: '',
    leader_cluster_address: '',
    performance_standby: false,
    performance_standby_last_remote_wal: 0,
  })
}
