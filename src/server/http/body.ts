/**
 * The body of a request: read up to the limit, then decoded into a JSON object (vault-api 1.5, 1.6).
 */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { JsonLimitError, type JsonObject, JsonSyntaxError, parseJson } from '../json/index.ts'

export type Body =
  | { readonly kind: 'object'; readonly data: JsonObject }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly text: string }

const TOO_LARGE: Body = { kind: 'refused', status: 413, text: 'http: request body too large' }

/** Resolves once the whole body is there, as soon as it is too large, or when it breaks off: then nobody waits for an answer. */
export function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer | 'too-large' | 'broken-off'> {
  const declared = Number(message.headers['content-length'] ?? '0')
  if (declared > maxBytes) return Promise.resolve('too-large')
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    message.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) {
        message.pause()
        resolve('too-large')
        return
      }
      chunks.push(chunk)
    })
    message.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)))
    message.on('error', () => resolve('broken-off'))
    message.on('aborted', () => resolve('broken-off'))
  })
}

/** JSON whatever the content type says, but for a form that does not look like JSON. An empty body is no data. */
export function decodeBody(bytes: Buffer | 'too-large', contentType: string): Body {
  if (bytes === 'too-large') return TOO_LARGE
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
