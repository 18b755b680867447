/**
 * `sys/rekey` (vault-api 2). Raw JSON, as Vault answers it, but for the backup, which comes in an envelope; unlike
 * Vault's, it needs a token with sudo (D5, S15).
 */
import {
  invalidRequest,
  type JsonObject,
  type JsonValue,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { boolField, intField, stringField, stringListField } from '../../logical/fields.ts'
import type { RekeyPort, RekeyView, VerificationView } from './host.ts'

export function rekeyRoutes(rekey: RekeyPort): Route[] {
  const raw = (data: JsonObject): LogicalResponse => ({ kind: 'document', data })
  return [
    {
      pattern: /rekey\/init/,
      operations: {
        read: () => raw(statusOf(rekey.status())),
        update: async ({ data }) => raw(statusOf(await start(rekey, data))),
        delete: () => {
          rekey.cancel()
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /rekey\/update/,
      operations: {
        update: async (request) => {
          const step = await rekey.submit(...shareOf(request))
          return raw(step.kind === 'progress' ? statusOf(step.status) : newShares(step))
        },
      },
    },
    {
      pattern: /rekey\/verify/,
      operations: {
        read: () => raw(verificationOf(rekey.verification())),
        update: async (request) => {
          const step = await rekey.verify(...shareOf(request))
          return raw(step.kind === 'progress' ? verificationOf(step.status) : { nonce: step.nonce, complete: true })
        },
        delete: () => raw(verificationOf(rekey.restartVerification())),
      },
    },
    {
      pattern: /rekey\/backup/,
      operations: {
        read: () => backupOf(rekey),
        delete: async () => {
          await rekey.forgetBackup()
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /rekey-recovery-key\/(?:init|update|verify)/,
      operations: { read: noRecoveryKeys, update: noRecoveryKeys, delete: noRecoveryKeys },
    },
  ]
}

/** The fields of an `update`. @throws {LogicalError} 400 without a key */
export function shareOf({ data }: LogicalRequest): [share: string, nonce: string] {
  const share = stringField(data, 'key') ?? ''
  if (share === '') throw invalidRequest("'key' must be specified in request body as JSON")
  return [share, stringField(data, 'nonce') ?? '']
}

async function start(rekey: RekeyPort, data: JsonObject): Promise<RekeyView> {
  const pgpKeys = stringListField(data, 'pgp_keys') ?? []
  const shares = intField(data, 'secret_shares') ?? 0
  const backup = boolField(data, 'backup') ?? false
  if (backup && pgpKeys.length === 0)
    throw invalidRequest('cannot request a backup of the new keys without providing PGP keys for encryption')
  if (pgpKeys.length > 0 && pgpKeys.length !== shares) throw invalidRequest('incorrect number of PGP keys for rekey')
  const recipients = await rekey.readPgpKeys(pgpKeys)
  return rekey.start({
    shares,
    threshold: intField(data, 'secret_threshold') ?? 0,
    verify: boolField(data, 'require_verification') ?? false,
    pgp: recipients.length > 0 ? { recipients, backup } : undefined,
  })
}

function backupOf(rekey: RekeyPort): LogicalResponse {
  const backup = rekey.backup()
  if (backup === undefined) throw invalidRequest('no backed-up keys found')
  const { nonce, keys } = backup
  const spelled = (spell: (share: string) => string): JsonObject =>
    Object.fromEntries(Object.entries(keys).map(([fingerprint, shares]) => [fingerprint, shares.map(spell)]))
  const inBase64 = spelled((share) => Buffer.from(share, 'hex').toString('base64'))
  return { kind: 'data', data: { nonce, keys: spelled((share) => share), keys_base64: inBase64 } }
}

function listOrNull(list: readonly string[] | undefined): JsonValue {
  return list === undefined ? null : [...list]
}

function noRecoveryKeys(): never {
  throw invalidRequest('recovery rekeying not supported')
}

function verificationOf({ nonce, started, threshold, shares, progress }: VerificationView): JsonObject {
  return { nonce, started, t: threshold, n: shares, progress }
}

function statusOf(view: RekeyView): JsonObject {
  return {
    ...verificationOf(view),
    required: view.required,
    pgp_fingerprints: listOrNull(view.pgpFingerprints),
    backup: view.backup,
    verification_required: view.verificationRequired,
    ...(view.verificationNonce === '' ? {} : { verification_nonce: view.verificationNonce }),
  }
}

/** The one place where shares become text: it is what the caller is to get. */
function newShares({
  nonce,
  keys,
  verificationNonce,
  pgpFingerprints,
  backup,
}: {
  readonly nonce: string
  readonly keys: readonly Buffer[]
  readonly verificationNonce: string
  readonly pgpFingerprints: readonly string[] | undefined
  readonly backup: boolean
}): JsonObject {
  const data = {
    nonce,
    complete: true,
    keys: keys.map((key) => key.toString('hex')),
    keys_base64: keys.map((key) => key.toString('base64')),
    pgp_fingerprints: listOrNull(pgpFingerprints),
    backup,
    verification_required: verificationNonce !== '',
    ...(verificationNonce === '' ? {} : { verification_nonce: verificationNonce }),
  }
  for (const key of keys) key.fill(0)
  return data
}
