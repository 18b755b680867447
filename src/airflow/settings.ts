/**
 * How Airflow is told about its Vault: the `[secrets]` settings, and the file with VaultBackend's keyword arguments that
 * they point to (airflow 1.1, 2.4).
 *
 * Invariant: the settings hold no secret. `role_id` and `secret_id` stand in the kwargs file alone (mode 0600), which
 * Airflow reads by running a command: `[secrets] backend_kwargs` may come from one in Airflow 2 and 3 alike. Airflow
 * splits the command as a shell would and runs it without one. Bad JSON there is a mere warning in Airflow, and the
 * backend is then built with nothing: so the text is made here, never by hand.
 *
 * One place serves all components: tasks of Airflow 3 use `[secrets]` when `[workers] secrets_backend` is not set
 * (checked in 3.3.2), in Airflow 2 every process does.
 *
 * Every keyword used here is known to all providers from 2.0.0 on, or is one of hvac's own (`namespace`, `verify`).
 * VAULT_NAMESPACE is not read by hvac, so the namespace must stand here.
 */
import type { Json, Sensitive } from '../sensitive/index.ts'
import { parseVersion, versionWarnings } from './versions.ts'

/** Where Airflow finds its Vault. */
export interface BackendOptions {
  /** `3.3` or `3.3.2` */
  readonly airflowVersion: string
  /** Of apache-airflow-providers-hashicorp. */
  readonly providerVersion: string
  /** `https://vault.example.com:8200` */
  readonly address: string
  /** KV version 2, without slashes around it and without `data/`. */
  readonly mount: string
  readonly connectionsPath: string
  readonly variablesPath: string
  /** Of AppRole. */
  readonly authMount: string
  readonly namespace?: string | undefined
  /** Path of a PEM file. Default: the certificates that Python knows. */
  readonly caCert?: string | undefined
}

export interface SettingsOptions extends BackendOptions {
  /** Absolute path of the JSON file with the whole kwargs, as Airflow's processes see it. */
  readonly kwargsFile: string
}

export interface KwargsOptions extends BackendOptions {
  readonly roleId: string
  readonly secretId: Sensitive<string>
  /** Of configuration options. Default: none, they are not kept in Vault. */
  readonly configPath?: string | undefined
}

export interface AirflowSetting {
  readonly section: string
  readonly key: string
  readonly value: string
}

export interface AirflowSettings {
  readonly settings: readonly AirflowSetting[]
  readonly warnings: readonly string[]
}

export class AirflowSettingsError extends Error {
  override readonly name = 'AirflowSettingsError'
  readonly code = 'airflow-settings'
  /** The option: `mount`, `kwargsFile`, ... */
  readonly option: string

  constructor(option: string, message: string) {
    super(message)
    this.option = option
  }
}

/** The value of `[secrets] backend`. */
export const BACKEND = 'airflow.providers.hashicorp.secrets.vault.VaultBackend'

/** @throws {AirflowSettingsError} or AirflowVersionError. */
export function secretsSettings(options: SettingsOptions): AirflowSettings {
  checkOptions(options)
  const { airflowVersion, providerVersion, address, kwargsFile } = options
  checkFile('kwargsFile', kwargsFile)
  return {
    settings: [
      { section: 'secrets', key: 'backend', value: BACKEND },
      { section: 'secrets', key: 'backend_kwargs_cmd', value: `cat ${shellQuote(kwargsFile)}` },
    ],
    warnings: [...versionWarnings(airflowVersion, providerVersion), ...transportWarnings(address)],
  }
}

/** The text of the kwargs file. @throws {AirflowSettingsError} or AirflowVersionError. */
export function backendKwargs(options: KwargsOptions): Sensitive<string> {
  checkOptions(options)
  const { address, mount, connectionsPath, variablesPath, authMount, namespace, caCert, roleId, secretId } = options
  const { configPath = null } = options
  if (roleId === '') throw new AirflowSettingsError('roleId', 'the role_id of Airflow is empty')
  const kwargs: Record<string, Json> = {
    url: address.replace(/\/+$/, ''),
    auth_type: 'approle',
    role_id: roleId,
    mount_point: mount,
    kv_engine_version: 2,
    connections_path: connectionsPath,
    variables_path: variablesPath,
    // Where configuration options are not kept in Vault: without this, each `*_secret` option would be asked for there.
    config_path: configPath,
    ...(authMount === 'approle' ? {} : { auth_mount_point: authMount }),
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
    ...(caCert === undefined ? {} : { verify: caCert }),
  }
  return secretId.map((clear) => {
    if (clear === '') throw new AirflowSettingsError('secretId', 'the secret_id of Airflow is empty')
    return `${JSON.stringify({ ...kwargs, secret_id: clear }, null, 2)}\n`
  })
}

/** Text that a POSIX shell and Python's `shlex` take for exactly this one word. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function checkOptions(options: BackendOptions): void {
  parseVersion(options.airflowVersion, 'airflow')
  parseVersion(options.providerVersion, 'provider')
  const { caCert } = options
  parseAddress(options.address)
  for (const name of ['mount', 'connectionsPath', 'variablesPath', 'authMount'] as const) checkPath(name, options[name])
  if (caCert !== undefined) checkFile('caCert', caCert)
}

function checkFile(name: 'kwargsFile' | 'caCert', path: string): void {
  if (!path.startsWith('/'))
    throw new AirflowSettingsError(
      name,
      `${name} must be an absolute path: Airflow's processes start in folders of their own`,
    )
  if (/\p{Cc}/u.test(path)) throw new AirflowSettingsError(name, `${name} may hold no control character`)
}

/** hvac puts `data/` in itself. */
function checkPath(name: string, path: string): void {
  const segments = path.split('/')
  const odd = segments.some(
    (segment) => segment === '' || segment === '.' || segment === '..' || /[\p{Cc}?#%]/u.test(segment),
  )
  if (odd)
    throw new AirflowSettingsError(
      name,
      `${name} ${JSON.stringify(path)} must be names joined by "/", without one at either end`,
    )
  if ((name === 'connectionsPath' || name === 'variablesPath') && segments[0] === 'data') {
    throw new AirflowSettingsError(
      name,
      `${name} ${JSON.stringify(path)} must not start with "data/": the provider adds it`,
    )
  }
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AirflowSettingsError('address', 'the address of Vault must be a http or https URL')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new AirflowSettingsError(
      'address',
      'the address of Vault must be a plain URL, without login, query and fragment',
    )
  }
  return url
}

function transportWarnings(address: string): string[] {
  const { protocol, hostname, host } = parseAddress(address)
  const local = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
  return protocol === 'https:' || local
    ? []
    : [
        `Airflow would send its credentials to ${host} and get its secrets from there in clear: give Vault a certificate and use https`,
      ]
}
