/**
 * The few endpoints that answer without a token, also while sealed: health, init, seal-status, unseal, leader
 * (vault-api 2). Raw JSON, no envelope, no audit.
 */
import type { JsonObject } from '../json/index.ts'
import { boolField, intField, stringField, stringListField } from '../logical/fields.ts'
import { invalidRequest, LogicalError } from '../logical/index.ts'
import { encryptShares, type PgpRecipient, readPgpKeys, type SealStatus } from '../seal/index.ts'
import type { InitializeOptions } from './core.ts'
import { rawReply } from './reply.ts'
import type { CoreReply, CoreRequest } from './request.ts'
import { VAULT_VERSION } from './vault-version.ts'

export interface StatusHost {
  status(): SealStatus
  initialize(options: {
    readonly shares: number
    readonly threshold: number
    readonly beforeCommit?: InitializeOptions['beforeCommit']
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
  const codes = healthCodes(request.query ?? {})
  if (codes === undefined) return { status: 400, body: '{"errors":[]}\n' }
  const status = codes[initialized ? (sealed ? 'sealedcode' : 'activecode') : 'uninitcode']
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
  return request.method === 'HEAD' || BODILESS.has(status) ? { ...reply, body: undefined } : reply
}

/** What a load balancer may want to see instead. A single node is never one of the standbys, but their codes are checked. */
const HEALTH_CODES = {
  activecode: 200,
  sealedcode: 503,
  uninitcode: 501,
  standbycode: 429,
  drsecondarycode: 472,
  performancestandbycode: 473,
}
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/** `undefined` when one of them is no status that can be answered with. */
function healthCodes(query: JsonObject): typeof HEALTH_CODES | undefined {
  const codes = { ...HEALTH_CODES }
  for (const name of Object.keys(codes) as (keyof typeof codes)[]) {
    const given = query[name] ?? undefined
    if (given === undefined) continue
    if (typeof given !== 'string' || !/^[2-9]\d\d$/.test(given)) return undefined
    codes[name] = Number(given)
  }
  return codes
}

async function init({ body = {} }: CoreRequest, host: StatusHost): Promise<CoreReply> {
  if (host.status().initialized) throw invalidRequest('Vault is already initialized')
  const shares = intField(body, 'secret_shares') ?? 0
  refuseRecovery(body)
  const recipients = await recipientsOf(body, shares, host)
  const threshold = intField(body, 'secret_threshold') ?? 0
  let encrypted: Encrypted = { keys: undefined, rootToken: undefined }
  const made = await host.initialize({
    shares,
    threshold,
    // Before anything is stored: a store whose shares could not be encrypted would be one that nobody opens.
    beforeCommit: async (keys, _, rootToken) => {
      encrypted = await encryptFor(recipients, keys, rootToken)
    },
  })
  const keys = encrypted.keys ?? made.keys
  const reply = rawReply(200, {
    keys: keys.map((key) => key.toString('hex')),
    keys_base64: keys.map((key) => key.toString('base64')),
    root_token: encrypted.rootToken ?? made.rootToken,
  })
  for (const key of made.keys) key.fill(0)
  return reply
}

/** Whom the shares and the root token are for; empty for whoever asks. */
interface Recipients {
  readonly ofShares: readonly PgpRecipient[]
  readonly ofRootToken: readonly PgpRecipient[]
}

/** `undefined` where nothing was to be encrypted. */
interface Encrypted {
  readonly keys: readonly Buffer[] | undefined
  readonly rootToken: string | undefined
}

/** @throws {LogicalError} 400 with Vault's texts */
async function recipientsOf(body: JsonObject, shares: number, { now }: StatusHost): Promise<Recipients> {
  const keys = stringListField(body, 'pgp_keys') ?? []
  if (keys.length > 0 && keys.length !== shares) {
    const mismatch = 'count mismatch between number of provided PGP keys and number of shares'
    throw invalidRequest(`invalid seal configuration: ${mismatch}`)
  }
  const rootKey = stringField(body, 'root_token_pgp_key') ?? ''
  return {
    ofShares: await readPgpKeys(keys, { now, prefix: 'invalid seal configuration: ' }),
    ofRootToken: await readPgpKeys(rootKey === '' ? [] : [rootKey], { now }),
  }
}

async function encryptFor(
  { ofShares, ofRootToken }: Recipients,
  keys: readonly Buffer[],
  rootToken: string,
): Promise<Encrypted> {
  const token = await ofRootToken[0]?.encrypt(Buffer.from(rootToken))
  return {
    keys: ofShares.length === 0 ? undefined : await encryptShares(keys, ofShares),
    rootToken: token?.toString('base64'),
  }
}

/** Recovery keys belong to seals that open themselves. Clients send 0 and empty lists where nothing is meant. */
function refuseRecovery(body: JsonObject): void {
  const given = [
    ...['recovery_shares', 'recovery_threshold'].filter((name) => (intField(body, name) ?? 0) !== 0),
    ...['recovery_pgp_keys'].filter((name) => (stringListField(body, name) ?? []).length > 0),
  ]
  if (given.length > 0) throw invalidRequest(`parameters ${given.join(',')} not applicable to seal type shamir`)
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
  if (boolField(body, 'migrate') === true)
    throw new LogicalError('internal', "can't perform a seal migration, no migration seal found", 'bare')
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
