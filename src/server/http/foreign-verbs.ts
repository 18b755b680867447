/**
 * LIST, SCAN and HELP: verbs of Vault's and OpenBao's clients that Node's HTTP parser refuses (nodejs/node#33699).
 *
 * Only a connection that sends one of them changes its path: Node reports where its parser stopped, this file takes the
 * socket back, and hands it to the server again as a stream whose first bytes are a verb that Node knows and no Vault
 * client sends. That stream's first request, and no other, is the foreign verb.
 *
 * Invariants: message boundaries stay Node's: a verb is foreign only when its first letter is where the parser says that
 * a message began. Answers keep the order of their requests: while one is still being answered, what comes behind it
 * waits, and no more of it is read than a stream's buffer holds. The parser that was left behind is given back, so that
 * none of its timers ever strikes the connection again.
 *
 * Not here: a verb whose first letters arrive in two packets (400, and the connection closes). No client sends one.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export type ForeignVerb = 'LIST' | 'SCAN' | 'HELP'

interface Disguise {
  readonly verb: ForeignVerb
  /** With the space that ends it, as it stands on the wire. */
  readonly start: Buffer
  readonly standIn: Buffer
  /** How many letters the parser takes before it stops: it has other verbs that begin alike (LINK, SEARCH, HEAD). */
  readonly taken: number
}

const disguise = (verb: ForeignVerb, standIn: string, taken: number): Disguise => ({
  verb,
  start: Buffer.from(`${verb} `),
  standIn: Buffer.from(`${standIn} `),
  taken,
})
const DISGUISES: readonly Disguise[] = [
  disguise('LIST', 'SEARCH', 2),
  disguise('SCAN', 'SOURCE', 1),
  disguise('HELP', 'REPORT', 2),
]

interface ParseError extends Error {
  readonly code?: string
  readonly bytesParsed?: number
  readonly rawPacket?: Buffer
}

/** A socket that was handed to the server a second time. */
class TakenConnection extends Duplex {
  readonly wire: Socket
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  #verb: ForeignVerb | undefined
  #ownsWire = true

