/**
 * Auth methods of Vault that this server cannot log in with. They can be enabled, listed and tuned, so that what manages
 * mounts (hvac, Terraform) works; every path below them says plainly that there is nothing behind it (vault-api 3.2).
 *
 * Nothing is open: without a token the answer is that of any path. No grant ever comes from here.
 */
import { type Backend, LogicalError } from '../logical/index.ts'

const METHODS: ReadonlySet<string> = new Set([
  'alicloud',
  'aws',
  'azure',
  'cert',
  'cf',
  'gcp',
  'github',
  'jwt',
  'kerberos',
  'kubernetes',
  'ldap',
  'oci',
  'oidc',
  'okta',
  'radius',
])

/** `undefined` for a type that Vault does not have either. */
export function createPlaceholder(type: string): Backend | undefined {
  if (!METHODS.has(type)) return undefined
  return {
    type,
    isUnauthenticated: () => false,
    needsSudo: () => false,
    exists: () => undefined,
    handle: () => {
      throw new LogicalError(
        'unsupported-path',
        `the auth method ${type} can be enabled on this server and not used: log in with one of the methods that docs/compatibility.md names`,
        'bare',
      )
    },
  }
}
