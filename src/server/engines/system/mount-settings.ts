/**
 * The settings of a mount: from request fields to what is stored, and from there to what is shown (vault-api 3.1, 3.2).
 *
 * Pure. Enabling and tuning read the same fields; what a request does not name stays as it is. In the mount's object TTLs
 * are as stored (0 inherits), in a tuning answer as they take effect, both as in Vault.
 */
import { type Field, type Fields, invalidRequest, type JsonObject } from '../../logical/index.ts'
import { boolField, durationField, objectField, stringField, stringListField } from '../../logical/fields.ts'
import type { MountConfig, MountView } from './host.ts'
import { readUserLockout, showUserLockout } from './user-lockout.ts'

/** System-wide TTLs in seconds. */
interface SystemTtl {
  readonly default: number
  readonly max: number
}

export type MountFamily = 'secret' | 'auth'

export const INHERIT: MountConfig = {
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  forceNoCache: false,
  listingVisibility: '',
  auditNonHmacRequestKeys: [],
  auditNonHmacResponseKeys: [],
  passthroughRequestHeaders: [],
  allowedResponseHeaders: [],
  tokenType: '',
}

const TOKEN_TYPES = new Set(['default-service', 'default-batch', 'service', 'batch'])

const DESCRIPTION: Field = { type: 'string', about: 'For people.' }
const OPTIONS: Field = { type: 'map', about: 'Options of the engine; `version` of a KV engine is 1 or 2.' }

/** What `newMount` reads. */
export const MOUNT_FIELDS: Fields = {
  type: { type: 'string', about: 'Which engine or auth method it is.' },
  description: DESCRIPTION,
  options: OPTIONS,
  config: { type: 'map', about: 'Settings as tuning takes them.' },
  local: { type: 'bool', about: 'Kept and shown alone: there is no cluster.' },
  seal_wrap: { type: 'bool', about: 'Kept and shown alone: there is no hardware module.' },
  external_entropy_access: { type: 'bool', about: 'Kept and shown alone: there is no hardware module.' },
}

/** What `tuned` reads. */
export function tuningFields(family: MountFamily): Fields {
  return {
    description: DESCRIPTION,
    options: OPTIONS,
    default_lease_ttl: {
      type: 'duration',
      about: 'How long what it gives lives at first; `system` leaves that to the server.',
    },
    max_lease_ttl: {
      type: 'duration',
      about: 'How long what it gives lives at most; `system` leaves that to the server.',
    },
    force_no_cache: { type: 'bool', about: 'Kept and shown alone: no cache stands before a mount.' },
    listing_visibility: {
      type: 'string',
      about: 'With `unauth`, it is told of without a token; `hidden` is as nothing.',
    },
    audit_non_hmac_request_keys: { type: 'list', about: 'Fields of requests that stand in the audit log in clear.' },
    audit_non_hmac_response_keys: { type: 'list', about: 'Fields of answers that stand in the audit log in clear.' },
    passthrough_request_headers: { type: 'list', about: 'Kept and shown alone: no engine reads headers.' },
    allowed_response_headers: { type: 'list', about: 'Kept and shown alone: no engine sets headers.' },
    token_type: {
      type: 'string',
      about: family === 'auth' ? 'The type of tokens that its logins get.' : 'Refused: auth methods alone have one.',
    },
    user_lockout_config: { type: 'map', about: 'After how many failures a name is locked out, and for how long.' },
  }
}

type NewMount = Omit<MountView, 'accessor' | 'uuid'>

/** What a request to enable asks for. @throws {LogicalError} 400 for a field of a wrong type, and TTLs that contradict */
export function newMount(path: string, data: JsonObject, family: MountFamily, system: SystemTtl): NewMount {
  const named = stringField(data, 'type') ?? ''
  if (named === '') throw invalidRequest('backend type must be specified as a string')
  const options = optionsOf(data)
  const { type, version } = engineOf(named, options?.['version'])
  const config = { ...INHERIT, tokenType: family === 'auth' ? 'default-service' : '' }
  return {
    path,
    type,
    description: stringField(data, 'description') ?? '',
    local: boolField(data, 'local') ?? false,
    sealWrap: boolField(data, 'seal_wrap') ?? false,
    externalEntropyAccess: boolField(data, 'external_entropy_access') ?? false,
    options: version === undefined ? options : { ...options, version },
    config: changedConfig(config, objectField(data, 'config') ?? {}, family, system),
  }
}

/** `kv-v2` and `kv-v1` are names for `kv` with a version. */
function engineOf(named: string, version: string | undefined): { type: string; version: string | undefined } {
  if (named === 'kv-v2') return { type: 'kv', version: '2' }
  if (named === 'kv-v1' || named === 'generic') return { type: 'kv', version: '1' }
  return { type: named, version: named === 'kv' ? kvVersion(version ?? '1') : version }
}

function kvVersion(version: string): '1' | '2' {
  if (version === '1' || version === '2') return version
  throw invalidRequest('invalid version provided: kv has the versions 1 and 2')
}

/** What a tuning request changes. @throws {LogicalError} 400 */
export function tuned(
  view: MountView,
  data: JsonObject,
  family: MountFamily,
  system: SystemTtl,
): Pick<MountView, 'description' | 'config' | 'options'> {
  if (view.type === 'token' && data['token_type'] !== undefined)
    throw invalidRequest("'token_type' cannot be set for 'token' or 'ns_token' auth mounts")
  return {
    description: stringField(data, 'description') ?? view.description,
    options: changedOptions(view, optionsOf(data)),
    config: { ...changedConfig(view.config, data, family, system), ...lockoutOf(view, data) },
  }
}

