/**
 * The body of a request: read up to the limit, then decoded into a JSON object (vault-api 1.5, 1.6).
 */
import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { JsonLimitError, type JsonObject, JsonSyntaxError, parseJson } from '../json/index.ts'

export type Body =
  | { readonly kind: 'object'; readonly data: JsonObject }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly status: 400 | 413 | 429; readonly text: string }

const TOO_LARGE: Body = { kind: 'refused', status: 413, text: 'http: request body too large' }

const CROWDED: Body = { kind: 'refused', status: 429, text: 'too many bodies at once on this connection' }

/** What a connection may hold of bodies that are arriving, in bytes. */
export interface BodyBudget {
  left: number
}

/**
 * Resolves once the whole body is there, or as soon as it is too large, or there is no room for it. `declared` is its
 * Content-Length. Rejects when the client goes away.
 */
export function readBody(
  body: Readable,
  declared: string | undefined,
  maxBytes: number,
  budget?: BodyBudget,
): Promise<Buffer | 'too-large' | 'crowded'> {
  if (Number(declared ?? '0') > maxBytes) return Promise.resolve('too-large')
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    const stop = (): void => {
      if (budget !== undefined) budget.left += size
      size = 0
      chunks = []
      body.off('data', onData)
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (budget !== undefined) budget.left -= chunk.length
      const reason = size > maxBytes ? 'too-large' : budget !== undefined && budget.left < 0 ? 'crowded' : undefined
      if (reason === undefined) {
        chunks.push(chunk)
        return
      }
      body.pause()
      stop()
      resolve(reason)
    }
    const gone = (): void => {
      stop()
      reject(new ClientGone())
    }
    body.on('data', onData)
    body.on('end', () => {
      resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks))
      stop()
    })
    body.on('error', gone)
    body.on('close', gone)
  })
}

/** Nobody is there to be answered. */
export class ClientGone extends Error {
  constructor() {
    super('the client closed the connection')
  }
}

/** JSON whatever the content type says, but for a form that does not look like JSON. An empty body is no data. */
export function decodeBody(bytes: Buffer | 'too-large' | 'crowded', contentType: string): Body {
  if (bytes === 'too-large') return TOO_LARGE
  if (bytes === 'crowded') return CROWDED
  if (bytes.length === 0) return { kind: 'none' }
  if (!isUtf8(bytes)) return { kind: 'refused', status: 400, text: 'error parsing JSON' }
  const text = bytes.toString('utf8')
  if (isForm(contentType) && !/^\s*[{[]/.test(text)) return decodeForm(text)
  try {
    const value = parseJson(text)
    if (value === null) return { kind: 'none' }
    if (typeof value !== 'object' || Array.isArray(value) || Object.getPrototypeOf(value) !== null) {
      return { kind: 'refused', status: 400, text: 'error parsing JSON' }
    }
    return { kind: 'object', data: value as JsonObject }
  } catch (error) {
    if (error instanceof JsonSyntaxError) return { kind: 'refused', status: 400, text: 'error parsing JSON' }
    if (error instanceof JsonLimitError) {
      return { kind: 'refused', status: 400, text: `refused JSON input due to high complexity: ${error.message}` }
    }
    throw error
  }
}

function isForm(contentType: string): boolean {
  return contentType.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded'
}

function decodeForm(text: string): Body {
  const data = Object.create(null) as JsonObject
  for (const [name, value] of new URLSearchParams(text)) {
    const before = data[name]
    data[name] = typeof before === 'string' ? `${before},${value}` : value
  }
  return { kind: 'object', data }
}
