/**
 * The body of one `path` block -> a rule without its path (vault-api 10.1). One function per key, in one table: a key
 * that is not there is an error.
 */
import { ExactNumber, type JsonObject, type JsonValue } from '../json/json.ts'
import { parseDurationSeconds } from '../logical/duration.ts'
import { parseInstant } from './instant.ts'
import { CAPABILITIES, type Capability, NO_PARAMETERS, type PathRule } from './policy.ts'
import type { SyntaxEntry, SyntaxNode, SyntaxObject } from '../hcl/index.ts'
import { PolicySyntaxError } from './syntax-error.ts'

interface RuleBody {
  readonly rule: Omit<PathRule, 'path'>
  /** Restrictions that this server does not enforce. */
  readonly ignored: readonly string[]
}

interface Draft {
  /** `path "p"`, for messages. */
  readonly where: string
  readonly capabilities: Set<Capability>
  readonly allowed: Map<string, readonly JsonValue[]>
  readonly denied: Map<string, readonly JsonValue[]>
  readonly required: Set<string>
  readonly mfaMethods: Set<string>
  readonly ignored: string[]
  minWrappingTtl: number
  maxWrappingTtl: number
  paginationLimit: number
  expiresAt: number | undefined
}

type KeyReader = (draft: Draft, entry: SyntaxEntry) => void

const KEYS: ReadonlyMap<string, KeyReader> = new Map<string, KeyReader>([
  ['capabilities', readCapabilities],
  ['policy', readLegacyPolicy],
  ['allowed_parameters', (draft, entry) => readParameters(draft, draft.allowed, entry)],
  ['denied_parameters', (draft, entry) => readParameters(draft, draft.denied, entry)],
  ['required_parameters', readRequired],
  ['min_wrapping_ttl', (draft, entry) => (draft.minWrappingTtl = readTtl(entry))],
  ['max_wrapping_ttl', (draft, entry) => (draft.maxWrappingTtl = readTtl(entry))],
  ['mfa_methods', readMfaMethods],
  ['expiration', readExpiration],
  ['pagination_limit', readPaginationLimit],
  ['list_scan_response_keys_filter_path', readIgnored],
  ['control_group', readIgnored],
  ['comment', acceptSilently],
  ['subscribe_event_types', acceptSilently],
])

/** These are blocks, which HCL lets stand more than once. */
const REPEATABLE = new Set(['allowed_parameters', 'denied_parameters'])

/** Vault has them and this server has nothing they could allow. */
const WITHOUT_EFFECT = new Set(['subscribe', 'recover'])

const LEGACY = new Map<string, readonly Capability[]>([
  ['deny', ['deny']],
  ['read', ['read', 'list']],
  ['write', ['create', 'read', 'update', 'delete', 'list']],
  ['sudo', ['create', 'read', 'update', 'delete', 'list', 'sudo']],
])

/** @throws {PolicySyntaxError} */
export function parseRuleBody(path: string, block: SyntaxObject): RuleBody {
  const draft = emptyDraft(`path ${quote(path)}`)
  const seen = new Set<string>()
  for (const entry of block.entries) {
    const read = KEYS.get(entry.key)
    if (read === undefined) throw unknownKey(`${draft.where}: `, entry)
    if (seen.has(entry.key) && !REPEATABLE.has(entry.key)) throw repeated(draft, entry)
    seen.add(entry.key)
    read(draft, entry)
  }
  const { minWrappingTtl, maxWrappingTtl } = draft
  if (minWrappingTtl > 0 && maxWrappingTtl > 0 && maxWrappingTtl < minWrappingTtl) {
    throw new PolicySyntaxError('max_wrapping_ttl cannot be less than min_wrapping_ttl', block.at)
  }
  return { rule: finish(draft), ignored: draft.ignored }
}

export function unknownKey(where: string, entry: SyntaxEntry): PolicySyntaxError {
  return new PolicySyntaxError(`${where}invalid key ${quote(entry.key)} on line ${entry.at.line}`, entry.at)
}

export function quote(text: string): string {
  return JSON.stringify(text)
}

function emptyDraft(where: string): Draft {
  return {
    where,
    capabilities: new Set(),
    allowed: new Map(),
    denied: new Map(),
    required: new Set(),
    mfaMethods: new Set(),
    ignored: [],
    minWrappingTtl: 0,
    maxWrappingTtl: 0,
    paginationLimit: 0,
    expiresAt: undefined,
  }
}

/** `deny` wipes the other capabilities and every condition of its rule. */
function finish(draft: Draft): Omit<PathRule, 'path'> {
  const { capabilities, allowed, denied, required, expiresAt } = draft
  if (capabilities.has('deny')) {
    const none = { minWrappingTtl: 0, maxWrappingTtl: 0, paginationLimit: 0, mfaMethods: new Set<string>() }
    return { capabilities: new Set<Capability>(['deny']), parameters: NO_PARAMETERS, ...none, expiresAt }
  }
  const { minWrappingTtl, maxWrappingTtl, paginationLimit, mfaMethods } = draft
  const parameters = { allowed, denied, required }
  return { capabilities, parameters, minWrappingTtl, maxWrappingTtl, paginationLimit, mfaMethods, expiresAt }
}

