/**
 * The Vault client: one request with its token, its retries and its time limit.
 *
 * Invariants: the token and the request's body reach the wire and nothing else, no error or log has them; an answer is
 * JSON within `maxResponseBytes`, or an error; a write is never sent twice unless the first one is known to have had
 * no effect, but for 5xx answers, which are retried as the Go client does (`retry: false` turns that off).
 *
 * Numbers are JavaScript numbers: integers beyond 2^53 lose digits in this client, on their way in and out.
 *
 * It does not renew tokens (providers log in again), does not use proxies of the environment, speaks no h2, and reads
 * no environment variables or files: see `environment.ts` and `certificates.ts`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Pace } from '../concurrency/index.ts'
import { type Json, redactor, Sensitive, sensitive } from '../sensitive/index.ts'
import { Deadline } from './deadline.ts'
import { type VaultCall, type VaultEffect, VaultError, type VaultMethod, VaultUsageError } from './errors.ts'
import { explainFailure } from './failures.ts'
import { LocalCarrier, type LocalServer } from './local.ts'
import { checkEncoded } from './path.ts'
import { isSealed, judgeAnswer, type Redact, type VaultAnswer } from './refusals.ts'
import { isBeforeEffect, isRetryable, retryDelay } from './retry.ts'
import { type LoginTransport, NO_TOKEN, type TokenProvider } from './token-providers.ts'
import { type Answered, type Carrier, ExchangeError, Transport } from './transport.ts'

export interface VaultClientOptions {
  /** `http://` or `https://`, host, port, and a path prefix if a proxy has one. No user, password or query. */
  readonly address: string
  /** Where tokens come from: `staticToken`, `fileToken`, `appRoleToken`, `noToken`, or your own. */
  readonly tokens: TokenProvider
  /** Sent as X-Vault-Namespace. Default: none. */
  readonly namespace?: string | undefined
  /** PEM text of the CA or CAs that sign the server's certificate. They replace the built-in ones. */
  readonly caCert?: string | undefined
  /** PEM text; goes with `clientKey`. */
  readonly clientCert?: string | undefined
  readonly clientKey?: string | undefined
  /** The name to expect in the server's certificate, when it is not the address's. */
  readonly tlsServerName?: string | undefined
  /** Accept any certificate. NOT SAFE: whoever is on the way reads the token. Default false. */
  readonly skipVerify?: boolean | undefined
  /** Of one call with its retries and their waits, in ms. 0: no limit. Default 60,000. */
  readonly timeoutMs?: number | undefined
  /** Attempts after the first. Default 2. */
  readonly maxRetries?: number | undefined
  /** Bytes of one answer. Default 32 MiB. */
  readonly maxResponseBytes?: number | undefined
  /** Connections kept to the server, and so requests under way at once. Default 32. */
  readonly connections?: number | undefined
  /** In place of `connections`: how many are kept is found on the way. Clients of one server share it. */
  readonly pace?: Pace | undefined
  /** A server in this process: nothing is connected to, and `address` is what messages call it. */
  readonly local?: LocalServer | undefined
  /** In [0, 1), for the jitter of retries. Default Math.random. */
  readonly random?: (() => number) | undefined
  /** Default: a timer. */
  readonly sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined
  /** Unix ms. Default Date.now. */
  readonly now?: (() => number) | undefined
}

export interface VaultRequestOptions {
  /** The JSON body. A `Sensitive` one is also removed from the server's error texts. */
  readonly body?: Json | Sensitive<Json> | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  /** When it aborts, the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Default `application/json`, for PATCH `application/merge-patch+json`. */
  readonly contentType?: string | undefined
  /**
   * false: never send again what may have had an effect (a check-and-set write, a new secret-id). The error's `effect`
   * tells whether it may have. Default true.
   */
  readonly retry?: boolean | undefined
}

