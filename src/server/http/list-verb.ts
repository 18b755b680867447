/**
 * The LIST verb. hvac and curl users send it; Node's HTTP parser refuses it (nodejs/node#33699).
 *
 * Only a connection that sends LIST changes its path: Node reports the parse error, this file takes the socket back,
 * and hands it to the server again as a stream whose first bytes read `SEARCH` instead of `LIST`, a verb that Node
 * knows and no Vault client sends. The request handler maps it back, on such a connection only.
 *
 * Invariant: message boundaries stay Node's. Nothing here looks past the first four letters that the parser stopped
 * at. A LIST that is pipelined behind a request which is still being answered is refused, for its answer could
 * overtake; so is one whose four letters arrive in two packets (400, and the connection closes). A refusal waits for
 * the answers to what came whole before it, so that nobody takes it for one of them.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** What the handler sees instead of LIST, on a connection for which `speaksList` is true. */
export const LIST_STAND_IN = 'SEARCH'
const LIST = Buffer.from('LIST ')
const STAND_IN = Buffer.from(`${LIST_STAND_IN} `)

interface ParseError extends Error {
  readonly code?: string
  readonly bytesParsed?: number
  readonly rawPacket?: Buffer
}

/** A socket that was handed to the server a second time. */
class ListConnection extends Duplex {
  readonly wire: Socket
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined

  constructor(wire: Socket, first: Buffer) {
    super({ allowHalfOpen: true })
    this.wire = wire
    this.remoteAddress = wire.remoteAddress
    this.remotePort = wire.remotePort
    this.push(first)
    wire.on('data', this.#onData)
    wire.on('end', this.#onEnd)
    wire.on('error', this.#onGone)
    wire.on('close', this.#onGone)
    wire.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.wire.pause()
  }
  readonly #onEnd = (): void => {
    this.push(null)
  }
  readonly #onGone = (): void => {
    this.destroy()
  }

  /** Lets go of the wire, so that another connection can take it over. */
  release(): Socket {
    this.wire.off('data', this.#onData)
    this.wire.off('end', this.#onEnd)
    this.wire.off('error', this.#onGone)
    this.wire.off('close', this.#onGone)
    return this.wire
  }

  override _read(): void {
    this.wire.resume()
  }
  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.wire.write(chunk, encoding, (error) => done(error))
  }
  override _final(done: (error?: Error | null) => void): void {
    this.wire.end(() => done())
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.release().destroyed) this.wire.destroy()
    done(error)
  }

  // What node:http asks of a socket.
  setTimeout(milliseconds: number, onTimeout?: () => void): this {
    this.wire.setTimeout(milliseconds, onTimeout)
    return this
  }
  setKeepAlive(enable?: boolean, delay?: number): this {
    this.wire.setKeepAlive(enable, delay)
    return this
  }
  setNoDelay(noDelay?: boolean): this {
    this.wire.setNoDelay(noDelay)
    return this
  }
  get encrypted(): boolean {
    return 'encrypted' in this.wire
  }
}

/** Whether a request on this socket may mean LIST by `LIST_STAND_IN`. */
export function speaksList(socket: object): boolean {
  return socket instanceof ListConnection
}

/**
 * Takes over the connections that send LIST. `refuse` answers everything else that cannot be parsed, and closes.
 * `event` is how the server learns of a connection that HTTP is spoken on: over TLS, `secureConnection`.
 */
export function acceptListVerb(
  server: Server,
  event: 'connection' | 'secureConnection',
  refuse: (error: Error, socket: Duplex) => void,
): void {
  const underWay = new WeakMap<object, Set<IncomingMessage>>()
  const refusals = new WeakMap<object, () => void>()
  server.on('request', (request, response) => {
    const { socket } = request
    const others = underWay.get(socket) ?? new Set()
    underWay.set(socket, others.add(request))
    response.once('close', () => {
      others.delete(request)
      refusals.get(socket)?.()
    })
  })
  /** Once all that came whole is answered. One that broke off in its body gets this answer itself. */
  const refuseInTurn = (error: Error, socket: Duplex): void => {
    if ([...(underWay.get(socket) ?? [])].some(({ complete }) => complete)) return
    refusals.delete(socket)
    refuse(error, socket)
  }
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    // What comes behind an error is part of nothing.
    if (refusals.has(socket)) return
    const rest = error.code === 'HPE_INVALID_METHOD' ? refusedListRequest(error) : undefined
    if (rest === undefined || (underWay.get(socket)?.size ?? 0) > 0) {
      refusals.set(socket, () => refuseInTurn(error, socket))
      refuseInTurn(error, socket)
      return
    }
    forgetParser(socket)
    const wire = socket instanceof ListConnection ? socket.release() : takeBack(socket as Socket)
    const first = Buffer.concat([STAND_IN, rest.subarray(LIST.length)])
    server.emit(event, new ListConnection(wire, first))
  })
}

/** The bytes from the refused request line on, when that line starts with `LIST `. */
function refusedListRequest({ rawPacket, bytesParsed }: ParseError): Buffer | undefined {
  const start = rawPacket?.lastIndexOf(LIST, bytesParsed ?? 0) ?? -1
  return start === -1 ? undefined : rawPacket?.subarray(start)
}

/**
 * The parser that stopped takes its request for one that has begun and does not arrive: left among those that the server
 * looks after, it would cut the connection off when the time for a request is over.
 */
function forgetParser(socket: Duplex): void {
  const { parser } = socket as { parser?: { remove?(): void } | null }
  parser?.remove?.()
}

/** Ends the first parser's interest in the socket. Adding a `data` listener makes Node hand the bytes back to us. */
function takeBack(socket: Socket): Socket {
  for (const event of ['data', 'end', 'close', 'drain', 'timeout', 'error', 'pause', 'resume'] as const) {
    socket.removeAllListeners(event)
  }
  return socket
}
