/**
 * One request of any HTTP version -> its answer: origin, head, body, core. Knows no socket and no protocol.
 *
 * Invariant: no answer is there before the core has given it, which is after the audit entry is written, and nothing here
 * decides about access. Content-Type of JSON is exactly `application/json`, which hvac compares (vault-api 1.1).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { Core, CoreReply, Flaw } from '../core/index.ts'
import type { ByteStream } from '../logical/index.ts'
import { type BodyBudget, ClientGone, decodeBody, readBody } from './body.ts'
import { judgeOrigin } from './cors.ts'
import type { FaultSource } from './fault.ts'
import { type Source, sourceOf } from './forwarded.ts'
import type { Listener } from './listener.ts'
import type { NoteMalformed } from './malformed.ts'
import { REQUEST_TIMEOUT_MS } from './open.ts'
import { readHead, refusal } from './request.ts'
import { MOST_UPLOAD_BYTES, uploadOf } from './upload.ts'

export const MOST_BODY_BYTES: number = 32 * 1024 * 1024

export interface Incoming {
  /** LIST, SCAN and HELP by their own names. */
  readonly method: string
  /** The request target with its query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Of the socket. */
  readonly peerAddress: string
  readonly peerPort: number
  readonly body: Readable
  /** Ends the connection without an answer. */
  readonly breakOff: () => void
  /** What is left for bodies where several arrive at once. */
  readonly budget?: BodyBudget
}

/** What a listener asks of its requests. */
export interface ListenerRules {
  readonly listener: Listener
  /** Makes requests fail on purpose. */
  readonly faults: FaultSource | undefined
  readonly noteMalformed: NoteMalformed
}

export interface Answer {
  readonly status: number
  /** Name, value, name, value: all but those about length and connection. */
  readonly headers: readonly string[]
  readonly body: string | undefined
  /** In place of `body`. */
  readonly stream: ByteStream | undefined
  /** What is left of the request is not worth reading. */
  readonly abandon: boolean
}

/** Rejects when the client goes away, and for bugs. */
export async function answerTo(core: Core, incoming: Incoming, rules: ListenerRules): Promise<Answer> {
  const { listener, faults } = rules
  const source = remoteOf(incoming, listener)
  if (source.kind === 'refused') {
    note('source', 400, incoming, rules)
    return answerOf(refusal(400, source.text), listener)
  }
  const { method, url, headers } = incoming
  const cross = judgeOrigin(core.cors, {
    method,
    origin: headers.origin,
    requestedMethod: headers['access-control-request-method'],
  })
  const extra = cross.headers.flat()
  if (cross.kind === 'answer') return answerOf(cross.reply, listener, extra)
  const head = readHead({
    method,
    url,
    headers,
    remoteAddress: source.address,
    remotePort: incoming.peerPort,
    openMetrics: listener.kind === 'tcp' && listener.openMetrics === true,
  })
  if (head.kind === 'refused') {
    if (head.flaw !== undefined) note(head.flaw, head.reply.status, incoming, rules)
    return answerOf(head.reply, listener, extra)
  }
  const { request, body: kind } = head
  const fault = faults === undefined ? undefined : await faults(request)
  if (fault?.kind === 'answer') return answerOf(fault.reply, listener, extra)
  if (fault?.kind === 'break') {
    incoming.breakOff()
    throw new ClientGone()
  }
  if (kind === 'none') {
    const reply = core.handle(request)
    return answerOf(reply instanceof Promise ? await inTime(reply, listener) : reply, listener, extra)
  }
  if (kind === 'upload') {
    // Its arrival is limited, by the listener; what then happens to that much takes as long as it takes.
    const reply = await core.handle({ ...request, upload: uploadOf(incoming.body, MOST_UPLOAD_BYTES) })
    // Read and dropped: a client that is still sending would else see a broken connection and no answer.
    incoming.body.resume()
    return answerOf(reply, listener, extra)
  }
  const most = listener.maxBodyBytes ?? MOST_BODY_BYTES
  const bytes = await readBody(incoming.body, headers['content-length'], most, incoming.budget)
  const body = decodeBody(bytes, request.contentType)
  if (body.kind === 'refused') {
    note('body', body.status, incoming, rules)
    const tooMuch = body.status === 413 || body.status === 429
    return { ...answerOf(refusal(body.status, body.text), listener, extra), abandon: tooMuch }
  }
  const reply = core.handle(body.kind === 'none' ? request : { ...request, body: body.data })
  return answerOf(reply instanceof Promise ? await inTime(reply, listener) : reply, listener, extra)
}

function note(flaw: Flaw, status: number, { peerAddress }: Incoming, { noteMalformed }: ListenerRules): void {
  noteMalformed({ flaw, status, code: '', address: peerAddress })
}

const NO_STORE: readonly string[] = ['Cache-Control', 'no-store']
const ONLY_TLS: readonly string[] = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']

export function answerOf(
  { status, body, stream, contentType = 'application/json', headers = [] }: CoreReply,
  listener: Listener,
  extra: readonly string[] = [],
): Answer {
  const secure = listener.kind === 'tcp' && listener.tls !== undefined
  return {
    status,
    body,
    stream,
    headers: [
      ...(body === undefined ? [] : ['Content-Type', contentType]),
      ...(stream === undefined ? [] : ['Content-Type', stream.contentType]),
      ...NO_STORE,
      ...(secure ? ONLY_TLS : []),
      ...extra,
      ...headers,
    ],
    abandon: false,
  }
}

function remoteOf({ headers, peerAddress }: Incoming, listener: Listener): Source {
  if (listener.kind === 'unix' || listener.forwardedFor === undefined) return { kind: 'address', address: peerAddress }
  return sourceOf(listener.forwardedFor, peerAddress, [headers['x-forwarded-for'] ?? []].flat().join(','))
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
