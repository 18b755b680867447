/**
 * Why no answer came: the system's, TLS's and undici's error codes in words, with what to do about it. Pure.
 *
 * A code that is not in the tables still gives its name and its own message.
 */
import type { VaultErrorCode } from './errors.ts'

export interface Failure {
  readonly code: VaultErrorCode
  /** What happened and what to do next, to be put after the address. */
  readonly text: string
  /** Whether another attempt may go better: not after a certificate was refused. */
  readonly retryable: boolean
  /** True when the failure itself proves that the server acted on nothing. */
  readonly beforeEffect: boolean
}

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start the server, or correct VAULT_ADDR',
  ENOTFOUND: 'the name does not resolve; correct VAULT_ADDR or the DNS',
  EAI_AGAIN: 'the name server did not answer; check the DNS and try again',
  EHOSTUNREACH: 'no route to the host; check the network or VPN',
  ENETUNREACH: 'no route to the network; check the network or VPN',
  ETIMEDOUT: 'no answer to the connection; check the address and the firewall',
  UND_ERR_CONNECT_TIMEOUT: 'no answer to the connection; check the address and the firewall',
  ECONNRESET: 'the connection was reset; the server or a proxy on the way closed it',
  EPIPE: 'the connection broke while sending; the server or a proxy on the way closed it',
  UND_ERR_SOCKET: 'the connection broke before the answer was complete',
  UND_ERR_DESTROYED: 'this client is closed',
  UND_ERR_CLOSED: 'this client is closed',
}

const TRUST = 'set VAULT_CACERT to the PEM file of the CA that signed it'

const TLS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another name; use a name it lists, or set VAULT_TLS_SERVER_NAME to one",
  SELF_SIGNED_CERT_IN_CHAIN: `the server's certificate comes from a CA that is not trusted here; ${TRUST}`,
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed; set VAULT_CACERT to its PEM file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the server's certificate comes from a CA that is not trusted here; ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT: `the server's certificate comes from a CA that is not trusted here; ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the server's certificate comes from a CA that is not trusted here; ${TRUST}`,
  CERT_HAS_EXPIRED: "the server's certificate has expired; renew it, and check this machine's clock",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet; check this machine's clock",
  CERT_SIGNATURE_FAILURE: "the server's certificate was not signed by the CA that it names; check VAULT_CACERT",
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS there; use http:// or the TLS port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS there; use http:// or the TLS port',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the server wants a client certificate; set VAULT_CLIENT_CERT and VAULT_CLIENT_KEY',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the client certificate and its key do not belong together',
}

/** Failed before the request: the socket was never usable. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
])

const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED'])

/** `sent`: whether the transport had a connection to write to when it failed. */
export function explainFailure(cause: unknown, sent: boolean): Failure {
  const code = codeOf(cause)
  const tls = lookUp(TLS, code)
  if (tls !== undefined) return { code: 'vault-tls', text: told(code, tls), retryable: false, beforeEffect: true }
  if (/^(?:ERR_(?:SSL|TLS|OSSL)_|CERT_|UNABLE_TO_|EPROTO$)/.test(code)) {
    const text = told(code, `the TLS connection failed (${messageOf(cause)}); check the certificates on both sides`)
    return { code: 'vault-tls', text, retryable: false, beforeEffect: true }
  }
  if (code.startsWith('HPE_')) {
    const text = told(code, 'what answers there does not speak HTTP/1.1; check the port in VAULT_ADDR')
    return { code: 'vault-malformed-answer', text, retryable: false, beforeEffect: false }
  }
  const text = lookUp(CONNECTION, code) ?? `${messageOf(cause)}; check the server and VAULT_ADDR`
  const beforeEffect = !sent || NEVER_CONNECTED.has(code)
  return { code: 'vault-unreachable', text: told(code, text), retryable: !CLOSED.has(code), beforeEffect }
}

/** Happy eyeballs wraps one error per address; the first that has a code speaks for all. */
function codeOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  if (!(cause instanceof AggregateError)) return ''
  return cause.errors.map(codeOf).find((code) => code !== '') ?? ''
}

function messageOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== '' ? cause.message.trim() : 'unknown cause'
}

function lookUp(table: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined
}

function told(code: string, text: string): string {
  return code === '' ? text : `${text} (${code})`
}
