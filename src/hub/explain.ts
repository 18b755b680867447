/**
 * Findings of the schema in plain words. Where a value may have several forms the schema only says "none of them";
 * what is wrong is then read off the value itself.
 *
 * Invariant: no text holds anything that stands after a colon in the file.
 */
import type { z } from 'zod'
import type { Json } from '../sensitive/index.ts'
import { clearSecret } from './clear-secret.ts'
import { explainMissing, unknownKey } from './explain-keys.ts'
import type { Complaint, DocPath, Findings } from './messages.ts'
import { PORT_RANGE, VAULT_TARGET } from './schema.ts'
import { isMapping, readValue, type ValuePlace, valueAt } from './value.ts'

type Issue = z.core.$ZodIssue

/** `plain` is the whole file. */
export function explainIssues(issues: readonly Issue[], plain: Json, findings: Findings): void {
  for (const issue of issues) explainIssue(issue, docPath(issue.path), plain, findings)
}

export function docPath(path: readonly PropertyKey[]): DocPath {
  return path.map((part) => (typeof part === 'symbol' ? String(part) : part))
}

function explainIssue(issue: Issue, path: DocPath, plain: Json, findings: Findings): void {
  const value = valuePlaceAt(path)
  // What the schema says about a part of a value depends on which of its forms came nearest: read the whole instead.
  const at = value === undefined ? path : path.slice(0, value.depth)
  const raw = valueAt(plain, at)
  if (raw === undefined) {
    explainMissing(at, plain, findings)
  } else if (value !== undefined) {
    EXPLAIN_VALUE[value.place](raw, at, findings)
  } else if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) findings.error({ path: [...path, key], on: 'key' }, unknownKey(key, path, plain))
  } else if (issue.code === 'invalid_union') {
    explainTarget(raw, path, findings)
  } else {
    findings.error({ path, on: 'value' }, complaintOf(issue, raw, path))
  }
}

type Place = 'text' | 'port' | 'secret' | 'credential'

/** Whether the path leads to, or into, a value that may be a reference; and how long the path to the value is. */
function valuePlaceAt(path: DocPath): { readonly place: Place; readonly depth: number } | undefined {
  const [top, , section, , field, credential] = path
  if (top === 'environments' && section === 'vault') {
    if (field === 'token') return { place: 'credential', depth: 5 }
    return credential === 'role_id' || credential === 'secret_id' ? { place: 'credential', depth: 6 } : undefined
  }
  if (top !== 'projects') return undefined
  if (section === 'secrets' && path.length > 3) return { place: 'secret', depth: 4 }
  if (section !== 'connections' || field === undefined) return undefined
  if (field === 'port') return { place: 'port', depth: 5 }
  return VALUE_FIELDS.has(field) ? { place: 'text', depth: 5 } : undefined
}

const VALUE_FIELDS: ReadonlySet<string | number> = new Set(['description', 'host', 'login', 'password', 'schema'])

const EXPLAIN_VALUE: Readonly<Record<Place, (raw: Json, path: DocPath, findings: Findings) => void>> = {
  text: (raw, path, findings) => explainValue(raw, path, 'text', findings),
  credential: (raw, path, findings) => explainValue(raw, path, 'credential', findings),
  port: explainPort,
  secret: explainSecret,
}

function complaintOf(issue: Issue, raw: Json, path: DocPath): Complaint {
  const key = path.at(-1)
  if (path.length === 1 && key === 'version') {
    return { code: 'hub-version', text: 'this version of the file format is not known', hint: 'write  version: 1' }
  }
  if (key === 'external')
    return { code: 'hub-external', text: 'external can only be true', hint: 'leave it out otherwise' }
  if (issue.code === 'too_small' && issue.origin === 'string') return { code: 'hub-type', text: 'this is empty' }
  if (issue.code === 'too_big') return { code: 'hub-type', text: `this is longer than ${issue.maximum} characters` }
  if (issue.code === 'invalid_type')
    return wrongType(EXPECTED.get(issue.expected) ?? 'another kind of value', raw, path)
  return { code: 'hub-type', text: 'this value cannot stand here' }
}

