/** Login endpoints: credentials in, a token out. Apart from `approle.ts` because token providers need no client. */
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { Field } from './decode.ts'
import { encodeFolder } from './path.ts'
import type { VaultAnswer } from './refusals.ts'

/** What a token provider may use: a POST without a token. `VaultClient` is one. */
export interface LoginTransport {
  readonly address: string
  login(path: string, body: Sensitive<Json>): Promise<VaultAnswer>
}

export interface AppRoleCredentials {
  /** Where the auth method is mounted below `auth/`, for example `approle`. */
  readonly mount: string
  readonly roleId: Sensitive<string>
  readonly secretId: Sensitive<string>
}

export interface LoginResult {
  readonly token: Sensitive<string>
  readonly accessor: string
  readonly policies: readonly string[]
  /** Seconds the token lives; 0: for ever. */
  readonly leaseSeconds: number
  readonly renewable: boolean
  /** Requests the token is good for; 0: no limit. */
  readonly uses: number
  /** `role_name` and the secret-id's metadata. */
  readonly metadata: Readonly<Record<string, string>>
}

/** Wrong credentials are a VaultError 'vault-bad-request' (status 400, vault-api 8). */
export async function loginAppRole(transport: LoginTransport, credentials: AppRoleCredentials): Promise<LoginResult> {
  const { mount, roleId, secretId } = credentials
  const path = `auth/${encodeFolder(mount)}/login`
  const body = sensitive<Json>({ role_id: roleId.reveal(), secret_id: secretId.reveal() })
  const answer = await transport.login(path, body)
  const auth = new Field(answer.body, { method: 'POST', path, address: transport.address }).at('auth')
  const token = auth.at('client_token').string()
  if (!isToken(token)) auth.at('client_token').refuse('a token')
  return {
    token: sensitive(token),
    accessor: auth.at('accessor').string(),
    policies: auth.at('policies').optional()?.strings() ?? [],
    leaseSeconds: auth.at('lease_duration').count(),
    renewable: auth.at('renewable').boolean(),
    uses: auth.at('num_uses').optional()?.count() ?? 0,
    metadata: auth.at('metadata').stringMap(),
  }
}

/** Printable ASCII without spaces: what fits a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
