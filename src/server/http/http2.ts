/**
 * HTTP/2 on a TLS listener, for clients that ask for it by ALPN. What is asked and answered is `answer.ts`, as for every
 * other connection.
 *
 * Invariants: one connection holds at most so many requests at work, whatever it has reset (a reset frees its stream,
 * not the work that it began), and so many bytes of arriving bodies; one that resets or overruns again and again is ended
 * (CVE-2023-44487). A request has the same time to arrive and to be answered as over HTTP/1.1, and its answer as long to
 * be taken. Framing is nghttp2's: a length that does not fit, a header that HTTP/2 has not, a CR in a value end the
 * stream or the connection before anything here sees a request (S47).
 *
 * Not here: HTTP/2 without TLS.
 */
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Core } from '../core/index.ts'
import { type Answer, answerOf, answerTo, type ListenerRules, MOST_BODY_BYTES } from './answer.ts'
import { type BodyBudget, ClientGone } from './body.ts'
import { INTERNAL_ERROR } from './direct.ts'
import { IDLE_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './open.ts'
import { Patience } from './patience.ts'
import { refusal, refusalFor } from './request.ts'
import { sendStream } from './stream.ts'

/** Requests at work at once on one connection. Go's servers allow 250, browsers open one connection for each 100. */
const MOST_AT_WORK = 100
/** A header block, unpacked. Tokens are at most half of it. */
const MOST_HEADER_BYTES = 64 * 1024
/** How often a connection may reset or overrun: at once, and each second. */
const RESETS = { atOnce: 200, eachSecond: 20 }

/** Of Node, for what nghttp2 refuses. */
const OF_FRAMES = /^ERR_HTTP2_(?:ERROR|TOO_MANY_INVALID_FRAMES)$/

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants

export interface Http2Options {
  readonly core: Core
  readonly rules: ListenerRules
  readonly report: (error: unknown, where: string) => void
}

export interface Http2Side {
  /** Lets requests under way finish, for at most so many ms. */
  close(withinMs: number): void
}

/** What one connection has at work. */
interface Connection {
  readonly session: ServerHttp2Session
  readonly budget: BodyBudget
  readonly patience: Patience
  readonly peerAddress: string
  readonly peerPort: number
  atWork: number
}

/** Takes the connections that agreed on `h2` away from `server`, which goes on with all others. */
export function speakHttp2(server: SecureServer, options: Http2Options): Http2Side {
  const { rules } = options
  const { listener } = rules
  const sessions = new Set<ServerHttp2Session>()
  let closing = false
  const spoken = createServer({
    maxSessionMemory: 10,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    settings: { maxConcurrentStreams: MOST_AT_WORK, maxHeaderListSize: MOST_HEADER_BYTES },
  })
  // What goes wrong on a connection is its peer's, and the connection is over.
  spoken.on('sessionError', () => undefined)
  spoken.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    // Its handshake was under way when the server stopped.
    if (closing) session.close()
    const connection: Connection = {
      session,
      budget: { left: Math.max(2 * MOST_BODY_BYTES, listener.maxBodyBytes ?? 0) },
      patience: new Patience(RESETS, Date.now()),
      peerAddress: session.socket.remoteAddress ?? '',
      peerPort: session.socket.remotePort ?? 0,
      atWork: 0,
    }
    session.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      // Not those of the socket, nor what the peer says went wrong on its side.
      if (OF_FRAMES.test(code))
        rules.noteMalformed({ flaw: 'framing', status: 0, code, address: connection.peerAddress })
    })
    session.setTimeout(listener.idleTimeoutMs ?? IDLE_TIMEOUT_MS)
    session.on('timeout', () => {
      if (connection.atWork === 0) session.close()
    })
    session.on('stream', (stream, headers) => accept(connection, stream, headers, options))
  })
  const speakHttp1 = server.listeners('secureConnection') as ((this: SecureServer, socket: Duplex) => void)[]
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') spoken.emit('connection', socket)
    else for (const speak of speakHttp1) speak.call(server, socket)
  })
  return {
    close(withinMs) {
      closing = true
      for (const session of sessions) {
        session.close()
        const late = setTimeout(() => session.destroy(), withinMs)
        session.once('close', () => clearTimeout(late))
      }
    },
  }
}

