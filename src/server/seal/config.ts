/**
 * How the store is sealed. In clear, for it is needed before there is any key (vault-api 13):
 *
 *     core/seal-config    {"version":1,"type":"shamir","secret_shares":5,"secret_threshold":3,"nonce":"","storeId":"<uuid>"}
 *
 * A store is initialised when this entry is there; it is written last, or in one commit with all the rest. Whoever
 * changes it can keep the store from being unsealed and learns nothing: the shares alone decide.
 */
import { parseRecord } from '../json/index.ts'
import { invalidRequest } from '../logical/index.ts'

export const SEAL_CONFIG_KEY = 'core/seal-config'

export interface SealConfig {
  readonly shares: number
  readonly threshold: number
  readonly storeId: string
}

const VERSION = 1
const MOST_SHARES = 255

/** @throws {LogicalError} 400 with Vault's texts */
export function checkShares(
  { shares, threshold }: Pick<SealConfig, 'shares' | 'threshold'>,
  what = 'seal configuration',
): void {
  const refuse = (reason: string) => invalidRequest(`invalid ${what}: ${reason}`)
  if (!(shares >= 1)) throw refuse('shares must be at least one')
  if (!(threshold >= 1)) throw refuse('threshold must be at least one')
  if (shares > 1 && threshold === 1) throw refuse('threshold must be greater than one for multiple shares')
  if (shares > MOST_SHARES) throw refuse('shares must be less than 256')
  if (threshold > shares) throw refuse('threshold cannot be larger than shares')
}

export function encodeSealConfig({ shares, threshold, storeId }: SealConfig): Uint8Array {
  const stored = {
    version: VERSION,
    type: 'shamir',
    secret_shares: shares,
    secret_threshold: threshold,
    nonce: '',
    storeId,
  }
  return Buffer.from(JSON.stringify(stored))
}

/** Whether a later Plenum wrote it. */
export function isNewerSealConfig(bytes: Uint8Array): boolean {
  const version = parseRecord(Buffer.from(bytes).toString('utf8'))?.['version']
  return typeof version === 'number' && version > VERSION
}

/** `undefined` when the bytes are not a seal configuration of this version. */
export function decodeSealConfig(bytes: Uint8Array): SealConfig | undefined {
  const value = parseRecord(Buffer.from(bytes).toString('utf8'))
  if (value === undefined || value['version'] !== VERSION || value['type'] !== 'shamir') return undefined
  const { secret_shares: shares, secret_threshold: threshold, storeId } = value
  if (typeof shares !== 'number' || typeof threshold !== 'number' || typeof storeId !== 'string' || storeId === '')
    return undefined
  const sound =
    Number.isInteger(shares) &&
    Number.isInteger(threshold) &&
    threshold >= 1 &&
    threshold <= shares &&
    shares <= MOST_SHARES
  return sound ? { shares, threshold, storeId } : undefined
}
