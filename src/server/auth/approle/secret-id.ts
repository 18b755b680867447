/**
 * A secret-id: what is stored of it, how a request for a new one is judged, and how it is shown (vault-api 8). Pure.
 *
 *     secret-id/<h + HMAC of the role's name>/<h + HMAC of the secret-id>, both under the role's key
 *         { "version": 1, "accessor", "numUses", "ttl", "creationTime", "expirationTime", "lastUpdatedTime",
 *           "metadata", "cidrs", "tokenCidrs" }       times in unix milliseconds, ttl in seconds, numUses 0: no limit
 *     accessor/<h + HMAC of the accessor under the mount's salt>     the two segments of the key above
 *
 * The secret-id itself is shown once and stored nowhere.
 */
import { cidrsWithin, parseCidrs } from '../../logical/cidr.ts'
import { formatInstant, ZERO_INSTANT } from '../../logical/duration.ts'
import { durationField, intField, stringField, stringListField } from '../../logical/fields.ts'
import { type Fields, invalidRequest, type JsonObject } from '../../logical/index.ts'
import { AppRoleRecordError, type Role } from './role.ts'

export interface SecretId {
  readonly accessor: string
  readonly numUses: number
  readonly ttl: number
  readonly creationTime: number
  /** `null` when it does not expire. */
  readonly expirationTime: number | null
  readonly lastUpdatedTime: number
  readonly metadata: Readonly<Record<string, string>>
  /** Where a login may come from. */
  readonly cidrs: readonly string[]
  /** Where the token may be used from; empty: as the role says. */
  readonly tokenCidrs: readonly string[]
}

const VERSION = 1

/** What `planSecretId` reads. */
export const SECRET_ID_FIELDS: Fields = {
  metadata: { type: 'string', about: 'Texts by name, as JSON text, that the tokens of its logins carry.' },
  cidr_list: { type: 'list', about: 'Networks that logins with it must come from, within those of the role.' },
  token_bound_cidrs: { type: 'list', about: 'Networks that its tokens can be used from, within those of the role.' },
  num_uses: { type: 'int', about: 'How many logins it is good for; no more than the role says.' },
  ttl: { type: 'duration', about: 'How long it can be used; no longer than the role says.' },
}

/** @throws {LogicalError} 400 for what the role does not allow */
export function planSecretId(
  data: JsonObject,
  role: Role,
  o: { readonly accessor: string; readonly now: number; readonly maxTtl: number },
): SecretId {
  if (!role.bindSecretId) throw invalidRequest('bind_secret_id is not set on the role')
  const cidrs = parseCidrs(stringListField(data, 'cidr_list') ?? [])
  const tokenCidrs = parseCidrs(stringListField(data, 'token_bound_cidrs') ?? [])
  checkSubset(cidrs, role.secretIdBoundCidrs)
  checkSubset(tokenCidrs, role.token.boundCidrs)
  const numUses = intField(data, 'num_uses') ?? role.secretIdNumUses
  if (numUses < 0) throw invalidRequest('num_uses cannot be negative')
  if (isMore(numUses, role.secretIdNumUses))
    throw invalidRequest("num_uses cannot be higher than the role's secret_id_num_uses")
  const ttl = durationField(data, 'ttl') ?? role.secretIdTtl
  if (isMore(ttl, role.secretIdTtl)) throw invalidRequest("ttl cannot be longer than the role's secret_id_ttl")
  const seconds = Math.min(ttl, o.maxTtl)
  return {
    accessor: o.accessor,
    numUses,
    ttl: seconds,
    creationTime: o.now,
    expirationTime: seconds === 0 ? null : o.now + seconds * 1000,
    lastUpdatedTime: o.now,
    metadata: parseMetadata(stringField(data, 'metadata') ?? ''),
    cidrs,
    tokenCidrs,
  }
}

/** @throws {LogicalError} 400 when the secret-id's blocks reach beyond the role's, which may have changed since */
export function checkSubset(own: readonly string[], role: readonly string[]): void {
  if (own.length === 0 || role.length === 0 || cidrsWithin(own, role)) return
  throw invalidRequest(
    'failed to verify subset relationship between CIDR blocks on the role and CIDR blocks on the secret ID',
  )
}

/** 0 is no limit, and so more than any. */
function isMore(wanted: number, limit: number): boolean {
  return limit > 0 && (wanted === 0 || wanted > limit)
}

/** A JSON object of strings as text, or `key=value,key=value`. Without a prototype: any key is ordinary data (S55). */
function parseMetadata(text: string): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>
  if (text.trim() === '') return metadata
  for (const [key, value] of text.trimStart().startsWith('{') ? jsonPairs(text) : plainPairs(text))
    metadata[key] = value
  return metadata
}

function jsonPairs(text: string): [string, string][] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalidRequest('failed to parse metadata: not a JSON object')
  }
  return Object.entries(value as object).map(([key, element]: [string, unknown]) => {
    if (typeof element !== 'string') throw invalidRequest('failed to parse metadata: a value is not a string')
    return [key, element]
  })
}

function plainPairs(text: string): [string, string][] {
  return text.split(',').map((pair) => {
    const equals = pair.indexOf('=')
    if (equals < 1) throw invalidRequest('failed to parse metadata: expected a JSON object of strings')
    return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
  })
}

export function isExpired({ expirationTime }: SecretId, now: number): boolean {
  return expirationTime !== null && expirationTime <= now
}

export function showSecretId(secretId: SecretId): JsonObject {
  const { expirationTime, metadata } = secretId
  return {
    secret_id_accessor: secretId.accessor,
    secret_id_num_uses: secretId.numUses,
    secret_id_ttl: secretId.ttl,
    creation_time: formatInstant(secretId.creationTime),
    expiration_time: expirationTime === null ? ZERO_INSTANT : formatInstant(expirationTime),
    last_updated_time: formatInstant(secretId.lastUpdatedTime),
    metadata: Object.assign(Object.create(null) as JsonObject, metadata),
    cidr_list: [...secretId.cidrs],
    token_bound_cidrs: [...secretId.tokenCidrs],
  }
}

export function encodeSecretId(secretId: SecretId): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...secretId }))
}

export function decodeSecretId(bytes: Uint8Array): SecretId {
  const { version, ...secretId } = JSON.parse(Buffer.from(bytes).toString('utf8')) as SecretId & { version: number }
  if (version !== VERSION)
    throw new AppRoleRecordError(`a stored secret-id has format version ${version}, expected ${VERSION}`)
  return secretId
}
