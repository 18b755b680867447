/**
 * `sys/`: health, mounts, auth methods, policies, capabilities (vault-api 2 and 3).
 *
 * Paths of mounts are given without the slash at the end or with it; the tables that come back have it, as Vault
 * writes them.
 *
 * Left out: tuning, remounting, disabling, audit devices, quotas.
 */
import type { Json } from '../sensitive/index.ts'
import { ask, askForKeys } from './ask.ts'
import type { VaultClient } from './client.ts'
import type { Field } from './decode.ts'
import { encodeFolder, encodeName } from './path.ts'

export interface VaultHealth {
  readonly initialized: boolean
  readonly sealed: boolean
  readonly standby: boolean
  readonly version: string
}

export interface MountInfo {
  readonly type: string
  /** Of the KV engine alone; undefined for every other. */
  readonly version: '1' | '2' | undefined
  readonly description: string
}

export interface AuthMountInfo {
  readonly type: string
  readonly accessor: string
  readonly description: string
}

export interface EnableOptions {
  readonly type: string
  readonly description?: string | undefined
}

export interface EnableEngineOptions extends EnableOptions {
  /** For example `{ version: '2' }` for KV. */
  readonly options?: Readonly<Record<string, string>> | undefined
}

/** Needs no token. Sealed, standby and uninitialised are answers here, not errors, and are not retried. */
export async function health(client: VaultClient, signal?: AbortSignal): Promise<VaultHealth> {
  const codes = ['standbycode', 'sealedcode', 'uninitcode', 'drsecondarycode', 'performancestandbycode']
  const query = Object.fromEntries(codes.map((code) => [code, '299']))
  const { body } = await ask(client, 'GET', 'sys/health', { query, signal })
  return {
    initialized: body.at('initialized').boolean(),
    sealed: body.at('sealed').boolean(),
    standby: body.at('standby').boolean(),
    version: body.at('version').string(),
  }
}

/** Secret engines by path, for example `secret/`. */
export async function readMounts(client: VaultClient, signal?: AbortSignal): Promise<Map<string, MountInfo>> {
  const { body } = await ask(client, 'GET', 'sys/mounts', { signal })
  return decodeTable(body.at('data'), (mount) => {
    const type = mount.at('type').string()
    return { type, version: kvVersion(type, mount.at('options').stringMap()), description: description(mount) }
  })
}

/** Fails with 'vault-bad-request' when the path is taken. */
export async function enableSecretsEngine(
  client: VaultClient,
  path: string,
  options: EnableEngineOptions,
  signal?: AbortSignal,
): Promise<void> {
  const body = { type: options.type, description: options.description ?? '', options: options.options ?? {} }
  await ask(client, 'POST', `sys/mounts/${encodeFolder(path)}`, { body, signal, retry: false })
}

/** Auth methods by path, for example `approle/`. */
export async function readAuthMounts(client: VaultClient, signal?: AbortSignal): Promise<Map<string, AuthMountInfo>> {
  const { body } = await ask(client, 'GET', 'sys/auth', { signal })
  return decodeTable(body.at('data'), (mount) => ({
    type: mount.at('type').string(),
    accessor: mount.at('accessor').string(),
    description: description(mount),
  }))
}

/** Fails with 'vault-bad-request' when the path is taken. */
export async function enableAuth(
  client: VaultClient,
  path: string,
  options: EnableOptions,
  signal?: AbortSignal,
): Promise<void> {
  const body = { type: options.type, description: options.description ?? '' }
  await ask(client, 'POST', `sys/auth/${encodeFolder(path)}`, { body, signal, retry: false })
}

/** Names in order, with Vault's own `default` and `root`. */
export async function listPolicies(client: VaultClient, signal?: AbortSignal): Promise<string[]> {
  return askForKeys(client, 'sys/policies/acl', signal)
}

/** The policy's text; undefined when there is none of that name. */
export async function readPolicy(client: VaultClient, name: string, signal?: AbortSignal): Promise<string | undefined> {
  const reply = await ask(client, 'GET', policyPath(name), { signal })
  return reply.status === 404 ? undefined : reply.body.at('data').at('policy').string()
}

/** Creates or replaces. Vault lower-cases the name. Takes effect for existing tokens at once. */
export async function writePolicy(
  client: VaultClient,
  name: string,
  text: string,
  signal?: AbortSignal,
): Promise<void> {
  await ask(client, 'PUT', policyPath(name), { body: { policy: text }, signal })
}

/** Nothing happens when there is none of that name. */
export async function deletePolicy(client: VaultClient, name: string, signal?: AbortSignal): Promise<void> {
  await ask(client, 'DELETE', policyPath(name), { signal })
}

/** Paths in one request: OpenBao refuses JSON of more than 1,000 strings (vault-api 1.6). */
const PATHS_PER_REQUEST = 200

/** What the client's own token may do at each path (API paths, such as `secret/data/a`); `['deny']` for nothing. */
export async function capabilitiesSelf(
  client: VaultClient,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, string[]>> {
  const capabilities = new Map<string, string[]>()
  for (let start = 0; start < paths.length; start += PATHS_PER_REQUEST) {
    const part = paths.slice(start, start + PATHS_PER_REQUEST)
    const { body } = await ask(client, 'POST', 'sys/capabilities-self', { body: { paths: part }, signal })
    for (const path of part) capabilities.set(path, body.at('data').at(path).strings())
  }
  return capabilities
}

function policyPath(name: string): string {
  return `sys/policies/acl/${encodeName(name)}`
}

function kvVersion(type: string, options: Readonly<Record<string, Json>>): MountInfo['version'] {
  if (type !== 'kv' && type !== 'generic') return undefined
  return options['version'] === '2' ? '2' : '1'
}

function description(mount: Field): string {
  return mount.at('description').optional()?.string() ?? ''
}

function decodeTable<T>(data: Field, decode: (mount: Field) => T): Map<string, T> {
  return new Map(Object.keys(data.record()).map((path) => [path, decode(data.at(path))]))
}