function readCapabilities(draft: Draft, entry: SyntaxEntry): void {
  for (const item of itemsOf(draft, entry)) {
    const text = scalarText(item)
    const capability = CAPABILITIES.find((known) => known === text)
    if (capability !== undefined) draft.capabilities.add(capability)
    else if (text === undefined || !WITHOUT_EFFECT.has(text)) {
      throw new PolicySyntaxError(`${draft.where}: invalid capability ${quote(text ?? item.kind)}`, item.at)
    }
  }
}

function readLegacyPolicy(draft: Draft, entry: SyntaxEntry): void {
  const text = scalarText(entry.value)
  const granted = LEGACY.get(text ?? '')
  if (granted === undefined) {
    throw new PolicySyntaxError(`${draft.where}: invalid policy ${quote(text ?? entry.value.kind)}`, entry.value.at)
  }
  for (const capability of granted) draft.capabilities.add(capability)
}

function readParameters(draft: Draft, target: Map<string, readonly JsonValue[]>, entry: SyntaxEntry): void {
  const { value } = entry
  if (value.kind !== 'object') {
    throw new PolicySyntaxError(`${draft.where}: ${entry.key} must be a block of lists`, value.at)
  }
  for (const parameter of value.entries) {
    const name = parameter.key.toLowerCase()
    if (target.has(name)) throw repeated(draft, parameter)
    target.set(name, itemsOf(draft, parameter).map(toJson))
  }
}

function readRequired(draft: Draft, entry: SyntaxEntry): void {
  for (const name of textsOf(draft, entry)) draft.required.add(name.toLowerCase())
}

function readMfaMethods(draft: Draft, entry: SyntaxEntry): void {
  for (const name of textsOf(draft, entry)) draft.mfaMethods.add(name)
  draft.ignored.push(entry.key)
}

function readIgnored(draft: Draft, entry: SyntaxEntry): void {
  draft.ignored.push(entry.key)
}

function acceptSilently(): void {
  // `comment` is for readers; `subscribe_event_types` narrows a capability that has no effect here.
}

function readTtl(entry: SyntaxEntry): number {
  const text = scalarText(entry.value) ?? entry.value.kind
  const seconds = parseDurationSeconds(text)
  if (seconds !== undefined) return seconds
  throw new PolicySyntaxError(`error parsing ${entry.key}: invalid duration ${quote(text)}`, entry.value.at)
}

function readExpiration(draft: Draft, entry: SyntaxEntry): void {
  const instant = parseInstant(scalarText(entry.value) ?? '')
  if (instant === undefined) {
    const wanted = 'write it as 2030-01-31T00:00:00Z or in unix seconds'
    throw new PolicySyntaxError(`${draft.where}: invalid expiration time: ${wanted}`, entry.value.at)
  }
  draft.expiresAt = instant
}

function readPaginationLimit(draft: Draft, entry: SyntaxEntry): void {
  const text = scalarText(entry.value) ?? ''
  if (!/^\d{1,9}$/.test(text)) {
    throw new PolicySyntaxError(`${draft.where}: pagination_limit must be a whole number`, entry.value.at)
  }
  draft.paginationLimit = Number(text)
}

function repeated(draft: Draft, entry: SyntaxEntry): PolicySyntaxError {
  return new PolicySyntaxError(
    `${draft.where}: ${quote(entry.key)} stands twice, again on line ${entry.at.line}`,
    entry.at,
  )
}

function itemsOf(draft: Draft, entry: SyntaxEntry): readonly SyntaxNode[] {
  if (entry.value.kind === 'list') return entry.value.items
  throw new PolicySyntaxError(`${draft.where}: ${quote(entry.key)} must be a list`, entry.value.at)
}

function textsOf(draft: Draft, entry: SyntaxEntry): readonly string[] {
  return itemsOf(draft, entry).map((item) => {
    if (item.kind === 'string') return item.value
    throw new PolicySyntaxError(`${draft.where}: ${quote(entry.key)} must be a list of strings`, item.at)
  })
}

function scalarText(node: SyntaxNode): string | undefined {
  if (node.kind === 'string') return node.value
  if (node.kind === 'number') return node.text
  return node.kind === 'boolean' ? String(node.value) : undefined
}

function toJson(node: SyntaxNode): JsonValue {
  switch (node.kind) {
    case 'null':
      return null
    case 'string':
    case 'boolean':
      return node.value
    case 'number':
      return toJsonNumber(node.text)
    case 'list':
      return node.items.map(toJson)
    case 'object':
      break
  }
  const object: JsonObject = Object.create(null)
  for (const entry of node.entries) object[entry.key] = toJson(entry.value)
  return object
}

/** HCL also writes hexadecimal, which JSON does not know. */
function toJsonNumber(text: string): number | ExactNumber {
  const hexadecimal = /^(-?)(0[xX][0-9a-fA-F]+)$/.exec(text)
  if (hexadecimal !== null) return Number(hexadecimal[2]) * (hexadecimal[1] === '-' ? -1 : 1)
  return String(Number(text)) === text ? Number(text) : new ExactNumber(text)
}