/** A request in the form in which every attempt of it goes out. */
interface Prepared extends VaultCall {
  readonly verb: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly secrets: () => Sensitive<string>[]
  readonly retry: boolean
}

interface Attempted {
  readonly answered: Answered
  readonly effect: VaultEffect
}

const CONNECT_TIMEOUT_MS = 10_000

const CONNECTIONS = 32
/** Far servers get up to this many, which is no burden to any. */
const MOST_CONNECTIONS = 256
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308])

export class VaultClient implements LoginTransport {
  /** Without a slash at the end. */
  readonly address: string
  /** How many requests should be under way at once. The client measures; whoever sends many keeps to it. */
  readonly pace: Pace
  readonly #tokens: TokenProvider
  readonly #namespace: string | undefined
  readonly #timeoutMs: number
  readonly #maxRetries: number
  readonly #maxResponseBytes: number
  readonly #random: () => number
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly #now: () => number
  readonly #carrier: Carrier

  /** Connects to nothing yet. Throws VaultUsageError for settings that cannot work. */
  constructor(options: VaultClientOptions) {
    this.address = parseAddress(options.address)
    if ((options.clientCert === undefined) !== (options.clientKey === undefined)) {
      throw badSetting('clientCert', 'a client certificate and its key go together: give both or neither')
    }
    this.pace = options.pace ?? fixedPace(atLeast('connections', options.connections ?? CONNECTIONS, 1))
    this.#tokens = options.tokens
    this.#namespace = options.namespace === '' ? undefined : options.namespace
    this.#timeoutMs = atLeast('timeoutMs', options.timeoutMs ?? 60_000, 0)
    this.#maxRetries = atLeast('maxRetries', options.maxRetries ?? 2, 0)
    this.#maxResponseBytes = atLeast('maxResponseBytes', options.maxResponseBytes ?? 32 * 1024 * 1024, 1)
    this.#random = options.random ?? Math.random
    this.#sleep = options.sleep ?? (async (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }))
    this.#now = options.now ?? Date.now
    this.#carrier = this.#carrierOf(options)
  }

  #carrierOf(options: VaultClientOptions): Carrier {
    const limits = { maxResponseBytes: this.#maxResponseBytes, now: this.#now }
    if (options.local !== undefined) return new LocalCarrier(options.local, limits)
    return new Transport({
      ...limits,
      connections: this.pace.ceiling,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      caCert: options.caCert,
      clientCert: options.clientCert,
      clientKey: options.clientKey,
      tlsServerName: options.tlsServerName,
      skipVerify: options.skipVerify ?? false,
    })
  }

