/**
 * KV version 2 (vault-api 6). Mount and path stay apart everywhere; `data/` and `metadata/` exist in this file alone.
 *
 * Invariant: a secret's data is wrapped in `Sensitive` as soon as it is decoded, and a write names the version it
 * follows.
 *
 * A write with check-and-set is sent once. Sent again after a lost answer it would find its own version and look like
 * a lost race, so the failure is passed on with `effect: 'unknown'`: whoever writes many reads again and compares.
 *
 * Left out: PATCH of data, destroying versions and mount settings.
 */
import { type Bound, mapBounded } from '../concurrency/index.ts'
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { ask, askForChildren } from './ask.ts'
import type { VaultClient } from './client.ts'
import type { Field, JsonRecord } from './decode.ts'
import { encodeFolder, encodePath } from './path.ts'

export type SecretData = Sensitive<JsonRecord>

export type SecretRead =
  | {
      readonly kind: 'found'
      readonly data: SecretData
      readonly version: number
      /** Unix ms. */
      readonly createdAt: number
      readonly customMetadata: Readonly<Record<string, string>>
    }
  | {
      /** The version asked for exists and its data does not: check-and-set still counts it. */
      readonly kind: 'deleted'
      readonly version: number
      readonly destroyed: boolean
      /** Unix ms: of the deletion; of the creation for a version destroyed without one. */
      readonly changedAt: number
      readonly customMetadata: Readonly<Record<string, string>>
    }
  | { readonly kind: 'absent' }

export interface SecretMetadata {
  /** 0 when metadata was written before any data. */
  readonly currentVersion: number
  /** Unix ms. */
  readonly updatedAt: number
  readonly customMetadata: Readonly<Record<string, string>>
}

export interface SecretVersion {
  readonly version: number
  /** Unix ms. */
  readonly createdAt: number
  /** Unix ms; may lie ahead (`delete_version_after`), and until then the version stands. */
  readonly deletedAt: number | undefined
  readonly destroyed: boolean
}

export interface ReadSecretOptions {
  /** Default: the newest. */
  readonly version?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export async function readSecret(
  client: VaultClient,
  mount: string,
  path: string,
  options: ReadSecretOptions = {},
): Promise<SecretRead> {
  const { version, signal } = options
  const query = version === undefined ? {} : { version: String(version) }
  const reply = await ask(client, 'GET', inMount(mount, 'data', path), { query, signal })
  const data = reply.body.at('data')
  const read = data.optional()
  if (reply.status === 404) return read === undefined ? { kind: 'absent' } : decodeDeleted(data.at('metadata'))
  const metadata = data.at('metadata')
  return {
    kind: 'found',
    data: sensitive(data.at('data').record()),
    version: metadata.at('version').count(),
    createdAt: metadata.at('created_time').time(),
    customMetadata: metadata.at('custom_metadata').stringMap(),
  }
}

/**
 * Writes the version after `cas` (0: no version may exist). Throws 'vault-cas-mismatch' when another version is there,
 * and any other VaultError with `effect` telling whether the write may have happened.
 */
export async function writeSecret(
  client: VaultClient,
  mount: string,
  path: string,
  data: SecretData,
  cas: number,
  signal?: AbortSignal,
): Promise<{ version: number }> {
  const body = data.map((clear): Json => ({ data: clear, options: { cas } }))
  const reply = await ask(client, 'POST', inMount(mount, 'data', path), { body, signal, retry: false })
  return { version: reply.body.at('data').at('version').count() }
}

/** Soft delete of the newest version, whichever that is by then. Nothing happens when there is none. */
export async function deleteSecret(
  client: VaultClient,
  mount: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'DELETE', inMount(mount, 'data', path), { signal, retry: false })
}

/** Soft delete of exactly this version: one written meanwhile stays. */
export async function deleteSecretVersion(
  client: VaultClient,
  mount: string,
  path: string,
  version: number,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'POST', inMount(mount, 'delete', path), { body: { versions: [version] }, signal })
}

/** The way back from a soft delete. A destroyed version stays destroyed, without an error. */
export async function undeleteSecretVersion(
  client: VaultClient,
  mount: string,
  path: string,
  version: number,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'POST', inMount(mount, 'undelete', path), { body: { versions: [version] }, signal })
}

/** Every version of it and all that Vault knows of it, for good. Nothing happens when there is none. */
export async function removeSecret(
  client: VaultClient,
  mount: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'DELETE', inMount(mount, 'metadata', path), { signal })
}

/** Replaces the custom metadata as a whole (at most 64 keys of 128 bytes, values of 1 to 512). */
export async function writeCustomMetadata(
  client: VaultClient,
  mount: string,
  path: string,
  metadata: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'POST', inMount(mount, 'metadata', path), { body: { custom_metadata: metadata }, signal })
}

