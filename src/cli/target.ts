/**
 * The Vault of an environment: where it is, and with which token this command enters it.
 *
 * Where: VAULT_ADDR, else the running embedded server, else the address in plenum.yaml. With what: VAULT_TOKEN, else the
 * operator's AppRole for the embedded server, else the environment's own `auth`.
 *
 * Invariant: credentials go only to the server they belong to. With VAULT_ADDR in an embedded environment the operator's
 * credentials stay at home, and a token has to be given.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Pace } from '../concurrency/index.ts'
import { HubReferenceError, type Reference, resolveText, type VaultAuth } from '../hub/index.ts'
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import {
  appRoleToken,
  fileToken,
  newPace,
  readCertificates,
  readVaultEnvironment,
  staticToken,
  type TokenProvider,
  VaultClient,
  type VaultClientOptions,
  type VaultEnvironment,
} from '../vault/index.ts'
import { readCredentials } from './credential-files.ts'
import { CommandError } from './failure.ts'
import { type OpenHub, shown } from './hub-file.ts'
import { findRunning } from './running.ts'

/** How to reach a Vault, without a token. */
export interface Reach {
  readonly kind: 'embedded' | 'remote'
  readonly address: string
  /** Who said so: `plenum.yaml`, `VAULT_ADDR`, `plenum up`. */
  readonly source: string
  /** Of the embedded store; undefined when the Vault is another. */
  readonly storeId: string | undefined
  readonly namespace: string | undefined
  /** Absolute path of a PEM file, for Airflow's settings. */
  readonly caCertFile: string | undefined
  readonly connection: Omit<VaultClientOptions, 'tokens' | 'pace'> & { readonly pace: Pace }
}

/** The embedded server's address when nobody said another. */
export const DEFAULT_ADDRESS = 'http://127.0.0.1:8200'

/** @throws {CommandError} when the environment is embedded and its server does not run. */
export async function reachOf(hub: OpenHub, env: NodeJS.ProcessEnv = process.env): Promise<Reach> {
  const vault = readVaultEnvironment(env)
  const { target } = hub
  checkAddress(vault)
  if (target.kind === 'embedded' && vault.address === undefined) {
    const running = await findRunning(hub.run)
    if (running === undefined) throw notRunning(hub)
    return embeddedReach(running.address, running.storeId)
  }
  const declared = target.kind === 'remote' ? target : undefined
  const files = {
    caCertFile: vault.caCertFile ?? declared?.caCert,
    caCertText: vault.caCertText,
    caCertFolder: vault.caCertFolder,
    clientCertFile: vault.clientCertFile ?? declared?.clientCert,
    clientKeyFile: vault.clientKeyFile ?? declared?.clientKey,
  }
  const address = vault.address ?? declared?.address ?? DEFAULT_ADDRESS
  const namespace = vault.namespace ?? declared?.namespace
  return {
    kind: 'remote',
    address,
    source: vault.address === undefined ? 'plenum.yaml' : 'VAULT_ADDR',
    storeId: undefined,
    namespace,
    caCertFile: files.caCertFile,
    connection: { address, namespace, ...(await readCertificates(files)), ...tuning(vault), pace: newPace() },
  }
}

/**
 * A server that is named by its address alone; the `VAULT_*` variables say how it is reached.
 * @throws {CommandError} when that is no address
 */
export async function reachAt(address: string, source: string, env: NodeJS.ProcessEnv = process.env): Promise<Reach> {
  const vault = readVaultEnvironment(env)
  if (!/^https?:\/\/./.test(address)) throw noAddress(source)
  const { namespace, caCertFile } = vault
  const connection = { address, namespace, ...(await readCertificates(vault)), ...tuning(vault), pace: newPace() }
  return { kind: 'remote', address, source, storeId: undefined, namespace, caCertFile, connection }
}

export function embeddedReach(address: string, storeId: string): Reach {
  return {
    kind: 'embedded',
    address,
    source: 'plenum up',
    storeId,
    namespace: undefined,
    caCertFile: undefined,
    // On this machine nothing is on the way: what failed fails again, and whoever waits is told sooner.
    connection: { address, maxRetries: 0, pace: newPace() },
  }
}