const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['array', 'a list'],
])

function wrongType(expected: string, raw: Json, path: DocPath): Complaint {
  return { code: 'hub-type', text: `expected ${expected}, found ${kindOf(raw)}`, hint: typeHint(expected, raw, path) }
}

function typeHint(expected: string, raw: Json, path: DocPath): string | undefined {
  if (raw === null) return 'write something after the colon, or remove the line'
  if (expected === 'a text' && (typeof raw === 'number' || typeof raw === 'boolean')) return 'put it in quotes'
  return path.at(-1) === 'env_files' && typeof raw === 'string' ? 'write a list, for example [.env]' : undefined
}

function kindOf(raw: Json): string {
  if (raw === null) return 'nothing'
  if (Array.isArray(raw)) return 'a list'
  if (typeof raw === 'boolean') return 'true or false'
  return typeof raw === 'object' ? 'a mapping' : typeof raw === 'number' ? 'a number' : 'a text'
}

/** `vault` of an environment: the only place besides values that has two forms. */
function explainTarget(raw: Json, path: DocPath, findings: Findings): void {
  if (isMapping(raw)) {
    // Paths inside of the target are looked up from the root, hence a root with nothing but the target.
    const plain = path.reduceRight<Json>((inner, part) => ({ [String(part)]: inner }), raw)
    for (const issue of VAULT_TARGET.safeParse(raw).error?.issues ?? []) {
      explainIssue(issue, [...path, ...docPath(issue.path)], plain, findings)
    }
    return
  }
  const text = 'expected embedded, or a mapping that says where a Vault is'
  const hint = 'for example  vault: { address: https://vault.example.com:8200 }'
  findings.error({ path, on: 'value' }, { code: 'hub-type', text, hint })
}

function explainPort(raw: Json, path: DocPath, findings: Findings): void {
  if (isMapping(raw)) return explainValue(raw, path, 'port', findings)
  const hint = typeof raw === 'string' ? 'write it without quotes, or as a reference' : undefined
  const text = `a port is a whole number from ${PORT_RANGE.least} to ${PORT_RANGE.most}`
  findings.error({ path, on: 'value' }, { code: 'hub-port', text, hint })
}

function explainSecret(raw: Json, path: DocPath, findings: Findings): void {
  if (!isMapping(raw)) {
    const text = `expected the fields of a secret, found ${kindOf(raw)}`
    return findings.error(
      { path, on: 'value' },
      { code: 'hub-type', text, hint: 'for example  api_keys: { binance: { env: BINANCE_API_KEY } }' },
    )
  }
  if (raw['external'] === true) return findings.error({ path, on: 'key' }, EXTERNAL_WITH_FIELDS)
  for (const [field, value] of Object.entries(raw)) explainValue(value, [...path, field], 'text', findings)
}

/** A value where only references, or texts and references, may stand. */
function explainValue(raw: Json, path: DocPath, place: ValuePlace, findings: Findings): void {
  const reading = readValue(raw, place, '')
  const isSecret = path.at(-1) === 'password' || path[2] === 'secrets'
  if (reading.kind === 'wrong') {
    findings.error({ path: [...path, ...reading.below], on: 'value' }, reading.complaint)
  } else if (reading.kind === 'literal' && raw !== null && isSecret) {
    findings.error({ path, on: 'value' }, clearSecret(path))
  } else if (reading.kind !== 'reference') {
    findings.error({ path, on: 'value' }, wrongType(isSecret ? 'a reference' : 'a text or a reference', raw, path))
  }
}

/** Also said by the rule for connections. */
export const EXTERNAL_WITH_FIELDS: Complaint = {
  code: 'hub-external',
  text: 'an external entry is written by someone else and has no fields here',
  hint: 'remove the fields, or remove external',
}
