/**
 * The HTTP front: verbs, paths, headers, bodies and limits, into a `CoreRequest`; a `CoreReply` back onto the wire; the
 * same at every listener.
 *
 * Invariant: nothing here decides about access, and no answer leaves before the core has given it, which is after the
 * audit entry is written. Content-Type is exactly `application/json`, which hvac compares (vault-api 1.1).
 *
 * Not here: HTTP/2.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Core, CoreReply } from '../core/index.ts'
import { decodeBody, readBody } from './body.ts'
import { judgeOrigin } from './cors.ts'
import { INTERNAL_ERROR } from './direct.ts'
import type { FaultSource } from './fault.ts'
import { type Source, sourceOf } from './forwarded.ts'
import { acceptListVerb, speaksList } from './list-verb.ts'
import { ListenError, type Listener, placeOf, type TcpListener, type TlsSettings } from './listener.ts'
import { bind, createHttpServer, renewPair, REQUEST_TIMEOUT_MS } from './open.ts'
import { NO_ERRORS, readHead, refusal } from './request.ts'
import { sendStream } from './stream.ts'
import { MOST_UPLOAD_BYTES, uploadOf } from './upload.ts'

export interface HttpOptions {
  /** At least one. */
  readonly listeners: readonly Listener[]
  /** Called for an error that is a bug here, with the request id. The client sees a bare 500. */
  readonly onInternalError?: (error: unknown, where: string) => void
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

export const MOST_BODY_BYTES: number = 32 * 1024 * 1024
const STOP_WITHIN_MS = 10_000

/** Whether the server is stopping: every answer then closes its connection. */
interface Stop {
  begun: boolean
}

/** What one listener asks of a request. */
interface Rules {
  readonly listener: Listener
  readonly stop: Stop
  /** Headers of every answer, beside the body's. */
  readonly headers: readonly string[]
  readonly faults: FaultSource | undefined
}

