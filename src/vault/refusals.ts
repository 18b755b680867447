/**
 * What an answer means: data, absence, or one of the error codes. Pure; the rules are vault-api 1.7 and 1.8.
 *
 * Invariant: server texts pass through `redact` before they reach an error; an answer's data never does.
 */
import type { Json } from '../sensitive/index.ts'
import { type VaultCall, type VaultEffect, VaultError, type VaultErrorCode } from './errors.ts'

export interface VaultAnswer {
  readonly status: number
  /** The envelope, raw JSON where the endpoint has no envelope, or null for an empty body. */
  readonly body: Json
}

export interface RawAnswer {
  readonly status: number
  readonly text: string
  readonly location: string | undefined
}

/** Server texts in one error: so many, each so long. A proxy's page or a hostile server cannot fill the screen. */
const MOST_TEXTS = 20
const LONGEST_TEXT = 1000

/** Takes secret values out of a text of the server's, then cuts it. */
export type Redact = (text: string, longest?: number) => string

/** The answer of a 2xx or of a 404 without texts; a VaultError for everything else. */
export function judgeAnswer(raw: RawAnswer, call: VaultCall, effect: VaultEffect, redact: Redact): VaultAnswer {
  const body = parseBody(raw.text)
  if (body === undefined) throw notJson(raw, call, effect, redact)
  const succeeded = raw.status >= 200 && raw.status < 300
  if (succeeded) return { status: raw.status, body }
  const given = errorTexts(body)
  const texts = given.map((text) => redact(text, LONGEST_TEXT))
  if (raw.status >= 300 && raw.status < 400) throw redirected(raw, call, effect, redact)
  if (raw.status === 404 && texts.length === 0) {
    if (isVaultBody(body)) return { status: 404, body }
    throw notVault(raw, call, effect)
  }
  const { code, advice } = classify(raw.status, given)
  const said = texts.length === 0 ? `status ${raw.status}` : texts.map(flatten).join('; ')
  const message = `${call.method} ${call.path}: ${raw.status} ${said}${advice === '' ? '' : `; ${advice}`}`
  throw new VaultError(code, message, call, { status: raw.status, errors: texts, effect })
}

/** Whether an answer says `Vault is sealed` (exact text: vault-api 1.8). */
export function isSealed(raw: RawAnswer): boolean {
  return raw.status === 503 && errorTexts(parseBody(raw.text) ?? null).includes('Vault is sealed')
}

function classify(status: number, texts: readonly string[]): { code: VaultErrorCode; advice: string } {
  const says = (part: string): boolean => texts.some((text) => text.includes(part))
  if (status === 400 && says('check-and-set parameter did not match')) {
    return { code: 'vault-cas-mismatch', advice: 'someone wrote it meanwhile: read it again before writing' }
  }
  if (status === 400 && says('Vault is not initialized')) return UNINITIALIZED
  if (status === 401 || status === 403) {
    return { code: 'vault-denied', advice: 'the token is missing, no longer valid, or its policies do not allow this' }
  }
  if (status === 404) return { code: 'vault-not-found', advice: 'check the mount and the path' }
  if (status === 405) return { code: 'vault-unsupported', advice: '' }
  if (status === 413) return { code: 'vault-too-large', advice: "the request is beyond the server's limit" }
  if (status === 429) return { code: 'vault-rate-limited', advice: 'wait, or raise the quota' }
  if (status === 501) return UNINITIALIZED
  if (status === 503 && texts.includes('Vault is sealed')) {
    return { code: 'vault-sealed', advice: 'initialise it if it is new, then unseal it' }
  }
  if (status >= 500) return { code: 'vault-server', advice: "the server's log has the reason" }
  if (status === 412) return { code: 'vault-server', advice: 'this node has not caught up with its cluster' }
  return { code: 'vault-bad-request', advice: '' }
}

const UNINITIALIZED = { code: 'vault-uninitialized', advice: 'initialise it first' } as const

/** undefined: not JSON. */
function parseBody(text: string): Json | undefined {
  if (text === '') return null
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Vault says absent with `errors`, or with an envelope (KV v2's deleted versions, warnings about a path). */
function isVaultBody(body: Json): boolean {
  return typeof body === 'object' && body !== null && ('errors' in body || 'request_id' in body || 'data' in body)
}

function errorTexts(body: Json): string[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const { errors } = body as { readonly [key: string]: Json }
  if (!Array.isArray(errors)) return []
  const texts = (errors as readonly Json[]).filter((text) => typeof text === 'string')
  return texts.slice(0, MOST_TEXTS).map((text) => text.trim())
}

/** Go's `1 error occurred:\n\t* text` on one line, without its heading. */
function flatten(text: string): string {
  return text
    .replace(/^\d+ errors? occurred:\s*/, '')
    .split(/\s*\n\s*/)
    .map((line) => line.replace(/^\* /, ''))
    .join(', ')
}

function notJson(raw: RawAnswer, call: VaultCall, effect: VaultEffect, redact: Redact): VaultError {
  const where = `${call.method} ${call.path}: ${call.address} answered ${raw.status}`
  if (raw.text.startsWith('Client sent an HTTP request to an HTTPS server')) {
    const message = `${where}: the server speaks TLS there; use https:// in VAULT_ADDR`
    return new VaultError('vault-tls', message, call, { status: raw.status, effect: 'none' })
  }
  if (raw.status >= 500) {
    const message = `${where} without JSON: a proxy in front of Vault answers, or Vault is starting; try again later`
    return new VaultError('vault-server', message, call, { status: raw.status, effect })
  }
  if (raw.status >= 300 && raw.status < 400) return redirected(raw, call, effect, redact)
  return notVault(raw, call, effect)
}

function notVault(raw: RawAnswer, call: VaultCall, effect: VaultEffect): VaultError {
  const message = `${call.method} ${call.path}: ${call.address} answered ${raw.status} with something that no Vault says: check VAULT_ADDR`
  return new VaultError('vault-malformed-answer', message, call, { status: raw.status, effect })
}

function redirected(raw: RawAnswer, call: VaultCall, effect: VaultEffect, redact: Redact): VaultError {
  // Where to is in front of the query; a query may hold anything.
  const place = raw.location?.replace(/[?#].*$/s, '')
  const target = place === undefined ? 'nowhere' : JSON.stringify(redact(place, LONGEST_TEXT))
  const message = `${call.method} ${call.path}: ${call.address} redirects to ${target}, which is not followed: set VAULT_ADDR to the active node or the load balancer`
  return new VaultError('vault-malformed-answer', message, call, { status: raw.status, effect })
}
