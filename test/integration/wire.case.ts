/**
 * Requests as bytes, for what `fetch` tidies on the way: dot segments, verbs that it does not know, broken headers, pieces
 * of a message. Over plain TCP, to a server that speaks HTTP/1.1.
 */
import { connect } from 'node:net'

export interface WireAnswer {
  readonly status: number
  /** Lines of the head, as they came. */
  readonly head: string
  readonly body: string
}

export interface WireOptions {
  /** Bytes go out when the pieces before them have been sent, `betweenMs` later; 0: when the kernel took them. */
  readonly betweenMs?: number
  /** Ends when so many whole answers are there, or the peer closes. Default 1. */
  readonly answers?: number
  /** Ends as well when nothing came for so long. Default 20,000. */
  readonly quietMs?: number
}

/**
 * Sends the pieces on one connection and gives what came back. A piece that is a list of pieces goes out when all that
 * went out before it has been answered.
 */
export async function exchange(
  address: string,
  pieces: readonly (string | Buffer | readonly string[])[],
  { betweenMs = 0, answers = 1, quietMs = 20_000 }: WireOptions = {},
): Promise<WireAnswer[]> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  const received: Buffer[] = []
  let arrived = (): void => undefined
  return new Promise((resolve, reject) => {
    const end = (): void => {
      socket.destroy()
      resolve(answersIn(Buffer.concat(received)))
    }
    socket.setTimeout(quietMs, end)
    socket.on('data', (chunk) => {
      received.push(chunk)
      if (answersIn(Buffer.concat(received)).length >= answers) end()
      arrived()
    })
    socket.on('close', () => {
      end()
      arrived()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The peer closed while something was still on its way to it.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') end()
      else reject(error)
    })
    void (async () => {
      const send = async (bytes: string | Buffer): Promise<void> => {
        if (socket.destroyed) return
        await new Promise<void>((sent) => socket.write(bytes, () => sent()))
        if (betweenMs > 0) await new Promise((next) => setTimeout(next, betweenMs))
      }
      for (const [index, piece] of pieces.entries()) {
        if (typeof piece === 'string' || Buffer.isBuffer(piece)) {
          await send(piece)
          continue
        }
        while (!socket.destroyed && answersIn(Buffer.concat(received)).length < index) {
          await new Promise<void>((next) => {
            arrived = next
          })
        }
        for (const part of piece) await send(part)
      }
    })()
  })
}

/** Whole answers; those of an interim status (100) are no answers. */
function answersIn(bytes: Buffer): WireAnswer[] {
  const answers: WireAnswer[] = []
  let at = 0
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1) return answers
    const head = bytes.toString('latin1', at, headEnd)
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(status)) throw new Error(`no status line where one belongs: ${JSON.stringify(head.slice(0, 60))}`)
    at = headEnd + 4
    if (status < 200) continue
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? '0')
    if (bytes.length < at + length) return answers
    answers.push({ status, head, body: bytes.toString('utf8', at, at + length) })
    at += length
  }
}

export interface WireRequest {
  readonly method: string
  /** The request target as it goes out. */
  readonly target: string
  readonly token: string
  readonly headers?: readonly string[]
  readonly body?: string
}

/** One request, with its length. */
export function message({ method, target, token, headers = [], body }: WireRequest): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: vault',
    ...(token === '' ? [] : [`X-Vault-Token: ${token}`]),
    ...headers,
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`
}

/** The one answer to one request. @throws when there is none */
export async function ask(address: string, request: WireRequest): Promise<WireAnswer> {
  const [answer] = await exchange(address, [message(request)])
  if (answer === undefined) throw new Error(`no answer to ${request.method} ${request.target}`)
  return answer
}