/** @throws {ListenError} when one of the listeners cannot be opened; then none is. */
export async function listen(core: Core, options: HttpOptions): Promise<HttpFront> {
  const report = options.onInternalError ?? (() => undefined)
  const stop: Stop = { begun: false }
  const servers: Server[] = []
  /** The last request of a connection: Node would carry out those of a pipelining client at once, and out of order. */
  const answering = new WeakMap<object, Promise<void>>()
  const close = async (): Promise<void> => {
    stop.begun = true
    await Promise.all(servers.map((server) => stopServer(server, options.stopWithinMs ?? STOP_WITHIN_MS)))
  }
  const addresses: string[] = []
  try {
    for (const listener of options.listeners) {
      const server = createHttpServer(listener)
      const secure = listener.kind === 'tcp' && listener.tls !== undefined
      const headers = secure ? [...NO_STORE, ...ONLY_TLS] : NO_STORE
      const rules: Rules = { listener, stop, headers, faults: options.testOnlyFaults }
      server.on('request', (message, response) => {
        const before = answering.get(message.socket)
        const answer = (): Promise<void> =>
          serve(core, message, response, rules).catch((error: unknown) => {
            report(error, message.method ?? '')
            reply(response, { status: 500, body: INTERNAL_ERROR }, rules)
          })
        answering.set(message.socket, before === undefined ? answer() : before.then(answer))
      })
      acceptListVerb(server, secure ? 'secureConnection' : 'connection', refuseUnparsable)
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
  const { listener } = rules
  const source = remoteOf(message, listener)
  if (source.kind === 'refused') {
    reply(response, refusal(400, source.text), rules)
    return
  }
  const { socket } = message
  const cross = judgeOrigin(core.cors, {
    method: message.method ?? '',
    origin: message.headers.origin,
    requestedMethod: message.headers['access-control-request-method'],
  })
  for (const [name, value] of cross.headers) response.setHeader(name, value)
  if (cross.kind === 'answer') {
    reply(response, cross.reply, rules)
    return
  }
  const head = readHead({
    method: message.method ?? '',
    url: message.url ?? '/',
    headers: message.headers,
    remoteAddress: source.address,
    remotePort: socket.remotePort ?? 0,
    speaksList: speaksList(socket),
  })
  if (head.kind === 'refused') {
    reply(response, head.reply, rules)
    return
  }
  const { request, body: kind } = head
  if (rules.faults !== undefined) {
    const fault = await rules.faults(request)
    if (fault?.kind === 'break') socket.destroy()
    if (fault?.kind === 'answer') reply(response, fault.reply, rules)
    if (fault !== undefined) return
  }
  if (kind === 'none') {
    const answer = core.handle(request)
    await send(response, answer instanceof Promise ? await inTime(answer, listener) : answer, rules)
    return
  }
  if (kind === 'upload') {
    // Its arrival is limited, by Node; what then happens to that much takes as long as it takes.
    const answer = await core.handle({ ...request, upload: uploadOf(message, MOST_UPLOAD_BYTES) })
    reply(response, answer, rules)
    // Read and dropped: a client that is still sending would else see a broken connection and no answer.
    message.resume()
    return
  }
  const bytes = await readBody(message, listener.maxBodyBytes ?? MOST_BODY_BYTES)
  if (bytes === 'broken-off') return
  const body = decodeBody(bytes, request.contentType)
  if (body.kind === 'refused') {
    // The rest of a body that is too large is not worth reading.
    if (body.status === 413) response.shouldKeepAlive = false
    reply(response, refusal(body.status, body.text), rules)
    return
  }
  const answer = core.handle(body.kind === 'none' ? request : { ...request, body: body.data })
  reply(response, answer instanceof Promise ? await inTime(answer, listener) : answer, rules)
}

function remoteOf({ headers, socket }: IncomingMessage, listener: Listener): Source {
  const peer = socket.remoteAddress ?? ''
  if (listener.kind === 'unix' || listener.forwardedFor === undefined) return { kind: 'address', address: peer }
  return sourceOf(listener.forwardedFor, peer, [headers['x-forwarded-for'] ?? []].flat().join(','))
}

/**
 * 504, which no client's own retries repeat: what was asked for may still be done. (Airflow repeats 500, 502 and 503.)
 */
async function inTime(
  answer: Promise<CoreReply>,
  { requestTimeoutMs = REQUEST_TIMEOUT_MS }: Listener,
): Promise<CoreReply> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<CoreReply>((resolve) => {
    timer = setTimeout(
      () => resolve(refusal(504, 'the request timed out; it may still be carried out')),
      requestTimeoutMs,
    )
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

async function send(response: ServerResponse, answer: CoreReply, rules: Rules): Promise<void> {
  if (answer.stream === undefined) {
    reply(response, answer, rules)
    return
  }
  if (rules.stop.begun) response.shouldKeepAlive = false
  await sendStream(response, answer.stream, {
    headers: [...rules.headers, ...(answer.headers ?? [])],
    stallMs: rules.listener.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  })
}

const NO_STORE: readonly string[] = ['Cache-Control', 'no-store']
const ONLY_TLS: readonly string[] = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']

function reply(response: ServerResponse, answer: CoreReply, { headers: fixed, stop }: Rules): void {
  const { status, body } = answer
  const headers = [...fixed, ...(answer.headers ?? [])]
  if (response.headersSent || response.destroyed) return
  if (stop.begun) response.shouldKeepAlive = false
  if (body === undefined) {
    response.writeHead(status, headers)
    response.end()
    return
  }
  response.writeHead(status, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    ...headers,
  ])
  response.end(body)
}

const UNPARSABLE: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
])

/** Answers what the parser refused, and closes: after a framing error nothing on this connection can be trusted (S47). */
function refuseUnparsable(error: Error, socket: Duplex): void {
  const reason = 'code' in error ? String(error.code) : ''
  // What is no error of HTTP is one of the connection: a TLS handshake that failed, a peer that is gone.
  if (!socket.writable || !/^(?:HPE|ERR_HTTP)_/.test(reason)) {
    socket.destroy()
    return
  }
  const status = UNPARSABLE.get(reason) ?? '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: ${NO_ERRORS.length}\r\n\r\n${NO_ERRORS}`,
  )
}
