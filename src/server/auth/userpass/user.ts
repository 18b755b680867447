/**
 * A user: what it is, how it is stored, how requests change its token settings and how it is shown (vault-api 9). Pure.
 *
 *     user/<name>   { "version": 1, "name", "password": { "n", "r", "p", "salt": <base64>, "hash": <base64> },
 *                     "token": { policies, ttl, ... }, "deprecated": { "policies", "ttl", ... } }
 */
import type { Fields, JsonObject } from '../../logical/index.ts'
import {
  DEFAULT_TOKEN_SETTINGS,
  oldNameFields,
  type OldNames,
  type OldNamesUsed,
  oldNamesUsed,
  readTokenSettings,
  showOldNames,
  showTokenSettings,
  TOKEN_FIELDS,
  type TokenSettings,
  underNewNames,
} from '../../token/index.ts'
import type { HashedPassword, PasswordCost } from './password.ts'

export interface User {
  /** Lower case. */
  readonly name: string
  readonly password: HashedPassword
  readonly token: TokenSettings
  /** Whether the setting was made under its old name, which is then shown too. */
  readonly deprecated: OldNamesUsed<OldName>
}

type OldName = 'policies' | 'ttl' | 'max_ttl' | 'bound_cidrs'

const OLD_NAMES: OldNames<OldName> = {
  policies: 'token_policies',
  ttl: 'token_ttl',
  max_ttl: 'token_max_ttl',
  bound_cidrs: 'token_bound_cidrs',
}
const VERSION = 1

/** What `changeUser` reads. */
export const USER_FIELDS: Fields = { ...TOKEN_FIELDS, ...oldNameFields(OLD_NAMES) }
/** Those of them that are policies. */
export const POLICY_FIELDS: Fields = Object.fromEntries(
  Object.entries(USER_FIELDS).filter(([name]) => name === 'token_policies' || name === 'policies'),
)

export function newUser(name: string, password: HashedPassword): User {
  return {
    name,
    password,
    token: DEFAULT_TOKEN_SETTINGS,
    deprecated: { policies: false, ttl: false, max_ttl: false, bound_cidrs: false },
  }
}

export interface ChangedUser {
  readonly user: User
  readonly warnings: readonly string[]
}

/**
 * Absent fields keep their value; the password is not among them.
 * @throws {LogicalError} 400 with Vault's text for each setting or combination that cannot be
 */
export function changeUser(data: JsonObject, current: User): ChangedUser {
  const { settings, warnings } = readTokenSettings(underNewNames(data, OLD_NAMES), current.token)
  const deprecated = oldNamesUsed(data, OLD_NAMES, current.deprecated)
  return { user: { ...current, token: settings, deprecated }, warnings }
}

/** Never the password. */
export function showUser({ token, deprecated }: User): JsonObject {
  return { ...showTokenSettings(token), ...showOldNames(token, OLD_NAMES, deprecated) }
}

type StoredUser = Omit<User, 'password'> & {
  readonly version: number
  readonly password: PasswordCost & { readonly salt: string; readonly hash: string }
}

export function encodeUser({ password, ...user }: User): Buffer {
  const { salt, hash, ...cost } = password
  const stored: StoredUser = {
    version: VERSION,
    ...user,
    password: { ...cost, salt: salt.toString('base64'), hash: hash.toString('base64') },
  }
  return Buffer.from(JSON.stringify(stored))
}

/** @throws {UserRecordError} for another format than this version's */
export function decodeUser(bytes: Uint8Array): User {
  const { version, password, ...user } = JSON.parse(Buffer.from(bytes).toString('utf8')) as StoredUser
  if (version !== VERSION) throw new UserRecordError(`a stored user has format version ${version}, expected ${VERSION}`)
  const { salt, hash, ...cost } = password
  return { ...user, password: { ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') } }
}

/** What lies in the store cannot be read as a user. Nothing is guessed: the request fails. */
export class UserRecordError extends Error {
  readonly code = 'userpass-record'
}
