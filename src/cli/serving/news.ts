/**
 * What `plenum server` tells of: how loud, in which words, with which facts. Pure.
 *
 * Invariant (S10): a fact is a name, a number or a place of this machine; what a client sent is in none of these events.
 */
import type { Flaw, LogLevel, ServerEvent } from '../../server/index.ts'
import { placesOf, reasonOf } from './reason.ts'

/** Of the command itself, beside those of its server. */
export type ServingEvent =
  | ServerEvent
  | { readonly kind: 'started'; readonly version: string; readonly initialized: boolean; readonly sealed: boolean }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'hangup' }
  | { readonly kind: 'tls-renewed'; readonly address: string }
  | { readonly kind: 'tls-kept'; readonly address: string; readonly reason: string }
  | { readonly kind: 'configuration-kept'; readonly reason: string }
  | { readonly kind: 'restart-needed'; readonly what: string }
  | { readonly kind: 'pid-file-left'; readonly path: string; readonly error: unknown }
  | { readonly kind: 'lines-lost'; readonly count: number }

/** Vault's words where it has one. */
export const MODULES = ['core', 'audit', 'listener', 'expiration', 'server'] as const

export type Fact = string | number | boolean | readonly string[]

export interface News {
  readonly level: LogLevel
  /** Which part of the server. */
  readonly module: (typeof MODULES)[number]
  readonly text: string
  readonly facts: Readonly<Record<string, Fact>>
}

type Teller<E extends ServingEvent> = (event: E) => News
type Tellers = { readonly [K in ServingEvent['kind']]: Teller<Extract<ServingEvent, { kind: K }>> }

function say(level: LogLevel, module: News['module'], text: string, facts: Readonly<Record<string, Fact>> = {}): News {
  return { level, module, text, facts }
}

const REFUSED: Readonly<Record<Flaw, string>> = {
  framing: 'refused what is no HTTP, and closed the connection',
  tls: 'a TLS handshake failed',
  late: 'refused a request that did not arrive in time',
  resets: 'closed an HTTP/2 connection that was reset again and again',
  source: 'refused a request for its X-Forwarded-For, or for having none',
  method: 'refused a request for its method',
  path: 'refused a request for its path, which is malformed',
  token: 'refused a request for its token header, which is malformed',
  query: 'refused a request for its query, which is malformed',
  body: 'refused a request for its body, which is malformed or too large',
}

const TELLERS: Tellers = {
  started: ({ version, initialized, sealed }) => say('info', 'server', 'started', { version, initialized, sealed }),
  stopping: () => say('info', 'server', 'stopping'),
  hangup: () =>
    say('info', 'server', 'SIGHUP: audit logs are opened anew, certificates and the log level are read anew'),
  'tls-renewed': ({ address }) =>
    say('info', 'listener', 'serves the certificate that is in its file now', { address }),
  'tls-kept': ({ address, reason }) =>
    say('error', 'listener', `keeps its old certificate, the new one cannot be used: ${reason}`, { address }),
  'configuration-kept': ({ reason }) =>
    say('error', 'server', `the configuration cannot be read anew, what was read before still holds: ${reason}`),
  'restart-needed': ({ what }) => say('warn', 'server', `${what} changed in the configuration: restart the server`),
  'pid-file-left': ({ path, error }) =>
    say('warn', 'server', `the file of the process id cannot be removed: ${reasonOf(error)}`, { path }),
  'lines-lost': ({ count }) => say('warn', 'server', 'log lines were dropped because nobody read them', { count }),
  listening: ({ address, tls }) => say('info', 'listener', 'listening', { address, tls }),
  initialized: ({ shares, threshold }) => say('info', 'core', 'initialized', { shares, threshold }),
  'unseal-progress': ({ progress, threshold }) =>
    say('debug', 'core', 'a share of the unseal key was given', { progress, threshold }),
  unsealed: () => say('info', 'core', 'unsealed'),
  sealed: () => say('info', 'core', 'sealed'),
  'mount-made': ({ path, type }) => say('info', 'core', 'mount made', { path, type }),
  'mount-removed': ({ path, type }) => say('info', 'core', 'mount removed', { path, type }),
  'mount-moved': ({ from, to }) => say('info', 'core', 'mount moved', { from, to }),
  'audit-enabled': ({ path, type }) => say('info', 'audit', 'audit device enabled', { path, type }),
  'audit-disabled': ({ path, type }) => say('info', 'audit', 'audit device disabled', { path, type }),
  'audit-opened': ({ path, type }) => say('info', 'audit', 'audit device opened', { path, type }),
  'audit-reopened': ({ path }) => say('info', 'audit', 'audit device opened anew', { path }),
  'audit-failed': ({ path, error }) =>
    say(
      'error',
      'audit',
      `the audit device ${path} takes no entries, requests that no other one records are refused: ${reasonOf(error)}`,
      { path },
    ),
  'audit-recovered': ({ path, refused }) =>
    say('warn', 'audit', `the audit device ${path} takes entries again; what it missed is not in its log`, {
      path,
      refused,
    }),
  'audit-notice': ({ severity, text }) => say(severity, 'audit', text),
  'tokens-expired': ({ count }) => say('debug', 'expiration', 'expired tokens were removed', { count }),
  'slow-request': ({ requestId, operation, mount, milliseconds }) =>
    say('debug', 'core', 'a request took long', { request_id: requestId, operation, mount, milliseconds }),
  'request-malformed': ({ flaw, status, code, address, untold }) =>
    say(flaw === 'late' ? 'debug' : 'info', 'listener', REFUSED[flaw], {
      ...(status === 0 ? {} : { status }),
      ...(code === '' ? {} : { code }),
      ...(address === '' ? {} : { remote_address: address }),
      ...(untold === 0 ? {} : { untold }),
    }),
  'internal-error': ({ error, requestId }) =>
    say('error', 'core', `internal error: ${reasonOf(error)}`, {
      ...(requestId === '' ? {} : { request_id: requestId }),
      at: placesOf(error),
    }),
}

export function newsOf(event: ServingEvent): News {
  return (TELLERS[event.kind] as Teller<ServingEvent>)(event)
}

/** Of many events with one cause (a full disk) those to be told: the first, and then one a minute. */
export function onceAMinute(now: () => number): (news: News) => boolean {
  const told = new Map<string, number>()
  return ({ level, text }) => {
    if (level !== 'error') return true
    const time = now()
    if (time - (told.get(text) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return false
    // Texts that come and go do not pile up.
    for (const [old, at] of told) if (time - at >= QUIET_MS) told.delete(old)
    told.set(text, time)
    return true
  }
}

const QUIET_MS = 60_000
