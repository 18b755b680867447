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
  const handle = (): never => {
    throw new LogicalError(
      'unsupported-path',
      `the auth method ${type} can be enabled on this server and not used: log in with one of the methods that docs/compatibility.md names`,
      'bare',
    )
  }
  return {
    type,
    about: `The auth method ${type}, which can be enabled, tuned and listed on this server, and not used: no path below it does anything.`,
    isUnauthenticated: () => false,
    needsSudo: () => false,
    exists: () => undefined,
    // Any path has help, which says the same; none has an operation.
    handle: Object.assign(handle, { routes: [{ pattern: /(?<path>.*)/, operations: {} }] }),
  }
}
