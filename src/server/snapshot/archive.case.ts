/** Archives taken apart and put together again, for tests that alter them. */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { archiveEnd, BLOCK, fileHeader, paddingOf, parseHeader } from './tar.ts'

export interface NamedFile {
  readonly name: string
  readonly content: Buffer
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

/** In pieces of `size` bytes, as a network may deliver them. */
export async function* inPieces(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export function unpack(archive: Buffer): NamedFile[] {
  const bytes = gunzipSync(archive)
  const files: NamedFile[] = []
  for (let at = 0; ; ) {
    const head = parseHeader(bytes.subarray(at, at + BLOCK))
    if (head === undefined) throw new Error(`no header at ${at}`)
    if (head === 'end') return files
    const start = at + BLOCK
    files.push({ name: head.name, content: bytes.subarray(start, start + head.size) })
    at = start + head.size + paddingOf(head.size)
  }
}

export function pack(files: readonly NamedFile[]): Buffer {
  const pieces = files.flatMap(({ name, content }) => [
    fileHeader({ name, size: content.length }, 0),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ])
  return gzipSync(Buffer.concat([...pieces, archiveEnd()]))
}

/** With other content in one file, and sums that agree with it: what somebody without the key can do. */
export function forged(archive: Buffer, name: string, change: (content: Buffer) => Buffer): Buffer {
  const files = unpack(archive).map((file) => (file.name === name ? { name, content: change(file.content) } : file))
  const sums = files
    .filter((file) => !file.name.startsWith('SHA256SUMS'))
    .map((file) => `${createHash('sha256').update(file.content).digest('hex')}  ${file.name}\n`)
    .join('')
  return pack(files.map((file) => (file.name === 'SHA256SUMS' ? { ...file, content: Buffer.from(sums) } : file)))
}
