/**
 * One HTTP exchange over pooled connections: bytes out, status and text back. The only file that touches undici, which
 * is loaded with the first exchange because that costs 0.1 s.
 *
 * Invariant: never more than `maxResponseBytes` of an answer in memory (counted while it arrives), and every failure
 * says whether the request may have left this machine.
 *
 * It knows nothing of Vault, tokens or retries. It does not use proxies of the environment and does not decompress.
 */
import type { Agent, Dispatcher } from 'undici'

export interface TransportOptions {
  readonly connections: number
  /** Longest wait for a connection including its TLS handshake, in ms. */
  readonly connectTimeoutMs: number
  readonly maxResponseBytes: number
  /** PEM. Replaces the built-in roots, as VAULT_CACERT does. */
  readonly caCert: string | undefined
  readonly clientCert: string | undefined
  readonly clientKey: string | undefined
  readonly tlsServerName: string | undefined
  readonly skipVerify: boolean
  /** In ms, from any moment on. */
  readonly now: () => number
}

export interface Exchange {
  readonly origin: string
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly signal: AbortSignal
}

/** Where exchanges go. */
export interface Carrier {
  exchange(exchange: Exchange): Promise<Answered>
  close(): Promise<void>
}

export interface Answered {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly location: string | undefined
  readonly text: string
  /** From sending on an open connection to the whole answer. */
  readonly ms: number
}

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly kind: 'failed' | 'aborted' | 'too-large'
  /** False when nothing of the request was sent. */
  readonly sent: boolean

  constructor(kind: 'failed' | 'aborted' | 'too-large', sent: boolean, cause: unknown) {
    super(`exchange ${kind}`, { cause })
    this.kind = kind
    this.sent = sent
  }
}

export class Transport implements Carrier {
  readonly #options: TransportOptions
  #agent: Promise<Agent> | undefined

  constructor(options: TransportOptions) {
    this.#options = options
  }

  async exchange(exchange: Exchange): Promise<Answered> {
    this.#agent ??= openAgent(this.#options)
    const agent = await this.#agent
    return new Promise((resolve, reject) => {
      const handler = new ExchangeHandler(exchange.signal, this.#options, resolve, reject)
      if (handler.settled) return
      const { origin, path, method, headers } = exchange
      agent.dispatch({ origin, path, method, headers, body: exchange.body ?? null }, handler)
    })
  }

  /** Waits for exchanges under way, then closes the connections. */
  async close(): Promise<void> {
    const agent = await this.#agent
    if (agent !== undefined && !agent.closed) await agent.close()
  }
}

async function openAgent(options: TransportOptions): Promise<Agent> {
  const { Agent } = await import('undici')
  const { caCert, clientCert, clientKey, tlsServerName } = options
  return new Agent({
    connections: options.connections,
    // The call's own deadline rules; undici's shorter ones would cut a long answer.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: options.connectTimeoutMs,
      rejectUnauthorized: !options.skipVerify,
      minVersion: 'TLSv1.2',
      ...(caCert === undefined ? {} : { ca: caCert }),
      ...(clientCert === undefined ? {} : { cert: clientCert }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    },
  })
}

/** Collects one answer. Settles once; whatever undici reports after that is ignored. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  settled = false
  readonly #signal: AbortSignal
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #resolve: (answered: Answered) => void
  readonly #reject: (error: ExchangeError) => void
  readonly #onAbort = (): void => this.#fail('aborted', this.#signal.reason)
  #controller: Dispatcher.DispatchController | undefined
  #sentAt = 0
  #status = 0
  #headers: Readonly<Record<string, string | string[] | undefined>> = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(
    signal: AbortSignal,
    { maxResponseBytes, now }: Pick<TransportOptions, 'maxResponseBytes' | 'now'>,
    resolve: (answered: Answered) => void,
    reject: (error: ExchangeError) => void,
  ) {
    this.#signal = signal
    this.#maxBytes = maxResponseBytes
    this.#now = now
    this.#resolve = resolve
    this.#reject = reject
    if (signal.aborted) this.#onAbort()
    else signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** undici calls this with a connected socket in hand, right before it writes the head of the request. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) {
      controller.abort(new Error('the call has ended'))
      return
    }
    this.#controller = controller
    this.#sentAt = this.#now()
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = status
    this.#headers = headers
    if (Number(first(headers['content-length']) ?? 0) > this.#maxBytes) this.#fail('too-large', undefined)
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.settled) return
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) this.#fail('too-large', undefined)
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (!this.#settle()) return
    this.#resolve({
      status: this.#status,
      retryAfter: first(this.#headers['retry-after']),
      location: first(this.#headers['location']),
      text: Buffer.concat(this.#chunks, this.#bytes).toString('utf8'),
      ms: this.#now() - this.#sentAt,
    })
  }

  onResponseError(_: unknown, error: Error): void {
    this.#fail('failed', error)
  }

  #fail(kind: ExchangeError['kind'], cause: unknown): void {
    if (!this.#settle()) return
    const sent = this.#controller !== undefined
    this.#reject(new ExchangeError(kind, sent, cause))
    this.#chunks = []
    if (kind !== 'failed') this.#controller?.abort(new Error('the call has ended'))
  }

  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    return true
  }
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
