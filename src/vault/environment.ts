/**
 * The VAULT_* variables that the Vault CLI honours, parsed once. Pure: nothing is read from disk here, see
 * `readCertificates` for the files they name.
 *
 * An empty variable counts as unset, as in the CLI. Left out: VAULT_AGENT_ADDR, VAULT_PROXY_ADDR, VAULT_SRV_LOOKUP,
 * VAULT_RATE_LIMIT, VAULT_WRAP_TTL, and OpenBao's BAO_* twins.
 */
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { VaultUsageError } from './errors.ts'

export interface VaultEnvironment {
  readonly address: string | undefined
  readonly token: Sensitive<string> | undefined
  readonly namespace: string | undefined
  readonly caCertFile: string | undefined
  /** PEM text, of VAULT_CACERT_BYTES. */
  readonly caCertText: string | undefined
  readonly caCertFolder: string | undefined
  readonly clientCertFile: string | undefined
  readonly clientKeyFile: string | undefined
  readonly tlsServerName: string | undefined
  readonly skipVerify: boolean | undefined
  readonly timeoutMs: number | undefined
  readonly maxRetries: number | undefined
}

/** Throws VaultUsageError naming the variable when one cannot be parsed. */
export function readVaultEnvironment(env: NodeJS.ProcessEnv): VaultEnvironment {
  const read = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const token = read('VAULT_TOKEN')
  return {
    address: read('VAULT_ADDR'),
    token: token === undefined ? undefined : sensitive(token),
    namespace: read('VAULT_NAMESPACE'),
    caCertFile: read('VAULT_CACERT'),
    caCertText: read('VAULT_CACERT_BYTES'),
    caCertFolder: read('VAULT_CAPATH'),
    clientCertFile: read('VAULT_CLIENT_CERT'),
    clientKeyFile: read('VAULT_CLIENT_KEY'),
    tlsServerName: read('VAULT_TLS_SERVER_NAME'),
    skipVerify: parseBool('VAULT_SKIP_VERIFY', read('VAULT_SKIP_VERIFY')),
    timeoutMs: parseSeconds('VAULT_CLIENT_TIMEOUT', read('VAULT_CLIENT_TIMEOUT')),
    maxRetries: parseCount('VAULT_MAX_RETRIES', read('VAULT_MAX_RETRIES')),
  }
}

/** Go's ParseBool and nothing more: `VAULT_SKIP_VERIFY=no` is an error, not a yes. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text): [string, boolean] => [text, true]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text): [string, boolean] => [text, false]),
])

function parseBool(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  const value = BOOLEANS.get(text)
  if (value === undefined) throw unparsable(name, 'true or false (or 1, 0, t, f)')
  return value
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Seconds as a number, or a Go duration such as `90s` or `1m30s`; in ms. */
function parseSeconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[smhd]))+$/.test(text))
    throw unparsable(name, 'seconds or a duration such as 90s')
  const parts = [...text.matchAll(/([\d.]+)(ms|[smhd])/g)]
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0)
}

function parseCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,6}$/.test(text)) throw unparsable(name, 'a whole number')
  return Number(text)
}

function unparsable(name: string, expected: string): VaultUsageError {
  return new VaultUsageError('vault-setting', name, `${name} cannot be parsed: it must be ${expected}`)
}
