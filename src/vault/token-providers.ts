/**
 * Where a client's token comes from.
 *
 * Invariant: however many requests are under way, a provider logs in once at a time, and a 403 leads to at most one new
 * login per token: a denial by policy must not turn into a login per request.
 */
import { readFileSync } from 'node:fs'
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { VaultUsageError } from './errors.ts'
import { type AppRoleCredentials, isToken, type LoginTransport, loginAppRole } from './login.ts'

export type { LoginTransport } from './login.ts'

export interface TokenProvider {
  /** The current token; logs in when needed. An empty one means: send none. */
  token(login: LoginTransport): Promise<Sensitive<string>>
  /**
   * After a 403 with the token `used` (the object that `token()` gave): whether another one may do better. It is then
   * fetched with `token()` and the request is made once more.
   */
  invalidate(used: Sensitive<string>): boolean
}

export const NO_TOKEN: Sensitive<string> = sensitive('')

/** Sends no token: for `sys/health`, `sys/init`, `sys/unseal` and their like. */
export const noToken: TokenProvider = { token: async () => NO_TOKEN, invalidate: () => false }

/** One token, as it is. Throws VaultUsageError when it cannot be one (a line break inside, say). */
export function staticToken(token: Sensitive<string>): TokenProvider {
  checkToken(token.reveal(), 'token')
  return { token: async () => token, invalidate: () => false }
}

/**
 * A token in a file that something else renews (Vault Agent's sink, `~/.vault-token`). Read when first needed and after
 * a 403, where a file that has not changed means that no better token is there.
 */
export function fileToken(path: string): TokenProvider {
  let held: Sensitive<string> | undefined
  return {
    token: async () => (held ??= readToken(path)),
    invalidate: (used) => {
      if (held !== used) return true
      const fresh = readToken(path)
      if (fresh.reveal() === used.reveal()) return false
      held = fresh
      return true
    },
  }
}

export interface AppRoleTokenOptions extends AppRoleCredentials {
  /** Unix ms. */
  readonly now: () => number
}

/**
 * Logs in with AppRole when the first request needs it, again before the token expires or its uses are spent, and
 * after a 403. Concurrent callers share one login.
 */
export function appRoleToken(options: AppRoleTokenOptions): TokenProvider {
  return new AppRoleTokens(options)
}

/** How long before its end a token is replaced: a fifth of its life, at most this. */
const LONGEST_MARGIN_MS = 60_000

/** A token that replaced a denied one and is denied within this time is denied by policy: no further login. */
const RELOGIN_PAUSE_MS = 30_000

interface HeldToken {
  readonly token: Sensitive<string>
  readonly issuedAt: number
  readonly refreshAt: number
  readonly replacesDenied: boolean
  usesLeft: number
}

class AppRoleTokens implements TokenProvider {
  readonly #options: AppRoleTokenOptions
  #held: HeldToken | undefined
  #login: Promise<void> | undefined
  #denied = false

  constructor(options: AppRoleTokenOptions) {
    this.#options = options
  }

  async token(transport: LoginTransport): Promise<Sensitive<string>> {
    for (;;) {
      const held = this.#held
      if (held !== undefined && this.#options.now() < held.refreshAt && held.usesLeft > 0) {
        held.usesLeft -= 1
        return held.token
      }
      this.#login ??= this.#logIn(transport).finally(() => {
        this.#login = undefined
      })
      // One login may serve fewer callers than wait for it when its uses are limited, hence the loop.
      await this.#login
    }
  }

  invalidate(used: Sensitive<string>): boolean {
    const held = this.#held
    if (held?.token !== used) return true
    if (held.replacesDenied && this.#options.now() - held.issuedAt < RELOGIN_PAUSE_MS) return false
    this.#held = undefined
    this.#denied = true
    return true
  }

  async #logIn(transport: LoginTransport): Promise<void> {
    const issuedAt = this.#options.now()
    const { token, leaseSeconds, uses } = await loginAppRole(transport, this.#options)
    const life = leaseSeconds === 0 ? Number.POSITIVE_INFINITY : leaseSeconds * 1000
    const refreshAt = issuedAt + life - Math.min(LONGEST_MARGIN_MS, life / 5)
    const usesLeft = uses === 0 ? Number.POSITIVE_INFINITY : uses
    this.#held = { token, issuedAt, refreshAt, usesLeft, replacesDenied: this.#denied }
    this.#denied = false
  }
}

function readToken(path: string): Sensitive<string> {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    const message = `the token file ${path} cannot be read; check its path and permissions`
    throw new VaultUsageError('vault-setting', path, message, error)
  }
  checkToken(text, path)
  return sensitive(text)
}

function checkToken(text: string, subject: string): void {
  if (isToken(text)) return
  const why = text === '' ? 'is empty' : 'holds spaces, line breaks or characters outside ASCII'
  throw new VaultUsageError('vault-setting', subject, `the Vault token (${subject}) ${why}`)
}