function lockoutOf({ type, config }: MountView, data: JsonObject): Pick<MountConfig, 'userLockout'> {
  const userLockout = readUserLockout(data, type, config.userLockout)
  return userLockout === undefined ? {} : { userLockout }
}

function changedConfig(before: MountConfig, data: JsonObject, family: MountFamily, system: SystemTtl): MountConfig {
  // `system` as a value gives a TTL back to the system.
  const ttl = (name: string, now: number) => (data[name] === 'system' ? 0 : (durationField(data, name) ?? now))
  const defaultLeaseTtl = ttl('default_lease_ttl', before.defaultLeaseTtl)
  const maxLeaseTtl = ttl('max_lease_ttl', before.maxLeaseTtl)
  checkTtls(defaultLeaseTtl, maxLeaseTtl, system)
  const list = (name: string, now: readonly string[]) =>
    stringListField(data, name)?.filter((element) => element !== '') ?? now
  return {
    defaultLeaseTtl,
    maxLeaseTtl,
    forceNoCache: boolField(data, 'force_no_cache') ?? before.forceNoCache,
    listingVisibility: visibility(data) ?? before.listingVisibility,
    auditNonHmacRequestKeys: list('audit_non_hmac_request_keys', before.auditNonHmacRequestKeys),
    auditNonHmacResponseKeys: list('audit_non_hmac_response_keys', before.auditNonHmacResponseKeys),
    passthroughRequestHeaders: list('passthrough_request_headers', before.passthroughRequestHeaders),
    allowedResponseHeaders: list('allowed_response_headers', before.allowedResponseHeaders),
    tokenType: tokenType(data, family) ?? before.tokenType,
  }
}

function checkTtls(defaultTtl: number, maxTtl: number, system: SystemTtl): void {
  const max = maxTtl === 0 ? system.max : maxTtl
  if (defaultTtl > max) {
    throw invalidRequest(
      `backend max lease TTL of ${max} would be less than backend default lease TTL of ${defaultTtl}`,
    )
  }
}

function visibility(data: JsonObject): MountConfig['listingVisibility'] | undefined {
  const text = stringField(data, 'listing_visibility')
  if (text === undefined) return undefined
  if (text === '' || text === 'hidden' || text === 'unauth') return text
  throw invalidRequest('invalid listing_visibility')
}

function tokenType(data: JsonObject, family: MountFamily): string | undefined {
  const text = stringField(data, 'token_type')
  if (text === undefined) return undefined
  if (family !== 'auth') throw invalidRequest("'token_type' can only be modified on auth mounts")
  if (text === '') return 'default-service'
  if (!TOKEN_TYPES.has(text)) throw invalidRequest("invalid value for 'token_type'")
  return text
}

/** hvac sends `{"version": 2}` as a number: values become text. */
function optionsOf(data: JsonObject): Record<string, string> | null {
  const given = objectField(data, 'options')
  if (given === undefined) return null
  return Object.fromEntries(Object.keys(given).map((name) => [name, stringField(given, name) ?? '']))
}

/** Given options join those that are there; an empty one goes. A KV mount never goes back a version. */
function changedOptions(view: MountView, given: Record<string, string> | null): MountView['options'] {
  if (given === null) return view.options
  const { version } = given
  if (version !== undefined && view.type === 'kv') checkVersion(view.options?.['version'] ?? '1', version)
  const merged = Object.entries({ ...view.options, ...given }).filter(([, value]) => value !== '')
  return merged.length === 0 ? null : Object.fromEntries(merged)
}

function checkVersion(before: string, after: string): void {
  if (kvVersion(after) < before) throw invalidRequest(`cannot downgrade mount from version ${before}`)
}

/** What both answers show of the settings that are set. */
function shownConfig(config: MountConfig): JsonObject {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['audit_non_hmac_request_keys', config.auditNonHmacRequestKeys],
    ['audit_non_hmac_response_keys', config.auditNonHmacResponseKeys],
    ['passthrough_request_headers', config.passthroughRequestHeaders],
    ['allowed_response_headers', config.allowedResponseHeaders],
  ]
  return {
    force_no_cache: config.forceNoCache,
    ...(config.listingVisibility === '' ? {} : { listing_visibility: config.listingVisibility }),
    ...(config.tokenType === '' ? {} : { token_type: config.tokenType }),
    ...Object.fromEntries(lists.filter(([, list]) => list.length > 0).map(([name, list]) => [name, [...list]])),
  }
}

/** Effective TTLs, as against the raw ones of `mountObject`. */
export function tuningObject(view: MountView, system: SystemTtl): JsonObject {
  const { config, options } = view
  const max = config.maxLeaseTtl === 0 ? system.max : config.maxLeaseTtl
  return {
    description: view.description,
    default_lease_ttl: config.defaultLeaseTtl === 0 ? Math.min(system.default, max) : config.defaultLeaseTtl,
    max_lease_ttl: max,
    ...(options === null ? {} : { options: { ...options } }),
    ...shownConfig(config),
    ...showUserLockout(view),
  }
}

export function mountObject(view: MountView): JsonObject {
  const { config, options } = view
  return {
    type: view.type,
    description: view.description,
    accessor: view.accessor,
    uuid: view.uuid,
    local: view.local,
    seal_wrap: view.sealWrap,
    external_entropy_access: view.externalEntropyAccess,
    options: options === null ? null : { ...options },
    plugin_version: '',
    running_plugin_version: '',
    running_sha256: '',
    deprecation_status: 'supported',
    config: {
      default_lease_ttl: config.defaultLeaseTtl,
      max_lease_ttl: config.maxLeaseTtl,
      ...shownConfig(config),
      ...(config.userLockout === undefined ? {} : { user_lockout_config: showUserLockout(view) }),
    },
  }
}