  constructor(wire: Socket, verb: ForeignVerb, first: Buffer) {
    super({ allowHalfOpen: true })
    this.wire = wire
    this.#verb = verb
    this.remoteAddress = wire.remoteAddress
    this.remotePort = wire.remotePort
    this.push(first)
    wire.on('data', this.#onData)
    wire.on('end', this.#onEnd)
    wire.on('timeout', this.#onTimeout)
    wire.on('error', this.#onGone)
    wire.on('close', this.#onGone)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.wire.pause()
  }
  readonly #onEnd = (): void => {
    this.push(null)
  }
  readonly #onTimeout = (): void => {
    this.emit('timeout')
  }
  readonly #onGone = (): void => {
    this.destroy()
  }

  /** Reads nothing more: another connection does. Answers that are under way still go out here. */
  stopReading(): void {
    this.wire.off('data', this.#onData)
    this.wire.off('end', this.#onEnd)
    this.wire.off('timeout', this.#onTimeout)
  }

  /** Ends as if its peer were gone, and leaves the wire to another connection. */
  retire(): void {
    this.#ownsWire = false
    this.destroy()
  }

  /** What the first request says. Once. */
  takeVerb(): ForeignVerb | undefined {
    const verb = this.#verb
    this.#verb = undefined
    return verb
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
    this.stopReading()
    this.wire.off('error', this.#onGone)
    this.wire.off('close', this.#onGone)
    if (this.#ownsWire) this.wire.destroy()
    done(error)
  }

  // What node:http asks of a socket.
  setTimeout(milliseconds: number, onTimeout?: () => void): this {
    this.wire.setTimeout(milliseconds)
    if (onTimeout !== undefined) this.once('timeout', onTimeout)
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

/** The foreign verb that a request stands for. To be asked once a request, when it arrives. */
export function takeForeignVerb(socket: object): ForeignVerb | undefined {
  return socket instanceof TakenConnection ? socket.takeVerb() : undefined
}

/**
 * Takes over the connections that send foreign verbs. `refuse` answers everything else that cannot be parsed, and
 * closes. `event` is how the server learns of a connection that HTTP is spoken on: over TLS, `secureConnection`.
 */
export function acceptForeignVerbs(
  server: Server,
  event: 'connection' | 'secureConnection',
  refuse: (error: Error, socket: Duplex) => void,
): void {
  const underWay = new WeakMap<object, Set<IncomingMessage>>()
  /** What goes on, each time a request is answered, with a connection whose parser stopped. */
  const waiting = new WeakMap<object, () => void>()
  /** What somebody listened to before the server did: TLS to its own socket. */
  const own = new WeakMap<object, Listeners>()
  server.prependListener(event, (socket: Duplex) => {
    if (!(socket instanceof TakenConnection)) own.set(socket, listenersOf(socket))
  })
  server.on('request', (request, response) => {
    const { socket } = request
    const others = underWay.get(socket) ?? new Set()
    underWay.set(socket, others.add(request))
    response.once('close', () => {
      others.delete(request)
      waiting.get(socket)?.()
    })
  })
  /** Once all that came whole is answered. One that broke off in its body gets this answer itself. */
  const refuseInTurn = (error: Error, socket: Duplex): void => {
    if ([...(underWay.get(socket) ?? [])].some(({ complete }) => complete)) return
    waiting.delete(socket)
    refuse(error, socket)
  }
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    // What comes behind an error is part of nothing, or not that parser's any more.
    if (waiting.has(socket)) return
    const found = error.code === 'HPE_INVALID_METHOD' ? foreignRequest(error) : undefined
    if (found === undefined) {
      waiting.set(socket, () => refuseInTurn(error, socket))
      refuseInTurn(error, socket)
      return
    }
    const theirs = beside(own.get(socket) ?? [], listenersOf(socket))
    if (socket instanceof TakenConnection) socket.stopReading()
    else
      letGo(
        socket as Socket,
        theirs.filter(([name]) => READING.has(name)),
      )
    const wire = socket instanceof TakenConnection ? socket.wire : (socket as Socket)
    const connection = new TakenConnection(wire, found.verb, found.first)
    const goOn = (): void => {
      if ((underWay.get(socket)?.size ?? 0) > 0) return
      waiting.set(socket, NOTHING)
      // Never inside of the parser's own call.
      setImmediate(() => handOver(socket, theirs, connection, () => server.emit(event, connection)))
    }
    waiting.set(socket, goOn)
    goOn()
  })
}

/**
 * For a connection whose follower is there. It must know nothing: the first connection lives as long as the wire, and
 * would hold through the map every one that came after it.
 */
const NOTHING = (): void => undefined

/** From the refused request line on, with a verb that Node takes, when that line starts with a foreign one. */
function foreignRequest({ rawPacket, bytesParsed }: ParseError): { verb: ForeignVerb; first: Buffer } | undefined {
  if (rawPacket === undefined || bytesParsed === undefined) return undefined
  for (const { verb, start, standIn, taken } of DISGUISES) {
    const from = bytesParsed - taken
    const behind = from + start.length
    if (from >= 0 && rawPacket.subarray(from, behind).equals(start))
      return { verb, first: Buffer.concat([standIn, rawPacket.subarray(behind)]) }
  }
  return undefined
}

function handOver(before: Duplex, theirs: Listeners, connection: TakenConnection, serveAgain: () => void): void {
  const { wire } = connection
  // The answer before closes the connection: nothing behind it counts.
  if (before.writableEnded || before.destroyed || wire.writableEnded || wire.destroyed) {
    connection.stopReading()
    return
  }
  if (before instanceof TakenConnection) before.retire()
  else letGo(wire, theirs)
  wire.setTimeout(0)
  serveAgain()
}

/**
 * Ends the first parser's interest in the socket: what the server listened to is let go, and for its side the peer is
 * gone, so that its parser is given back.
 */
function letGo(wire: Socket, theirs: Listeners): void {
  for (const [event, listeners] of theirs) {
    for (const listener of listeners) {
      wire.off(event, listener)
      if (event === 'close') listener.call(wire)
    }
  }
}

type Listeners = readonly (readonly [event: string, listeners: readonly (() => void)[]])[]

const READING: ReadonlySet<string> = new Set(['data', 'end', 'pause', 'resume', 'timeout'])
const EVENTS = ['data', 'end', 'pause', 'resume', 'timeout', 'drain', 'error', 'close']

function listenersOf(socket: Duplex): Listeners {
  return EVENTS.map((event) => [event, socket.listeners(event) as (() => void)[]] as const)
}

/** What TLS listens to of its own socket stays. */
function beside(own: Listeners, all: Listeners): Listeners {
  return all.map(([event, listeners], index) => {
    const kept = own[index]?.[1] ?? []
    return [event, listeners.filter((listener) => !kept.includes(listener))] as const
  })
}
