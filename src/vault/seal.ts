/** Initialising and unsealing (vault-api 2). None of these needs a token; all answer while the Vault is sealed. */
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { ask } from './ask.ts'
import type { VaultClient } from './client.ts'
import type { Field } from './decode.ts'

export interface SealStatus {
  readonly initialized: boolean
  readonly sealed: boolean
  /** `shamir` or the kind of auto-unseal. */
  readonly type: string
  /** Key shares needed, and made. Both 0 before initialisation. */
  readonly threshold: number
  readonly shares: number
  /** Shares given so far. */
  readonly progress: number
  readonly version: string
  readonly storageType: string | undefined
}

export interface InitialKeys {
  /** Key shares, hexadecimal. This is the only time that Vault shows them. */
  readonly keys: readonly Sensitive<string>[]
  readonly rootToken: Sensitive<string>
}

export async function sealStatus(client: VaultClient, signal?: AbortSignal): Promise<SealStatus> {
  const { body } = await ask(client, 'GET', 'sys/seal-status', { signal })
  return decodeStatus(body)
}

/** Once in a Vault's life; 'vault-bad-request' after that. Sent once: a lost answer would be lost keys. */
export async function initialize(
  client: VaultClient,
  options: { readonly shares: number; readonly threshold: number },
  signal?: AbortSignal,
): Promise<InitialKeys> {
  const body = { secret_shares: options.shares, secret_threshold: options.threshold }
  const reply = await ask(client, 'POST', 'sys/init', { body, signal, retry: false })
  return {
    keys: reply.body.at('keys').strings().map(sensitive),
    rootToken: sensitive(reply.body.at('root_token').string()),
  }
}

/** Gives one key share (hexadecimal or base64). Below the threshold the status comes back still sealed. */
export async function unseal(client: VaultClient, key: Sensitive<string>, signal?: AbortSignal): Promise<SealStatus> {
  const body = key.map((clear): Json => ({ key: clear }))
  const reply = await ask(client, 'POST', 'sys/unseal', { body, signal, retry: false })
  return decodeStatus(reply.body)
}

function decodeStatus(body: Field): SealStatus {
  return {
    initialized: body.at('initialized').boolean(),
    sealed: body.at('sealed').boolean(),
    type: body.at('type').string(),
    threshold: body.at('t').count(),
    shares: body.at('n').count(),
    progress: body.at('progress').count(),
    version: body.at('version').string(),
    storageType: body.at('storage_type').optional()?.string(),
  }
}