function accept(
  connection: Connection,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  options: Http2Options,
): void {
  // A stream that breaks is its peer's doing; what was asked for is told by the answer.
  stream.on('error', () => undefined)
  const strike = (): void => {
    if (!connection.patience.strike(Date.now())) endUncalm(connection, options.rules)
  }
  // Reset before anybody looked at it.
  if (stream.destroyed || stream.closed) {
    strike()
    return
  }
  if (connection.atWork >= MOST_AT_WORK) {
    stream.close(NGHTTP2_REFUSED_STREAM)
    strike()
    return
  }
  stream.once('close', () => {
    if (!stream.writableFinished) strike()
  })
  connection.atWork += 1
  void serve(connection, stream, headers, options).finally(() => {
    connection.atWork -= 1
  })
}

function endUncalm({ session, peerAddress }: Connection, { noteMalformed }: ListenerRules): void {
  if (session.destroyed) return
  noteMalformed({ flaw: 'resets', status: 0, code: '', address: peerAddress })
  session.destroy(new Error('too many resets on one connection'), NGHTTP2_ENHANCE_YOUR_CALM)
}

/** Resolves when the answer is out, or nobody waits for it any more; and the work is done in either case. */
async function serve(
  { peerAddress, peerPort, budget }: Connection,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { core, rules, report }: Http2Options,
): Promise<void> {
  const { listener } = rules
  const method = headers[':method'] ?? ''
  const withinMs = listener.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  let answer: Answer
  try {
    answer = await Promise.race([
      lateBody(stream, withinMs, () => {
        rules.noteMalformed({ flaw: 'late', status: 408, code: '', address: peerAddress })
        return answerOf(refusal(408, undefined), listener)
      }),
      answerTo(
        core,
        {
          method,
          url: headers[':path'] ?? '',
          headers,
          peerAddress,
          peerPort,
          body: stream,
          budget,
          breakOff: () => stream.session?.destroy(),
        },
        rules,
      ),
    ])
  } catch (error) {
    if (!(error instanceof ClientGone) && !stream.destroyed) report(error, method)
    answer = answerOf({ status: 500, body: INTERNAL_ERROR }, listener)
  }
  if (stream.destroyed || stream.headersSent) return
  if (answer.stream === undefined) {
    await send(stream, answer, withinMs)
    return
  }
  try {
    const begin = (): void => stream.respond({ ...byName(answer.headers), ':status': answer.status })
    await sendStream(stream, answer.stream, { begin, stallMs: withinMs })
    await over(stream, withinMs)
  } catch (error) {
    const told = refusalFor(error)
    if (told === undefined) report(error, method)
    if (!stream.headersSent && !stream.destroyed)
      await send(stream, answerOf(told ?? { status: 500, body: INTERNAL_ERROR }, listener), withinMs)
  }
}

/** The answer to a body that has not arrived in time. Never, when it has. */
function lateBody(stream: ServerHttp2Stream, withinMs: number, answer: () => Answer): Promise<Answer> {
  return new Promise((resolve) => {
    if (stream.endAfterHeaders) return
    const timer = setTimeout(() => resolve(answer()), withinMs)
    stream.once('end', () => clearTimeout(timer))
    stream.once('close', () => clearTimeout(timer))
  })
}

/** Resolves when the stream is over. Whoever does not take the answer in time gets no more of it. */
function send(stream: ServerHttp2Stream, { status, headers, body }: Answer, withinMs: number): Promise<void> {
  const done = over(stream, withinMs)
  // What is left of the request is not read.
  stream.once('finish', () => {
    if (!stream.endAfterHeaders && !stream.readableEnded) stream.close(NGHTTP2_NO_ERROR)
  })
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  stream.respond({ ...byName(headers), ...length, ':status': status })
  // Ended already where the status or the method has no body.
  if (!stream.writableEnded) stream.end(body)
  return done
}

/** Resolves when nothing of the stream is left, or, cut off, after so long. */
function over(stream: ServerHttp2Stream, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) {
      resolve()
      return
    }
    const late = setTimeout(() => stream.close(NGHTTP2_CANCEL), withinMs)
    stream.once('close', () => {
      clearTimeout(late)
      resolve()
    })
  })
}

function byName(headers: readonly string[]): Record<string, string> {
  const named: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) named[(headers[at] ?? '').toLowerCase()] = headers[at + 1] ?? ''
  return named
}
