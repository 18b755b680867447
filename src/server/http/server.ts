/**
 * The HTTP front: a server of Node for each listener, and what it hands over to `answer.ts` and writes back; the same at
 * every listener. HTTP/1.1 here, HTTP/2 over TLS in `http2.ts`.
 *
 * Invariant: after something that cannot be parsed nothing on that connection is trusted (S47).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Core, MalformedRequest } from '../core/index.ts'
import { type Answer, answerOf, answerTo, type ListenerRules } from './answer.ts'
import { ClientGone } from './body.ts'
import { INTERNAL_ERROR } from './direct.ts'
import type { FaultSource } from './fault.ts'
import { acceptForeignVerbs, takeForeignVerb } from './foreign-verbs.ts'
import { type Http2Side, speakHttp2 } from './http2.ts'
import { ListenError, type Listener, placeOf, type TcpListener, type TlsSettings } from './listener.ts'
import { type NoteMalformed, tellingSome } from './malformed.ts'
import { bind, createHttpServer, renewPair, REQUEST_TIMEOUT_MS } from './open.ts'
import { NO_ERRORS, refusalFor } from './request.ts'
import { sendStream } from './stream.ts'

export interface HttpOptions {
  /** At least one. */
  readonly listeners: readonly Listener[]
  /** Called for an error that is a bug here, with the request id. The client sees a bare 500. */
  readonly onInternalError?: (error: unknown, where: string) => void
  /** Called for what is refused before it is any request. Not for each one of a flood. Default: nobody is told. */
  readonly onMalformed?: (request: MalformedRequest) => void
  /** How long requests under way may take once the server stops, in ms. Then their connections are cut. Default 10,000. */
  readonly stopWithinMs?: number
  /** Makes requests fail on purpose. */
  readonly testOnlyFaults?: FaultSource
}

export interface HttpFront {
  /** One a listener: `http://127.0.0.1:8200`, `https://[::1]:8200`, `unix:///run/plenum.sock`. */
  readonly addresses: readonly string[]
  /** See `EmbeddedServer.renewTls`. One a listener with TLS that lies where one of `listeners` does. */
  renewTls(listeners: readonly Listener[]): readonly TlsRenewal[]
  /** Stops accepting, lets requests under way finish, closes idle connections. */
  close(): Promise<void>
}

/** Of one listener. */
export type TlsRenewal =
  | { readonly kind: 'renewed'; readonly address: string }
  | { readonly kind: 'kept'; readonly address: string; readonly error: ListenError }

const STOP_WITHIN_MS = 10_000

/** Whether the server is stopping: every answer then closes its connection. */
interface Stop {
  begun: boolean
}

/** What one listener asks of a request. */
interface Rules extends ListenerRules {
  readonly stop: Stop
}

/** @throws {ListenError} when one of the listeners cannot be opened; then none is. */
export async function listen(core: Core, options: HttpOptions): Promise<HttpFront> {
  const report = options.onInternalError ?? (() => undefined)
  const noteMalformed = tellingSome(options.onMalformed ?? (() => undefined), Date.now)
  const stop: Stop = { begun: false }
  const servers: Server[] = []
  const spoken: Http2Side[] = []
  /** The last request of a connection: Node would carry out those of a pipelining client at once, and out of order. */
  const answering = new WeakMap<object, Promise<void>>()
  const close = async (): Promise<void> => {
    stop.begun = true
    const withinMs = options.stopWithinMs ?? STOP_WITHIN_MS
    for (const side of spoken) side.close(withinMs)
    await Promise.all(servers.map((server) => stopServer(server, withinMs)))
  }
  const addresses: string[] = []
  try {
    for (const listener of options.listeners) {
      const server = createHttpServer(listener)
      const secure = listener.kind === 'tcp' && listener.tls !== undefined
      const rules: Rules = { listener, stop, faults: options.testOnlyFaults, noteMalformed }
      server.on('request', (message, response) => {
        const before = answering.get(message.socket)
        const answer = (): Promise<void> =>
          serve(core, message, response, rules).catch((error: unknown) => {
            if (error instanceof ClientGone) return
            const told = refusalFor(error)
            if (told === undefined) report(error, message.method ?? '')
            reply(response, answerOf(told ?? { status: 500, body: INTERNAL_ERROR }, listener), rules)
          })
        answering.set(message.socket, before === undefined ? answer() : before.then(answer))
      })
      if (server instanceof SecureServer) spoken.push(speakHttp2(server, { core, rules, report }))
      acceptForeignVerbs(server, secure ? 'secureConnection' : 'connection', (error, socket) =>
        refuseUnparsable(error, socket, noteMalformed),
      )
      await bind(server, listener)
      servers.push(server)
      addresses.push(addressOf(server, listener))
    }
  } catch (error) {
    await close()
    throw error
  }
  const renewTls = (fresh: readonly Listener[]): TlsRenewal[] =>
    options.listeners.flatMap((listener, index): TlsRenewal[] => {
      const server = servers[index]
      const next = fresh.find((one) => placeOf(one) === placeOf(listener))
      if (!(server instanceof SecureServer) || listener.kind === 'unix') return []
      if (next === undefined || next.kind === 'unix' || next.tls === undefined) return []
      return [renewOne(server, listener, next.tls, addresses[index] ?? '')]
    })
  return { addresses, renewTls, close }
}

