import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { sendStream } from './stream.ts'

const PIECE = Buffer.alloc(64 * 1024, 'x')

interface Source {
  given: number
  ended: boolean
}

/** Without end unless `pieces` says so. */
async function* pieces(source: Source, count = Number.POSITIVE_INFINITY, failure?: Error): AsyncGenerator<Buffer> {
  try {
    while (source.given < count) {
      source.given += 1
      yield PIECE
    }
    if (failure !== undefined) throw failure
  } finally {
    source.ended = true
  }
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A server that answers everything with the stream; the answer to one request, and how sending it ended. */
async function ask(chunks: AsyncIterable<Uint8Array>, stallMs = 60_000) {
  let settle: (sent: Promise<unknown>) => void
  const sent = new Promise<unknown>((resolve) => {
    settle = resolve
  })
  const server = createServer((_, response) => {
    const begin = (): unknown => response.writeHead(200, { 'Content-Type': 'application/gzip', 'X-A': 'b' })
    const done = sendStream(response, { contentType: 'application/gzip', chunks }, { begin, stallMs })
    settle(
      done.catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500).end()
        return error
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, host: '127.0.0.1' }, resolve).on('error', reject)
  })
  return { message, sent }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a streamed answer', () => {
  it('arrives whole, with its own type', async () => {
    const source = { given: 0, ended: false }
    const { message, sent } = await ask(pieces(source, 20))
    let bytes = 0
    for await (const chunk of message) bytes += (chunk as Buffer).length
    expect(bytes).toBe(20 * PIECE.length)
    expect(message.headers).toMatchObject({ 'content-type': 'application/gzip', 'x-a': 'b' })
    expect(await sent).toBeUndefined()
    expect(source.ended).toBe(true)
  })

  it('waits for a client that takes nothing, and lets go of one that takes nothing for too long', async () => {
    const source = { given: 0, ended: false }
    const { message, sent } = await ask(pieces(source), 300)
    message.on('error', () => undefined)
    message.pause()
    expect(await sent).toBeUndefined()
    expect(source.ended).toBe(true)
    // What the sockets hold, and no more: it would have been endless.
    expect(source.given).toBeLessThan(1000)
  })

  it('ends with the client that goes away', async () => {
    const source = { given: 0, ended: false }
    const { message, sent } = await ask(pieces(source))
    message.on('error', () => undefined)
    await until(() => source.given > 2)
    message.destroy()
    expect(await sent).toBeUndefined()
    expect(source.ended).toBe(true)
  })

  it('is cut off, and not short, when its maker fails', async () => {
    const source = { given: 0, ended: false }
    const { message, sent } = await ask(pieces(source, 3, new Error('no more')))
    const read = async (): Promise<void> => {
      for await (const chunk of message) void chunk
    }
    await expect(read()).rejects.toThrow(/aborted/)
    expect(await sent).toEqual(new Error('no more'))
  })

  it('leaves room for another answer when its maker fails at once', async () => {
    const { message, sent } = await ask(pieces({ given: 0, ended: false }, 0, new Error('nothing')))
    message.resume()
    expect(message.statusCode).toBe(500)
    expect(await sent).toEqual(new Error('nothing'))
  })
})