/**
 * Makes the metadata of a secret that has none yet, and changes nothing where there is some: `cas_required: false` is
 * what a new key has, and custom metadata that is not named stays.
 */
export async function createMetadata(
  client: VaultClient,
  mount: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'POST', inMount(mount, 'metadata', path), { body: { cas_required: false }, signal })
}

/**
 * Changes some keys of the custom metadata and leaves the others: null takes one away. In Vault the change is one step,
 * so that two writers of different keys lose nothing of each other. False when there is no such secret.
 */
export async function patchCustomMetadata(
  client: VaultClient,
  mount: string,
  path: string,
  changes: Readonly<Record<string, string | null>>,
  signal?: AbortSignal,
): Promise<boolean> {
  const body = { custom_metadata: changes }
  const reply = await ask(client, 'PATCH', inMount(mount, 'metadata', path), { body, signal })
  return reply.status !== 404
}

export async function readMetadata(
  client: VaultClient,
  mount: string,
  path: string,
  signal?: AbortSignal,
): Promise<SecretMetadata | undefined> {
  const data = await askForMetadata(client, mount, path, signal)
  return data === undefined ? undefined : decodeMetadata(data)
}

/** As `readMetadata`, with every version that Vault still knows, the oldest first. */
export async function readSecretVersions(
  client: VaultClient,
  mount: string,
  path: string,
  signal?: AbortSignal,
): Promise<(SecretMetadata & { readonly versions: readonly SecretVersion[] }) | undefined> {
  const data = await askForMetadata(client, mount, path, signal)
  if (data === undefined) return undefined
  const versions = data.at('versions')
  const decoded = Object.keys(versions.record()).map((name) => decodeVersion(name, versions.at(name)))
  return { ...decodeMetadata(data), versions: decoded.sort((a, b) => a.version - b.version) }
}

/** The direct children of a folder (`''`: of the mount), folders with a `/` at the end; none is an empty list. */
export async function listSecrets(
  client: VaultClient,
  mount: string,
  prefix: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const path = prefix === '' ? `${encodeFolder(mount)}/metadata` : inMount(mount, 'metadata', prefix)
  return askForChildren(client, path, signal)
}

/**
 * Every secret below a folder, relative to it, in code-unit order. Breadth first, at most `concurrency` requests at
 * once. The first failure stops it.
 */
export async function listAllSecrets(
  client: VaultClient,
  mount: string,
  prefix: string,
  options: { readonly concurrency: Bound; readonly signal?: AbortSignal | undefined },
): Promise<string[]> {
  const base = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  const found: string[] = []
  let level = ['']
  while (level.length > 0) {
    const listed = await mapBounded(level, options.concurrency, async (folder) => {
      const keys = await listSecrets(client, mount, `${base}${folder}`, options.signal)
      return keys.map((key) => `${folder}${key}`)
    })
    const children = listed.flat()
    found.push(...children.filter((child) => !child.endsWith('/')))
    level = children.filter((child) => child.endsWith('/'))
  }
  return found.sort()
}

function inMount(mount: string, kind: 'data' | 'metadata' | 'delete' | 'undelete', path: string): string {
  const below = kind === 'metadata' ? encodeFolder(path) : encodePath(path)
  return `${encodeFolder(mount)}/${kind}/${below}`
}

async function askForMetadata(
  client: VaultClient,
  mount: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Field | undefined> {
  const reply = await ask(client, 'GET', inMount(mount, 'metadata', path), { signal })
  return reply.status === 404 ? undefined : reply.body.at('data')
}

function decodeMetadata(data: Field): SecretMetadata {
  return {
    currentVersion: data.at('current_version').count(),
    updatedAt: data.at('updated_time').time(),
    customMetadata: data.at('custom_metadata').stringMap(),
  }
}

function decodeVersion(name: string, version: Field): SecretVersion {
  const deletion = version.at('deletion_time')
  return {
    version: /^[1-9]\d{0,14}$/.test(name) ? Number(name) : version.refuse('under the number of a version'),
    createdAt: version.at('created_time').time(),
    deletedAt: deletion.string() === '' ? undefined : deletion.time(),
    destroyed: version.at('destroyed').boolean(),
  }
}

function decodeDeleted(metadata: Field): SecretRead {
  const deletion = metadata.at('deletion_time').string()
  return {
    kind: 'deleted',
    version: metadata.at('version').count(),
    destroyed: metadata.at('destroyed').boolean(),
    changedAt: metadata.at(deletion === '' ? 'created_time' : 'deletion_time').time(),
    customMetadata: metadata.at('custom_metadata').stringMap(),
  }
}
