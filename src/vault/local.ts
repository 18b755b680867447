/** A server in this process, in the place of connections to one: the same exchanges without sockets. */
import { type Answered, type Carrier, type Exchange, ExchangeError } from './transport.ts'

/** Answers requests in the form of HTTP. Never rejects. */
export interface LocalServer {
  answer(request: Pick<Exchange, 'method' | 'path' | 'headers' | 'body'>): Promise<{
    readonly status: number
    readonly text: string
  }>
}

export interface LocalOptions {
  readonly maxResponseBytes: number
  /** In ms, from any moment on. */
  readonly now: () => number
}

export class LocalCarrier implements Carrier {
  readonly #server: LocalServer
  readonly #options: LocalOptions

  constructor(server: LocalServer, options: LocalOptions) {
    this.#server = server
    this.#options = options
  }

  async exchange({ method, path, headers, body, signal }: Exchange): Promise<Answered> {
    if (signal.aborted) throw new ExchangeError('aborted', false, signal.reason)
    const { maxResponseBytes, now } = this.#options
    const sentAt = now()
    const { status, text } = await untilAborted(this.#server.answer({ method, path, headers, body }), signal)
    // A text has no fewer bytes than characters.
    if (text.length > maxResponseBytes) throw new ExchangeError('too-large', true, undefined)
    return { status, text, retryAfter: undefined, location: undefined, ms: now() - sentAt }
  }

  async close(): Promise<void> {}
}

function untilAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new ExchangeError('aborted', true, signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
