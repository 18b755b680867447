/**
 * What the name of an environment variable says about its value. Tables over the words of the name (`DB_PASSWORD` has
 * two).
 */
import { isSensitiveName } from '../airflow/index.ts'

/** Names whose meaning is fixed, and that the words below would take for something else. */
const WELL_KNOWN: ReadonlyMap<string, { readonly kind: 'secret' | 'configuration'; readonly because: string }> =
  new Map([
    ['AWS_ACCESS_KEY_ID', { kind: 'secret', because: 'the name is the other half of AWS_SECRET_ACCESS_KEY' }],
    ['AWS_SESSION_TOKEN', { kind: 'secret', because: 'the name is one of an AWS key' }],
    ['VAULT_SECRET_ID', { kind: 'secret', because: 'the name is one of a Vault login' }],
    ['VAULT_ROLE_ID', { kind: 'secret', because: 'the name is one of a Vault login' }],
    ['GOOGLE_APPLICATION_CREDENTIALS', { kind: 'configuration', because: 'the name is that of a path to a file' }],
    ['AWS_SHARED_CREDENTIALS_FILE', { kind: 'configuration', because: 'the name is that of a path to a file' }],
    ['SSH_AUTH_SOCK', { kind: 'configuration', because: 'the name is that of a socket' }],
    ['PWD', { kind: 'configuration', because: "the name is the shell's own" }],
    ['OLDPWD', { kind: 'configuration', because: "the name is the shell's own" }],
  ])

/** Words of which the name of a secret has one, beside those that Airflow knows. */
const SECRET_WORDS = words(
  'pass passcode pwd psw pw creds credential credentials jwt sas pat salt pepper otp totp mnemonic cookie webhook',
)
/** Words that name a secret at the end only: `REDIS_AUTH`, and not `AUTH_TYPE`. */
const LAST_WORDS = words('key keys auth pin seed hmac cert_key')
/** `PUBLIC_KEY`, `CACHE_KEY`: the word before says that it opens nothing. */
const OPEN_KEYS = words('public primary foreign sort partition cache object group index routing s3 host')

/** A last word that makes of the name of a secret a name of something about it: `TOKEN_TTL`, `PASSWORD_FILE`. */
const ABOUT = words(
  'file path dir directory name url uri host hostname port endpoint server expiry expires expiration ttl lifetime age',
  'length len size type kind algorithm alg method header version count days hours minutes seconds enabled disabled',
  'enable disable required timeout region issuer audience scope scopes policy rotation backend provider mount user',
  'username id ids prefix suffix field arn role format encoding mode cmd command',
)
/** Airflow hides values of these because they may hold a login; whether they do the value says. */
const MAY_HOLD = /prox(?:y|ies)/gi

const ALWAYS = /(?:^|_)(?:webhook_url|secret_id|connection_string|conn_str|basic_auth)$/

const CONFIGURATION_WORDS = words(
  'host hosts hostname port ports url uri urls endpoint server servers broker brokers bootstrap domain region zone tz',
  'timezone env environment stage mode level loglevel debug verbose path dir directory file folder home root bucket',
  'container database db dbname schema table catalog warehouse user username login email mail name id ids uid gid',
  'version tag image timeout ttl interval schedule cron enabled enable disabled disable lang locale project namespace',
  'tenant tenantid cluster account type kind format encoding size count limit max min retries workers threads',
  'concurrency parallelism prefix suffix queue topic channel proxy options opts args flags pythonpath classpath shell',
  'term editor executor country currency',
)

export function nameMeaning(
  name: string,
): { readonly kind: 'secret' | 'configuration'; readonly because: string } | undefined {
  const known = WELL_KNOWN.get(name.toUpperCase())
  if (known !== undefined) return known
  const normal = normalise(name)
  if (isSecretName(normal)) return { kind: 'secret', because: 'the name is one of a secret' }
  const last = normal.slice(normal.lastIndexOf('_') + 1)
  return CONFIGURATION_WORDS.has(last) ? { kind: 'configuration', because: 'the name is one of a setting' } : undefined
}

function isSecretName(normal: string): boolean {
  if (ALWAYS.test(normal)) return true
  const parts = normal.split('_')
  const last = parts.at(-1) ?? ''
  if (ABOUT.has(last)) return false
  if (isSensitiveName(normal.replaceAll(MAY_HOLD, ''))) return true
  if (parts.some((part) => SECRET_WORDS.has(part))) return true
  // Without a separator: `PGPASS`, `dbPwd` written as `DBPWD`.
  if (/(?<!by|com|tres|sur|over)pass$|pwd$/.test(last)) return true
  return LAST_WORDS.has(last) && !OPEN_KEYS.has(parts.at(-2) ?? '')
}

/** `apiKey`, `api-key`, `API_KEY` -> `api_key`. */
function normalise(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '')
}

function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')))
}