function renewOne(server: SecureServer, listener: TcpListener, tls: TlsSettings, address: string): TlsRenewal {
  try {
    renewPair(server, listener, tls)
    return { kind: 'renewed', address }
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    return { kind: 'kept', address, error }
  }
}

function addressOf(server: Server, listener: Listener): string {
  if (listener.kind === 'unix') return `unix://${listener.path}`
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : listener.port
  return `${listener.tls === undefined ? 'http' : 'https'}://${placeOf({ ...listener, port })}`
}

function stopServer(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => server.closeAllConnections(), withinMs)
    server.close((error) => {
      clearTimeout(late)
      if (error === undefined) resolve()
      else reject(error)
    })
    server.closeIdleConnections()
  })
}

async function serve(core: Core, message: IncomingMessage, response: ServerResponse, rules: Rules): Promise<void> {
  const { socket } = message
  const answer = await answerTo(
    core,
    {
      method: takeForeignVerb(socket) ?? message.method ?? '',
      url: message.url ?? '/',
      headers: message.headers,
      peerAddress: socket.remoteAddress ?? '',
      peerPort: socket.remotePort ?? 0,
      body: message,
      breakOff: () => socket.destroy(),
    },
    rules,
  )
  if (answer.stream === undefined) {
    reply(response, answer, rules)
    return
  }
  if (rules.stop.begun) response.shouldKeepAlive = false
  await sendStream(response, answer.stream, {
    begin: () => response.writeHead(answer.status, answer.headers as string[]),
    stallMs: rules.listener.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  })
}

function reply(response: ServerResponse, { status, headers, body, abandon }: Answer, { stop }: Rules): void {
  if (response.headersSent || response.destroyed) return
  if (abandon || stop.begun) response.shouldKeepAlive = false
  const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]
  response.writeHead(status, [...headers, ...length])
  response.end(body)
}

const LATE = 'ERR_HTTP_REQUEST_TIMEOUT'
const UNPARSABLE: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  [LATE, '408 Request Timeout'],
])

interface PeerSocket extends Duplex {
  readonly remoteAddress?: string | undefined
}

/** Answers what the parser refused, and closes: after a framing error nothing on this connection can be trusted (S47). */
function refuseUnparsable(
  { code = '' }: NodeJS.ErrnoException,
  socket: PeerSocket,
  noteMalformed: NoteMalformed,
): void {
  const { remoteAddress: address = '' } = socket
  // What is no error of HTTP is one of the connection: a TLS handshake that failed, a peer that is gone.
  if (!socket.writable || !/^(?:HPE|ERR_HTTP)_/.test(code)) {
    if (/^ERR_(?:SSL|TLS)_/.test(code)) noteMalformed({ flaw: 'tls', status: 0, code, address })
    socket.destroy()
    return
  }
  const status = UNPARSABLE.get(code) ?? '400 Bad Request'
  noteMalformed({ flaw: code === LATE ? 'late' : 'framing', status: Number.parseInt(status, 10), code, address })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: ${NO_ERRORS.length}\r\n\r\n${NO_ERRORS}`,
  )
}
