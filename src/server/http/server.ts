/**
 * The HTTP front: verbs, paths, headers, bodies and limits, into a `CoreRequest`; a `CoreReply` back onto the wire.
 *
 * Invariant: nothing here decides about access, and no answer leaves before the core has given it, which is after the
 * audit entry is written. Content-Type is exactly `application/json`, which hvac compares (vault-api 1.1).
 *
 * Not here: TLS, several listeners.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Core, CoreReply } from '../core/index.ts'
import { decodeBody, readBody } from './body.ts'
import { judgeOrigin } from './cors.ts'
import { INTERNAL_ERROR } from './direct.ts'
import { acceptListVerb, speaksList } from './list-verb.ts'
import { NO_ERRORS, readHead, refusal } from './request.ts'

export interface HttpOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0 picks a free one. */
  readonly port: number
  /** Largest body. Default 32 MiB, in bytes. */
  readonly maxBodyBytes?: number
  /** Called for an error that is a bug here, with the request id. The client sees a bare 500. */
  readonly onInternalError?: (error: unknown, where: string) => void
}

export interface HttpFront {
  /** `http://127.0.0.1:8200` */
  readonly address: string
  /** Stops accepting, lets requests under way finish, closes idle connections. */
  close(): Promise<void>
}

/** The port is in use, or may not be used. */
export class ListenError extends Error {
  readonly code: 'listen-port-taken' | 'listen-refused'
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const MOST_BODY_BYTES: number = 32 * 1024 * 1024

/** @throws {ListenError} when the address cannot be listened on. */
export async function listen(core: Core, options: HttpOptions): Promise<HttpFront> {
  const host = options.host ?? '127.0.0.1'
  const maxBodyBytes = options.maxBodyBytes ?? MOST_BODY_BYTES
  const report = options.onInternalError ?? (() => undefined)

  // 1 MiB of headers, as Go allows; 90 s for a whole request (vault-api 1.1).
  const server = createServer({ maxHeaderSize: 1024 * 1024, requestTimeout: 90_000, keepAliveTimeout: 65_000 })
  server.on('request', (message, response) => {
    serve(core, message, response, maxBodyBytes).catch((error: unknown) => {
      report(error, message.method ?? '')
      reply(response, { status: 500, body: INTERNAL_ERROR })
    })
  })
  acceptListVerb(server, refuseUnparsable)
  await bind(server, host, options.port)

  const { port } = server.address() as AddressInfo
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
        server.closeIdleConnections()
      }),
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = `${host}:${port}`
      reject(
        cause.code === 'EADDRINUSE'
          ? new ListenError(
              'listen-port-taken',
              `${where} is taken by another process: stop it, or choose another port with --port`,
              { cause },
            )
          : new ListenError(
              'listen-refused',
              `cannot listen on ${where} (${cause.code ?? cause.message}): choose another address or port`,
              { cause },
            ),
      )
    })
    server.listen(port, host, resolve)
  })
}

async function serve(
  core: Core,
  message: IncomingMessage,
  response: ServerResponse,
  maxBodyBytes: number,
): Promise<void> {
  const { socket } = message
  const cross = judgeOrigin(core.cors, {
    method: message.method ?? '',
    origin: message.headers.origin,
    requestedMethod: message.headers['access-control-request-method'],
  })
  for (const [name, value] of cross.headers) response.setHeader(name, value)
  if (cross.kind === 'answer') {
    reply(response, cross.reply)
    return
  }
  const head = readHead({
    method: message.method ?? '',
    url: message.url ?? '/',
    headers: message.headers,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    speaksList: speaksList(socket),
  })
  if (head.kind === 'refused') {
    reply(response, head.reply)
    return
  }
  const { request, takesBody } = head
  if (!takesBody) {
    const answer = core.handle(request)
    reply(response, answer instanceof Promise ? await answer : answer)
    return
  }
  const body = decodeBody(await readBody(message, maxBodyBytes), request.contentType)
  if (body.kind === 'refused') {
    // The rest of a body that is too large is not worth reading.
    if (body.status === 413) response.shouldKeepAlive = false
    reply(response, refusal(body.status, body.text))
    return
  }
  reply(response, await core.handle(body.kind === 'none' ? request : { ...request, body: body.data }))
}

function reply(response: ServerResponse, { status, body, headers = [] }: CoreReply): void {
  if (response.headersSent || response.destroyed) return
  if (body === undefined) {
    response.writeHead(status, ['Cache-Control', 'no-store', ...headers])
    response.end()
    return
  }
  response.writeHead(status, [
    'Cache-Control',
    'no-store',
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    ...headers,
  ])
  response.end(body)
}

/** Answers what the parser refused, and closes: after a framing error nothing on this connection can be trusted (S47). */
function refuseUnparsable(error: Error, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status =
    'code' in error && error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: ${NO_ERRORS.length}\r\n\r\n${NO_ERRORS}`,
  )
}
