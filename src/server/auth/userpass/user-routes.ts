/** `users`, `users/:name` and its password and policies (vault-api 9). */
import { stringField } from '../../logical/fields.ts'
import {
  internalError,
  invalidRequest,
  type JsonObject,
  LogicalError,
  type LogicalRequest,
  type Field,
  type LogicalResponse,
  NAME,
  type PathParameters,
  type Route,
} from '../../logical/index.ts'
import { hashPassword, type HashedPassword, type PasswordCost } from './password.ts'
import { changeUser, newUser, POLICY_FIELDS, showUser, type User, USER_FIELDS } from './user.ts'
import type { UserStore } from './user-store.ts'

export interface UserRoutesOptions {
  readonly users: UserStore
  readonly random: (bytes: number) => Buffer
  readonly cost: PasswordCost
}

/** What bcrypt, and so Vault, takes. More is refused, so that a password here is one there. */
const MAX_PASSWORD_BYTES = 72

export const USERNAME: Field = {
  type: 'string',
  in: 'path',
  about: 'The name to log in with; its case does not matter.',
}
const PASSWORD: Field = { type: 'string', about: 'The password, of at most 72 bytes.' }
const PASSWORD_HASH: Field = { type: 'string', about: 'Refused: this server takes the password itself.' }

const USER_PATH = new RegExp(`^users/(${NAME})$`)

/** For the existence check: `undefined` for a path that is not a user's. */
export function userExists(users: UserStore, path: string): boolean | undefined {
  const name = USER_PATH.exec(path)?.[1]
  return name === undefined ? undefined : users.get(name.toLowerCase()) !== undefined
}

export function userName({ username = '' }: PathParameters): string {
  return username.toLowerCase()
}

export function userRoutes({ users, random, cost }: UserRoutesOptions): Route[] {
  async function write({ data, operation }: LogicalRequest, parameters: PathParameters): Promise<LogicalResponse> {
    const name = userName(parameters)
    refuseHash(data)
    const creating = operation === 'create'
    const text = passwordOf(data)
    if (creating && text === undefined) throw missingPassword()
    // Hashed before the user's turn: it takes long.
    const password = text === undefined ? undefined : await hashPassword(text, cost, random)
    let warnings: readonly string[] = []
    await users.change(name, (current) => {
      const base = baseOf(name, current, password, creating)
      const changed = changeUser(data, base)
      warnings = changed.warnings
      return changed.user
    })
    return { kind: 'none', warnings }
  }

  async function writePassword({ data }: LogicalRequest, parameters: PathParameters): Promise<LogicalResponse> {
    const name = userName(parameters)
    refuseHash(data)
    known(users.get(name))
    const text = passwordOf(data)
    if (text === undefined) throw missingPassword()
    const password = await hashPassword(text, cost, random)
    await users.change(name, (current) => ({ ...known(current), password }))
    return { kind: 'none' }
  }

  async function writePolicies({ data }: LogicalRequest, parameters: PathParameters): Promise<LogicalResponse> {
    const given = ['token_policies', 'policies'].filter((field) => data[field] !== undefined)
    const policies = Object.fromEntries(given.map((field) => [field, data[field] ?? null]))
    await users.change(userName(parameters), (current) => changeUser(policies, known(current)).user)
    return { kind: 'none' }
  }

  return [
    {
      pattern: /users\/?/,
      about: 'The names of all users.',
      fields: {},
      operations: { list: () => ({ kind: 'list', keys: users.names() }) },
    },
    {
      pattern: new RegExp(`users/(?<username>${NAME})`),
      about: 'A user: a password, and what tokens a login with it gets.',
      fields: { username: USERNAME, password: PASSWORD, password_hash: PASSWORD_HASH, ...USER_FIELDS },
      operations: {
        read: (_, parameters) => {
          const user = users.get(userName(parameters))
          return user === undefined ? { kind: 'none' } : { kind: 'data', data: showUser(user) }
        },
        update: write,
        delete: async (_, parameters) => {
          await users.remove(userName(parameters))
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: new RegExp(`users/(?<username>${NAME})/password`),
      about: 'Changes the password of a user.',
      fields: { username: USERNAME, password: PASSWORD, password_hash: PASSWORD_HASH },
      operations: { update: writePassword },
    },
    {
      pattern: new RegExp(`users/(?<username>${NAME})/policies`),
      about: 'Changes the policies that tokens of a user get.',
      fields: { username: USERNAME, ...POLICY_FIELDS },
      operations: { update: writePolicies },
    },
  ]
}

/** The policy has allowed a creation or an update; what another request did meanwhile must not turn it into the other. */
function baseOf(
  name: string,
  current: User | undefined,
  password: HashedPassword | undefined,
  creating: boolean,
): User {
  if (creating && current !== undefined) throw invalidRequest('the user was created meanwhile: try again')
  if (!creating && current === undefined)
    throw new LogicalError('unsupported-path', 'the user was deleted meanwhile', 'bare')
  if (current !== undefined) return password === undefined ? current : { ...current, password }
  if (password === undefined) throw missingPassword()
  return newUser(name, password)
}

function passwordOf(data: JsonObject): string | undefined {
  const text = stringField(data, 'password') ?? ''
  if (text === '') return undefined
  if (Buffer.byteLength(text) > MAX_PASSWORD_BYTES)
    throw invalidRequest(`password length exceeds ${MAX_PASSWORD_BYTES} bytes`)
  return text
}

/** Left out silently, it would leave a user whose password is not the one that was meant. */
function refuseHash(data: JsonObject): void {
  if (data['password_hash'] !== undefined && data['password_hash'] !== null)
    throw invalidRequest('password_hash is not available here: set the password itself')
}

function known(user: User | undefined): User {
  if (user === undefined) throw internalError('username does not exist')
  return user
}

function missingPassword(): LogicalError {
  return invalidRequest('missing password')
}
