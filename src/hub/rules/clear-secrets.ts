/**
 * Secrets in clear: a literal below a name that sounds secret, a password inside of a URL, a private key.
 *
 * Names are judged by Airflow's own list, at any depth; below a secret name everything is secret. true, false, null and
 * empty values are none. A password field and the fields of secrets take no literal to begin with (`schema.ts`).
 */
import { isSensitiveName } from '../../airflow/index.ts'
import type { Json } from '../../sensitive/index.ts'
import { clearSecret } from '../clear-secret.ts'
import { splitFieldPath } from '../field-path.ts'
import type { Complaint, DocPath } from '../messages.ts'
import type { DraftEntry, DraftField } from '../normalise.ts'
import { isMapping } from '../value.ts'
import type { RuleContext } from './rule.ts'

export function checkClearSecrets({ draft, document, findings }: RuleContext): void {
  for (const one of draft.entries) {
    for (const field of one.fields) {
      if (field.literal === undefined || isHarmless(field.literal)) continue
      const named = sensitiveKey(one, field)
      const path = named !== undefined && document.has(named) ? named : field.path
      const complaint = named === undefined ? contentComplaint(field.literal, field.name) : clearSecret(named)
      if (complaint !== undefined) findings.error({ path, on: 'value' }, complaint)
    }
  }
}

function isHarmless(value: Json): boolean {
  if (Array.isArray(value)) return value.every(isHarmless)
  if (isMapping(value)) return Object.values(value).every(isHarmless)
  return value === null || typeof value === 'boolean' || value === ''
}

/** The path to the first key, from above, that sounds secret and has a literal below it. */
function sensitiveKey({ entry, path }: DraftEntry, { name, literal = null }: DraftField): DocPath | undefined {
  if (entry.kind === 'variable') {
    if (isSensitiveName(entry.id)) return path
    const below = sensitiveBelow(parsed(literal))
    return below === undefined ? undefined : [...path, ...below]
  }
  const keys = splitFieldPath(name)
  if (keys[0] !== 'extra') return undefined
  const depth = keys.findIndex((key, index) => index > 0 && isSensitiveName(key))
  if (depth > 0) return [...path, ...keys.slice(0, depth + 1)]
  const below = sensitiveBelow(literal)
  return below === undefined ? undefined : [...path, ...keys, ...below]
}

function sensitiveBelow(value: Json): DocPath | undefined {
  const entries: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? value.map((item: Json, index) => [index, item] as const)
    : isMapping(value)
      ? Object.entries(value)
      : []
  for (const [key, inner] of entries) {
    if (typeof key === 'string' && isSensitiveName(key) && !isHarmless(inner)) return [key]
    const below = sensitiveBelow(inner)
    if (below !== undefined) return [key, ...below]
  }
  return undefined
}

/** A variable may be JSON in a text. */
function parsed(literal: Json): Json {
  if (typeof literal !== 'string' || !/^\s*[[{]/.test(literal)) return literal
  try {
    return JSON.parse(literal) as Json
  } catch {
    // Not JSON: a text like any other.
    return literal
  }
}

const PASSWORD_IN_URL = /:\/\/[^\s/?#@:]*:[^\s/?#@]+@/
/** As PASSWORD_IN_URL, where the scheme is left out. */
const PASSWORD_BEFORE_HOST = /^[^\s/?#@:]+:[^\s/?#@]+@/
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/

function contentComplaint(value: Json, field: string): Complaint | undefined {
  if (typeof value === 'string') return textComplaint(value, field)
  const items = Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : []
  for (const item of items as readonly Json[]) {
    const complaint = contentComplaint(item, field)
    if (complaint !== undefined) return complaint
  }
  return undefined
}

function textComplaint(text: string, field: string): Complaint | undefined {
  if (PRIVATE_KEY.test(text)) {
    return {
      code: 'hub-clear-secret',
      text: 'a private key stands here in clear',
      hint: 'keep it in a file:  { file: ./key.pem }',
    }
  }
  if (PASSWORD_IN_URL.test(text) || (field === 'host' && PASSWORD_BEFORE_HOST.test(text))) {
    const hint =
      field === 'host'
        ? 'write login and password as fields of their own'
        : 'make the whole value a reference, for example  { env: … }'
    return { code: 'hub-clear-secret', text: 'a password stands in this URL in clear', hint }
  }
  return undefined
}