  /**
   * One request. `path` is below `/v1/` and already encoded (`encodePath`). Resolves for 2xx and for a 404 without
   * error texts (absent, or KV v2's deleted version with its envelope); throws VaultError otherwise. After a 403 it
   * asks the token provider once for a better token. LIST goes out as `GET ?list=true`, which every proxy lets through.
   */
  async request(method: VaultMethod, path: string, options: VaultRequestOptions = {}): Promise<VaultAnswer> {
    const prepared = this.#prepare(method, path, options)
    const deadline = new Deadline(this.#timeoutMs, options.signal, this.#now())
    try {
      const token = await this.#currentToken(prepared, deadline)
      const first = await this.#attempt(prepared, token, deadline)
      if (first.answered.status !== 403 || !this.#tokens.invalidate(token)) return judge(prepared, token, first)
      const better = await this.#currentToken(prepared, deadline)
      return judge(prepared, better, await this.#attempt(prepared, better, deadline))
    } finally {
      deadline.dispose()
    }
  }

  /** POST without a token, for login endpoints. Not bound to a caller's signal, because a login may serve many. */
  async login(path: string, body: Sensitive<Json>): Promise<VaultAnswer> {
    const prepared = this.#prepare('POST', path, { body })
    const deadline = new Deadline(this.#timeoutMs, undefined, this.#now())
    try {
      return judge(prepared, NO_TOKEN, await this.#attempt(prepared, NO_TOKEN, deadline))
    } finally {
      deadline.dispose()
    }
  }

  /** Waits for requests under way, then closes the connections. The client is of no use after that. */
  async close(): Promise<void> {
    await this.#carrier.close()
  }

  #prepare(method: VaultMethod, path: string, options: VaultRequestOptions): Prepared {
    checkEncoded(path)
    const url = new URL(`${this.address}/v1/${path}`)
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value)
    if (method === 'LIST') url.searchParams.set('list', 'true')
    const { body } = options
    const json = body instanceof Sensitive ? body.reveal() : body
    const defaultType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    return {
      method,
      path,
      address: this.address,
      verb: method === 'LIST' ? 'GET' : method,
      url,
      headers: {
        'x-vault-request': 'true',
        'user-agent': 'plenum',
        ...(this.#namespace === undefined ? {} : { 'x-vault-namespace': this.#namespace }),
        ...(json === undefined ? {} : { 'content-type': options.contentType ?? defaultType }),
      },
      body: json === undefined ? undefined : JSON.stringify(json),
      secrets: () => (body instanceof Sensitive ? stringsIn(body.reveal()) : []),
      retry: options.retry ?? true,
    }
  }

  async #currentToken(prepared: Prepared, deadline: Deadline): Promise<Sensitive<string>> {
    try {
      return await deadline.race(this.#tokens.token(this))
    } catch (error) {
      if (!deadline.signal.aborted || error instanceof VaultError) throw error
      throw this.#ended(prepared, deadline, 'none', error)
    }
  }

  /** Attempts until one gives an answer to judge. An effect that became unknown on the way stays unknown. */
  async #attempt(prepared: Prepared, token: Sensitive<string>, deadline: Deadline): Promise<Attempted> {
    let effect: VaultEffect = 'none'
    const reads = prepared.verb === 'GET'
    for (let retry = 0; ; retry += 1) {
      const last = retry >= this.#maxRetries
      let status: number | undefined
      let retryAfter: string | undefined
      try {
        const answered = await this.#exchange(prepared, token, deadline.signal)
        const harmless = reads || isBeforeEffect(answered.status, isSealed(answered))
        if (!harmless && answered.status >= 500) effect = 'unknown'
        if (last || !isRetryable(answered.status) || !(harmless || prepared.retry)) return { answered, effect }
        const delay = this.#delay(retry, answered.status, answered.retryAfter)
        if (!deadline.allows(delay, this.#now())) return { answered, effect }
        ;({ status, retryAfter } = answered)
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error
        if (!reads && error.sent) effect = effect === 'unknown' || !isHarmless(error) ? 'unknown' : 'none'
        const failure = this.#failed(prepared, deadline, error, effect, redactorFor(prepared, token))
        if (last || !failure.retryable || !(reads || isHarmless(error))) throw failure.error
        if (!deadline.allows(this.#delay(retry, undefined, undefined), this.#now())) throw failure.error
      }
      try {
        await this.#sleep(this.#delay(retry, status, retryAfter), deadline.signal)
      } catch (error) {
        throw this.#ended(prepared, deadline, effect, error)
      }
    }
  }

  #delay(retry: number, status: number | undefined, retryAfter: string | undefined): number {
    return retryDelay({ retry, status, retryAfter, now: this.#now(), random: this.#random() })
  }

  /** Follows one redirect, as the Go client does for a standby that points to the active node; never to plain HTTP. */
  async #exchange(prepared: Prepared, token: Sensitive<string>, signal: AbortSignal): Promise<Answered> {
    const answered = await this.#send(prepared, prepared.url, token, signal)
    if (!REDIRECTS.has(answered.status) || answered.location === undefined) return answered
    const target = parseUrl(answered.location, prepared.url)
    const safe = target?.protocol === 'https:' || target?.protocol === prepared.url.protocol
    return target !== undefined && safe ? this.#send(prepared, target, token, signal) : answered
  }

  async #send(prepared: Prepared, url: URL, token: Sensitive<string>, signal: AbortSignal): Promise<Answered> {
    const clear = token.reveal()
    const answered = await this.#carrier.exchange({
      origin: url.origin,
      method: prepared.verb,
      path: `${url.pathname}${url.search}`,
      headers: clear === '' ? prepared.headers : { ...prepared.headers, 'x-vault-token': clear },
      body: prepared.body,
      signal,
    })
    if (answered.status === 429) this.pace.refused()
    else this.pace.answered(answered.ms)
    return answered
  }

  #failed(
    prepared: Prepared,
    deadline: Deadline,
    error: ExchangeError,
    effect: VaultEffect,
    redact: Redact,
  ): { error: unknown; retryable: boolean } {
    if (error.kind === 'aborted')
      return { error: this.#ended(prepared, deadline, effect, error.cause), retryable: false }
    const where = `${prepared.method} ${prepared.path}`
    if (error.kind === 'too-large') {
      const text = `${where}: the answer is larger than ${this.#maxResponseBytes} bytes and was dropped; raise maxResponseBytes if it should be`
      return { error: new VaultError('vault-too-large', text, prepared, { effect }), retryable: false }
    }
    const failure = explainFailure(error.cause, error.sent)
    const text = redact(`${where}: cannot reach Vault at ${this.address}: ${failure.text}`)
    const details = { effect, cause: error.cause }
    return { error: new VaultError(failure.code, text, prepared, details), retryable: failure.retryable }
  }

  /** The caller's own reason, or 'vault-timeout'. */
  #ended(prepared: Prepared, deadline: Deadline, effect: VaultEffect, reason: unknown): unknown {
    if (deadline.byCaller) return deadline.signal.reason
    if (!deadline.signal.aborted) return reason
    const advice =
      effect === 'unknown'
        ? 'it may have been done: read before writing again'
        : 'raise VAULT_CLIENT_TIMEOUT or try again'
    const text = `${prepared.method} ${prepared.path}: no answer from ${this.address} within ${this.#timeoutMs} ms; ${advice}`
    return new VaultError('vault-timeout', text, prepared, { effect })
  }
}

/** For `pace`, where a server may be far away and many requests go to it. */
export function newPace(): Pace {
  return new Pace({ least: CONNECTIONS, most: MOST_CONNECTIONS })
}

function fixedPace(connections: number): Pace {
  return new Pace({ least: connections, most: connections })
}

function judge(prepared: Prepared, token: Sensitive<string>, attempted: Attempted): VaultAnswer {
  return judgeAnswer(attempted.answered, prepared, attempted.effect, redactorFor(prepared, token))
}

/** Built when the first text needs it: most answers have none. */
function redactorFor(prepared: Prepared, token: Sensitive<string>): Redact {
  let redact: Redact | undefined
  return (text, longest) => {
    redact ??= redactor([token, ...prepared.secrets()])
    return redact(text, longest)
  }
}

function isHarmless(error: ExchangeError): boolean {
  return error.kind === 'failed' ? explainFailure(error.cause, error.sent).beforeEffect : !error.sent
}

function stringsIn(value: Json): Sensitive<string>[] {
  if (typeof value === 'string') return [sensitive(value)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

function parseAddress(address: string): string {
  const url = parseUrl(address)
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw badSetting('address', 'the Vault address must be a URL such as https://vault.example.com:8200')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw badSetting('address', 'the Vault address may hold no user, password, query or fragment')
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function parseUrl(text: string, base?: URL): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined
}

function atLeast(setting: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw badSetting(setting, `${setting} must be a number of at least ${least}`)
}

function badSetting(setting: string, message: string): VaultUsageError {
  return new VaultUsageError('vault-setting', setting, message)
}