/** The operator's client. Connects to nothing yet. @throws {CommandError} when no token is to be had. */
export function openOperator(hub: OpenHub, reach: Reach, env: NodeJS.ProcessEnv = process.env): VaultClient {
  return openClient(reach, operatorTokens(hub, reach, env))
}

export function openClient(reach: Reach, tokens: TokenProvider): VaultClient {
  return new VaultClient({ ...reach.connection, tokens })
}

/** VAULT_TOKEN, else what `vault login` left. @throws {CommandError} when there is neither. */
export function ambientTokens(env: NodeJS.ProcessEnv = process.env, where = ''): TokenProvider {
  const { token } = readVaultEnvironment(env)
  if (token !== undefined) return staticToken(token)
  const file = join(homedir(), '.vault-token')
  if (existsSync(file)) return fileToken(file)
  throw new CommandError('token-missing', `no token${where}`, {
    hint: 'set VAULT_TOKEN, log in with `vault login`, or declare `auth` for the environment in plenum.yaml',
  })
}

/** With what the operator enters. @throws {CommandError} when no token is to be had. */
export function operatorTokens(hub: OpenHub, reach: Reach, env: NodeJS.ProcessEnv = process.env): TokenProvider {
  const { token } = readVaultEnvironment(env)
  if (token !== undefined) return staticToken(token)
  if (reach.storeId !== undefined) return embeddedTokens(hub, reach.storeId)
  return declaredTokens(hub, hub.target.kind === 'remote' ? hub.target.auth : { kind: 'ambient' })
}

function embeddedTokens(hub: OpenHub, storeId: string): TokenProvider {
  const files = hub.config.operator(storeId)
  const credentials = readCredentials(files)
  if (credentials === undefined) {
    throw new CommandError('operator-credentials-missing', `no operator credentials in ${files.folder}`, {
      hint: '`plenum up` issues them once it has applied; or give a token with VAULT_TOKEN',
    })
  }
  return appRoleToken({
    mount: 'approle',
    roleId: sensitive(credentials.roleId),
    secretId: credentials.secretId,
    now: Date.now,
  })
}

function declaredTokens(hub: OpenHub, auth: VaultAuth): TokenProvider {
  switch (auth.kind) {
    case 'ambient':
      return ambientTokens({}, ` for environment ${hub.environment}`)
    case 'token':
      return staticToken(credential(hub, 'token', auth.token))
    case 'approle':
      return appRoleToken({
        mount: auth.mount,
        roleId: credential(hub, 'approle.role_id', auth.roleId),
        secretId: credential(hub, 'approle.secret_id', auth.secretId),
        now: Date.now,
      })
  }
}

/** Of this environment alone: the others may want what is not here. */
function credential(hub: OpenHub, field: string, reference: Reference): Sensitive<string> {
  try {
    return resolveText(reference, hub)
  } catch (cause) {
    const [missing] = cause instanceof HubReferenceError ? cause.missing : []
    if (missing === undefined) throw cause
    const what =
      missing.kind === 'env' ? `the environment variable ${missing.name} is not set` : `${missing.name} cannot be read`
    throw new CommandError(
      'environment-auth',
      `${shown(hub.hub.file)}: environments.${hub.environment}.vault.auth.${field}: ${what}`,
      {
        hint: missing.kind === 'env' ? 'set it, or give a token with VAULT_TOKEN' : 'is it there, and may you read it?',
        cause,
      },
    )
  }
}

function tuning(vault: VaultEnvironment): Partial<VaultClientOptions> {
  const { tlsServerName, skipVerify, timeoutMs, maxRetries } = vault
  return { tlsServerName, skipVerify, timeoutMs, maxRetries }
}

/** An address in plenum.yaml was checked with the file. */
function checkAddress({ address }: VaultEnvironment): void {
  if (address === undefined || /^https?:\/\/./.test(address)) return
  throw noAddress('VAULT_ADDR')
}

function noAddress(source: string): CommandError {
  return new CommandError('vault-setting', `${source} is no http or https URL`, {
    hint: 'for example https://vault.example.com:8200; without VAULT_ADDR the environment in plenum.yaml decides',
  })
}

function notRunning(hub: OpenHub): CommandError {
  return new CommandError('embedded-not-running', `the embedded server of ${hub.hub.name} is not running`, {
    hint: '`plenum up` starts it (in another terminal, or with --detach)',
  })
}
