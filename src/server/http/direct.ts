/**
 * The HTTP API without the wire, for a client in the server's own process: a request in the form of HTTP goes the way of
 * every other one (path, limits, token, policy, audit) and is answered in the same form. Only sockets are left out, which
 * cost more than everything else when one process is at both ends of ten thousand of them.
 */
import type { Core, CoreReply } from '../core/index.ts'
import { decodeBody } from './body.ts'
import { readHead, refusal } from './request.ts'

export interface DirectRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface DirectAnswer {
  readonly status: number
  readonly text: string
}

export interface DirectOptions {
  /** In bytes. */
  readonly maxBodyBytes: number
  readonly onInternalError: (error: unknown) => void
}

/** Never rejects. */
export function answerDirectly(
  core: Core,
  { maxBodyBytes, onInternalError }: DirectOptions,
): (request: DirectRequest) => Promise<DirectAnswer> {
  const answer = async ({ method, path, headers, body }: DirectRequest): Promise<DirectAnswer> => {
    const head = readHead({ method, url: path, headers, ...SELF })
    if (head.kind === 'refused') return inText(head.reply)
    const { request, body: kind } = head
    if (kind !== 'document' || body === undefined) return inText(await core.handle(request))
    const bytes = Buffer.from(body)
    const decoded = decodeBody(bytes.length > maxBodyBytes ? 'too-large' : bytes, request.contentType)
    if (decoded.kind === 'refused') return inText(refusal(decoded.status, decoded.text))
    return inText(await core.handle(decoded.kind === 'none' ? request : { ...request, body: decoded.data }))
  }
  return async (request) => {
    try {
      return await answer(request)
    } catch (error) {
      onInternalError(error)
      return { status: 500, text: INTERNAL_ERROR }
    }
  }
}

export const INTERNAL_ERROR = '{"errors":["internal error"]}\n'

/** How it looks in the audit log. Port 0 is no socket. */
const SELF = { remoteAddress: '127.0.0.1', remotePort: 0, openMetrics: false } as const

function inText(reply: CoreReply): DirectAnswer {
  // Nothing has been asked of the stream, so it holds nothing.
  const { status, body } = reply.stream === undefined ? reply : refusal(400, 'this is answered over HTTP alone')
  return { status, text: body ?? '' }
}
