/**
 * What sync keeps of an object, in its custom_metadata:
 *
 *   sync-digest, sync-version         the row that was last synced, and the version it became: known to be true
 *   sync-claim-<version>-<digest…>    the row that is about to become that version: said before it is written
 *
 * A digest is keyed, and bound to the object: nobody sees from metadata that two objects have one value. `gone` stands
 * for no row at all, beside the version that was deleted for it.
 *
 * Invariant: every version that sync wrote is claimed before it stands, whatever is killed in between; a claim alone
 * proves nothing (somebody else may have written that version), the value under it does. Claims of one version do not
 * overwrite each other, so two instances at once lose none.
 */
import type { CustomMetadata } from '../hub/index.ts'
import { type Fingerprint, type FingerprintKey, fingerprint, type Json, type Sensitive } from '../sensitive/index.ts'

/** Of a row's content, or `gone`. */
export type Digest = Fingerprint | typeof GONE
export const GONE = 'gone'

export interface SyncRecord {
  readonly synced: { readonly digest: Digest; readonly version: number } | undefined
  readonly claims: readonly Claim[]
}

export interface Claim {
  readonly version: number
  readonly digest: Digest
}

export type MetadataChanges = Readonly<Record<string, string | null>>

const DIGEST = 'sync-digest'
const VERSION = 'sync-version'
const CLAIM = /^sync-claim-(?<version>[1-9]\d{0,14})-/
/** Enough of a digest to tell claims of one version apart. */
const CLAIM_DIGITS = 16
/** Attempts at a version that are remembered. */
const MOST_PENDING = 16

/** Of what lies, or would lie, at this address (`connection:warehouse`). */
export function digestOf(address: string, data: Sensitive<Json>, key: FingerprintKey): Fingerprint {
  return fingerprint(
    data.map((clear) => [address, clear]),
    key,
  )
}

export function recordOf(metadata: CustomMetadata): SyncRecord {
  const digest = parseDigest(metadata[DIGEST])
  const version = metadata[VERSION]
  const isVersion = version !== undefined && /^(?:0|[1-9]\d{0,14})$/.test(version)
  const synced = digest !== undefined && isVersion ? { digest, version: Number(version) } : undefined
  const claims = Object.entries(metadata).flatMap(([name, value]): Claim[] => {
    const claimed = CLAIM.exec(name)?.groups?.['version']
    const of = parseDigest(value)
    return claimed === undefined || of === undefined ? [] : [{ version: Number(claimed), digest: of }]
  })
  return { synced, claims }
}

function parseDigest(text: string | undefined): Digest | undefined {
  return text === GONE ? GONE : text !== undefined && /^[\da-f]{64}$/.test(text) ? (text as Fingerprint) : undefined
}

/**
 * To be said before `version` is written or deleted. Claims of versions that are overwritten for good go, and so do those
 * of versions that were never written, once there are many: Vault refuses so often, and takes 64 keys at most. Should one
 * of them be written late after all, it is taken for somebody else's, and reported.
 */
export function claimChanges(present: CustomMetadata, current: number, { version, digest }: Claim): MetadataChanges {
  const claims = Object.keys(present).flatMap((name) => {
    const claimed = CLAIM.exec(name)?.groups?.['version']
    return claimed === undefined ? [] : [{ name, version: Number(claimed) }]
  })
  const pending = claims.filter((claim) => claim.version > current)
  const old = claims.filter((claim) => claim.version < current)
  const gone = pending.length < MOST_PENDING ? old : [...old, ...pending]
  return {
    ...Object.fromEntries(gone.map(({ name }): [string, null] => [name, null])),
    [`sync-claim-${version}-${digest.slice(0, CLAIM_DIGITS)}`]: digest,
  }
}

/** To be said once it is known that `version` holds the row with this digest. */
export function settledChanges({ version, digest }: Claim): MetadataChanges {
  return { [DIGEST]: digest, [VERSION]: String(version) }
}
