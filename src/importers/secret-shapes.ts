/**
 * What the text of a value says about it, whatever its name: shapes that only secrets have, shapes that only
 * configuration has, and randomness. Tables; the order within one does not matter but for the reason that is given.
 *
 * Invariant: a reason is a fixed text.
 */
import type { Json } from '../sensitive/index.ts'
import { isSensitiveName } from '../airflow/index.ts'

interface Shape {
  readonly because: string
  readonly test: (value: string) => boolean
}

/** Long enough for every shape; keys and tokens begin with what marks them. */
const LOOKED_AT = 8192
const MOST_JSON = 1_000_000

/** Undefined when it has none of the shapes. */
export function secretShape(value: string): string | undefined {
  const head = value.slice(0, LOOKED_AT).trim()
  return SECRETS.find(({ test }) => test(head))?.because ?? (holdsSecretKey(value) ? JSON_REASON : undefined)
}

export function configurationShape(value: string): string | undefined {
  if (value.length > LOOKED_AT) return undefined
  const trimmed = value.trim()
  return CONFIGURATION.find(({ test }) => test(trimmed))?.because
}

function matching(because: string, expression: RegExp): Shape {
  return { because, test: (value) => expression.test(value) }
}

const SECRETS: readonly Shape[] = [
  matching('the value holds a private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/),
  matching('the value is a signed token (JWT)', /^(?:Bearer\s+)?eyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*){1,3}$/),
  matching('the value is an Authorization header', /^(?:Bearer|Basic|Token)\s+[\w+/=.~-]{8,}$/i),
  matching('the value begins like a GitHub token', /^(?:gh[pousr]_|github_pat_)\w{10,}/),
  matching('the value begins like a GitLab token', /^gl[a-z]{2,6}-[\w-]{10,}/),
  matching('the value begins like a Slack token', /^(?:xox[a-z]|xapp)-[\w-]{6,}/),
  matching('the value begins like an API key (sk-, rk-)', /^(?:sk|rk)[-_][\w-]{12,}/),
  matching('the value begins like an AWS access key', /^(?:AKIA|ASIA)[A-Z0-9]{12,}$/),
  matching('the value begins like a Vault token', /^(?:hv[sbr]\.[\w-]{10,}|[sb]\.[A-Za-z0-9]{24,})$/),
  matching('the value begins like a Google key or token', /^(?:AIza[\w-]{30,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{10,})/),
  matching('the value begins like a SendGrid key', /^SG\.[\w-]{10,}\.[\w-]{10,}/),
  matching('the value begins like a Databricks token', /^dapi[0-9a-f]{32}/),
  matching('the value begins like a package registry token', /^(?:npm_\w{20,}|pypi-[\w-]{20,})/),
  matching('the value begins like a DigitalOcean token', /^do[opr]_v1_[0-9a-f]{20,}/),
  matching('the value begins like a Shopify token', /^shp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,}/),
  matching('the value is a Fernet token', /^gAAAAA[\w-]{60,}={0,2}$/),
  matching('the value is a URL with a password', /^[\w+.-]+:\/\/[^\s/?#@]*:[^\s/?#@]+@/),
  // A password with a bare `/`, `?` or `#` is no URL to a parser, and a secret all the same.
  matching('the value is a URL with a password', /^[\w+.-]+:\/\/[^\s/?#@:]+:\D[^\s@]*@[\w.-]+/),
  matching('the value is a URL with a token for a user', /^https?:\/\/[^\s/?#@:]{16,}@/),
  matching(
    'the value is a URL with a secret in its query',
    /^[\w+.-]+:\/\/\S*[?&](?:[\w.-]*(?:password|passwd|token|secret|signature|api_?key)|sig|pwd|key)=[^&\s]/i,
  ),
  matching(
    'the value is a webhook URL, which needs no other secret',
    /^https:\/\/(?:hooks\.slack(?:-gov)?\.com\/\S|(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/|[\w.-]+\.webhook\.office\.com\/)/,
  ),
  matching(
    'the value is a connection string with a password',
    /(?:^|[;\s])(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature)\s*=\s*[^;\s]/i,
  ),
]

const JSON_REASON = 'the value is JSON with a key that names a secret'

/** At any depth, with something in it. */
function holdsSecretKey(value: string): boolean {
  if (value.length > MOST_JSON || !/^\s*[[{]/.test(value)) return false
  const parsed = jsonOf(value)
  return parsed !== undefined && hasSecretKey(parsed)
}

function hasSecretKey(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, item]: [string, Json]) =>
    typeof item === 'object' ? hasSecretKey(item) : isSecretMember(key, item),
  )
}

function isSecretMember(key: string, item: Json): boolean {
  return typeof item === 'string' && item !== '' && (isSensitiveName(key) || /^(?:secret_id|pass|pwd)$/i.test(key))
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** None of these is a place for a secret; URLs with one are found above. */
const CONFIGURATION: readonly Shape[] = [
  matching('the value is a switch', /^(?:true|false|yes|no|on|off|y|n|enabled?|disabled?|none|null|default|auto)$/i),
  // Longer ones may be numeric secrets.
  matching('the value is a number', /^[-+]?\d{1,12}(?:\.\d{1,12})?$/),
  matching('the value is a duration or a size', /^\d{1,9}(?:\.\d+)?\s?(?:ms|s|m|h|d|w|[kmgt]i?b?|%)$/i),
  matching(
    'the value is a date or a time',
    /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[-+][\d:]+)?)?$|^\d{1,2}:\d\d(?::\d\d)?$/,
  ),
  matching('the value is a version', /^v?\d+\.\d+(?:\.\d+)*(?:[-+.]?(?:alpha|beta|rc|dev|post)?[.\d]*)?$/i),
  matching('the value is a log level', /^(?:trace|debug|info|notice|warn|warning|error|critical|fatal)$/i),
  matching(
    'the value names an environment',
    /^(?:dev|develop|development|local|test|testing|qa|int|stage|staging|uat|pre-?prod|prod|production|sandbox|demo)$/i,
  ),
  matching(
    'the value is a time zone',
    /^(?:UTC|GMT|CET|EST)$|^(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US)\/[\w+-]+(?:\/[\w-]+)?$/,
  ),
  matching(
    'the value is a cloud region',
    /^(?:us|eu|ap|sa|ca|me|af|il|cn|asia|europe|northamerica|southamerica|australia)(?:-gov)?-(?:north|south|east|west|central)+\w*-?\d(?:-?[a-f])?$|^(?:(?:north|south|west|east|central)(?:us|europe|india)\d?|(?:us|europe|uk)(?:north|south|west|east))$/,
  ),
  matching('the value is a locale', /^(?:C|POSIX|[a-z]{2,3}_[A-Z]{2})(?:\.(?:UTF|utf)-?8)?$/),
  matching('the value is a path', /^(?:~|\.{1,2})?\/[\w.@+ -]*(?:\/[\w.@+ -]*)*$|^[A-Za-z]:\\[^*?"<>|]*$/),
  matching('the value is a list of paths', /^(?:\/[\w.@+-]+)+(?::(?:\/[\w.@+-]+)+)+$/),
  matching(
    'the value is a file name',
    /^[\w-]{1,40}\.(?:json|ya?ml|toml|ini|cfg|conf|py|sql|csv|parquet|txt|log|crt|pem|key|db|sh)$/i,
  ),
  matching(
    'the value is a URL without credentials',
    /^[\w+.-]+:\/\/(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d+)?(?:[/?][^\s@]*)?$/,
  ),
  matching(
    'the value is a host',
    /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z]{2,12}|\[[\da-f:]+\])(?::\d{1,5})?$/i,
  ),
  matching('the value is a network', /^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/),
  matching('the value is a list of hosts', /^[\w.*-]+(?::\d+)?(?:,\s*[\w.*-]*\.[\w.*-]+(?::\d+)?)+$/),
  matching('the value is an e-mail address', /^[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+$/),
  matching('the value is a cloud resource name', /^arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+$|^projects\/[\w-]+\/\S+$/),
  matching('the value is a dotted name', /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/),
  matching(
    'the value is a schedule',
    /^@(?:once|hourly|daily|weekly|monthly|yearly|annually|continuous)$|^[\d*/,-]+(?: [\d*/,\w-]+){4,5}$/,
  ),
  matching('the value is an image name', /^(?:[\w.-]+(?::\d+)?\/)?[a-z\d._-]+(?:\/[a-z\d._-]+)*:[\w.-]{1,40}$/),
]

const SHORTEST = 20
/** Bits a character. English words and names lie below, random letters and digits above. */
const LEAST_ENTROPY = 3.5
/** Of 16 digits no text has more than 4. */
const LEAST_HEX_ENTROPY = 3

export function looksRandom(value: string): boolean {
  const text = value.trim()
  if (text.length < SHORTEST || text.length > LOOKED_AT || !/^[\x21-\x7e]+$/.test(text)) return false
  if (UUID.test(text)) return false
  if (/^[\da-f]+$/i.test(text)) return text.length >= 32 && entropy(text) >= LEAST_HEX_ENTROPY
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^\w.:/-]/].filter((kind) => kind.test(text)).length
  if (kinds >= 3) return entropy(text) >= LEAST_ENTROPY
  // Names of two kinds have digits at their ends; random text has them in between.
  return kinds === 2 && (text.match(/[A-Za-z]\d+(?=[A-Za-z])/g)?.length ?? 0) >= 3 && entropy(text) >= LEAST_ENTROPY
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

export function isIdentifier(value: string): boolean {
  return UUID.test(value.trim())
}

function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0)
}
