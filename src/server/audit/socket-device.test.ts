import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { AuditWriteError } from './line-sink.ts'
import { createSocketDevice } from './socket-device.ts'

/** What a test opened, closed after it. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

interface Collector {
  readonly port: number
  readonly text: () => string
  readonly connections: Socket[]
  close(): Promise<void>
}

async function collector(where: { path: string } | { port: number }, pause = false): Promise<Collector> {
  let text = ''
  const connections: Socket[] = []
  const server: Server = createServer((socket) => {
    connections.push(socket)
    if (pause) socket.pause()
    else socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', ...where }, resolve))
  const close = (): Promise<void> => {
    for (const connection of connections) connection.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  opened.push(close)
  return { port: (server.address() as AddressInfo | null)?.port ?? 0, text: () => text, connections, close }
}

function device(options: Parameters<typeof createSocketDevice>[0]) {
  const sink = createSocketDevice(options)
  opened.push(() => sink.close())
  return sink
}

const tcp = (port: number, timeoutMs = 2000) => device({ address: { kind: 'tcp', host: '127.0.0.1', port }, timeoutMs })

describe('the socket device', () => {
  it('sends lines over TCP, many over one connection', async () => {
    const { port, text, connections } = await collector({ port: 0 })
    const sink = tcp(port)
    await Promise.all([sink.write('one\n'), sink.write('two\n')])
    await sink.write('three\n')
    await expect.poll(text).toBe('one\ntwo\nthree\n')
    expect(connections).toHaveLength(1)
  })

  it('sends lines to a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plenum-socket-'))
    opened.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'audit.sock')
    const { text } = await collector({ path })
    await device({ address: { kind: 'unix', path }, timeoutMs: 2000 }).write('one\n')
    await expect.poll(text).toBe('one\n')
  })

  it('sends one line a datagram over UDP', async () => {
    const receiver = createSocket('udp4')
    opened.push(() => receiver.close())
    const got: string[] = []
    receiver.on('message', (message) => got.push(message.toString()))
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve))
    const { port } = receiver.address()
    const sink = device({ address: { kind: 'udp', host: '127.0.0.1', port }, timeoutMs: 2000 })
    await Promise.all([sink.write('one\n'), sink.write('three\ntwo\n')])
    await expect.poll(() => got.toSorted()).toEqual(['one\n', 'three\n', 'two\n'])
    await expect(sink.write(`${'x'.repeat(70_000)}\n`)).rejects.toThrow('EMSGSIZE')
    await sink.write('four\n')
    await expect.poll(() => got).toHaveLength(4)
  })

  it('connects once more when the other end has closed the connection', async () => {
    const first = await collector({ port: 0 })
    const sink = tcp(first.port)
    await sink.write('one\n')
    await expect.poll(first.text).toBe('one\n')
    await first.close()
    const second = await collector({ port: first.port })
    await sink.write('two\n')
    await expect.poll(second.text).toBe('two\n')
  })

  it('S44: rejects while nobody listens, and sends again when somebody does', async () => {
    const first = await collector({ port: 0 })
    await first.close()
    const sink = tcp(first.port)
    await expect(sink.write('one\n')).rejects.toThrow(
      `cannot write the audit socket tcp 127.0.0.1:${first.port}: connect ECONNREFUSED`,
    )
    await expect(sink.write('two\n')).rejects.toBeInstanceOf(AuditWriteError)
    const second = await collector({ port: first.port })
    await sink.write('three\n')
    await expect.poll(second.text).toBe('three\n')
  })

  it('S44: rejects when a collector hangs, after the time it may take', async () => {
    const { port } = await collector({ port: 0 }, true)
    const sink = tcp(port, 100)
    const line = `${'x'.repeat(1 << 20)}\n`
    const outcome = await Promise.allSettled(Array.from({ length: 32 }, () => sink.write(line)))
    expect(outcome[0]).toMatchObject({ status: 'rejected', reason: { code: 'audit-write' } })
    expect(outcome[0]).toHaveProperty('reason.message', expect.stringContaining('it took longer than 100 ms'))
  })

  it('connects anew when told to', async () => {
    const { port, text, connections } = await collector({ port: 0 })
    const sink = tcp(port)
    await sink.write('one\n')
    sink.reopen()
    await sink.write('two\n')
    await expect.poll(text).toBe('one\ntwo\n')
    expect(connections).toHaveLength(2)
  })
})
