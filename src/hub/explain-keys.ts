/**
 * Keys that are not known, and keys that are missing: which mapping they stand in, and what was probably meant.
 */
import type { Json } from '../sensitive/index.ts'
import type { Complaint, DocPath, Findings } from './messages.ts'
import { KNOWN_KEYS, type MappingKind } from './schema.ts'
import { nearestWord } from './suggest.ts'
import { isMapping, valueAt } from './value.ts'

/** What a mapping at this path is. */
function mappingAt(path: DocPath): MappingKind | undefined {
  const [top, , section, , inner] = path
  switch (path.length) {
    case 0:
      return 'hub'
    case 1:
      return top === 'airflow' || top === 'vault' ? top : undefined
    case 2:
      return top === 'environments' ? 'environment' : 'project'
    case 3:
      return top === 'environments' ? 'target' : undefined
    case 4:
      return top === 'environments' ? 'auth' : section === 'connections' ? 'connection' : undefined
    default:
      return top === 'environments' && inner === 'approle' ? 'approle' : undefined
  }
}

/** Words that people use for a key of a connection, mostly from Airflow's own forms. */
const CONNECTION_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['type', 'conn_type'],
  ['user', 'login'],
  ['username', 'login'],
  ['pass', 'password'],
  ['database', 'schema'],
  ['dbname', 'schema'],
  ['hostname', 'host'],
  ['extra_dejson', 'extra'],
  ['extras', 'extra'],
])

export function unknownKey(key: string, path: DocPath, plain: Json): Complaint {
  const kind = mappingAt(path)
  const text = `${JSON.stringify(key)} is not known here`
  if (kind === undefined) return { code: 'hub-unknown-key', text }
  const absent = KNOWN_KEYS[kind].filter((word) => valueAt(plain, [...path, word]) === undefined)
  const word = meant(key, kind, absent.length > 0 ? absent : KNOWN_KEYS[kind])
  const hint = word === undefined ? elsewhere(key, kind, KNOWN_KEYS[kind]) : `did you mean ${word}?`
  return { code: 'hub-unknown-key', text, hint }
}

function elsewhere(key: string, kind: MappingKind, known: readonly string[]): string {
  if (key === '<<') return 'merge keys are not supported: repeat the keys, or use an alias for a whole value'
  if (kind === 'connection' && (key === 'uri' || key === 'conn_uri'))
    return 'write its parts: conn_type, host, login, password, schema, port, extra'
  if (kind === 'connection')
    return `what is no field of a connection belongs below extra; the fields are ${known.join(', ')}`
  if (kind === 'hub' && ['connections', 'variables', 'secrets'].includes(key))
    return `${key} stand below a project: projects: { my-project: { ${key}: … } }`
  return `known are ${known.join(', ')}`
}

const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['version', 'version: 1'],
  ['hub', 'hub: my-hub'],
  ['airflow', 'airflow: { version: "3.3", provider: "4.8" }'],
  ['projects', 'projects: { my-project: { connections: … } }'],
  ['provider', 'provider: "4.8"'],
  ['vault', 'vault: embedded'],
  ['address', 'address: https://vault.example.com:8200'],
  ['role_id', 'role_id: { env: ROLE_ID }'],
  ['secret_id', 'secret_id: { file: /run/secrets/secret_id }'],
])

export function explainMissing(path: DocPath, plain: Json, findings: Findings): void {
  const parent = path.slice(0, -1)
  const key = String(path.at(-1))
  const kind = mappingAt(parent)
  if (kind !== undefined && isMisspelt(key, kind, valueAt(plain, parent))) return
  const example = key === 'version' && kind === 'airflow' ? 'version: "3.3"' : EXAMPLES.get(key)
  const hint = example === undefined ? undefined : `for example  ${example}`
  findings.error({ path: parent, on: 'key' }, { code: 'hub-missing-key', text: `${key} is missing`, hint })
}

/** Nothing is said of a missing key whose misspelling stands beside it: that one has its own message. */
export function isMisspelt(key: string, kind: MappingKind, mapping: Json | undefined): boolean {
  if (!isMapping(mapping)) return false
  const strangers = Object.keys(mapping).filter((word) => !KNOWN_KEYS[kind].includes(word))
  return strangers.some((word) => meant(word, kind, [key]) === key)
}

/** The key that somebody had in mind. Airflow's own forms and tables write `conn_host`. */
function meant(word: string, kind: MappingKind, candidates: readonly string[]): string | undefined {
  if (kind !== 'connection') return nearestWord(word, candidates)
  const short = word.replace(/^conn_/, '')
  return CONNECTION_SYNONYMS.get(short) ?? nearestWord(word, candidates) ?? nearestWord(short, candidates)
}
