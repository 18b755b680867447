/**
 * The socket device: lines to a TCP, UDP or Unix stream socket, as Vault's.
 *
 * Invariants: no delivery takes longer than the time allowed for it, so a collector that hangs makes this device fail
 * instead of holding up the server. A connection that broke since the last delivery is made once more and the lines are
 * sent again: rather an entry twice than none.
 *
 * Taken means: the kernel took it. UDP tells nothing of a receiver that is not there.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { isIPv6, type NetConnectOpts, Socket } from 'node:net'
import { type BatchDevice, createBatchSink } from './batch-sink.ts'
import type { AuditSink } from './line-sink.ts'

export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface SocketDeviceOptions {
  readonly address: SocketAddress
  /** For connecting, and for each delivery. */
  readonly timeoutMs: number
}

/** Not connected yet: the first line does it. */
export function createSocketDevice({ address, timeoutMs }: SocketDeviceOptions): AuditSink {
  const open = (): Channel =>
    address.kind === 'udp' ? datagrams(address.host, address.port) : stream(toConnect(address))
  let channel: Channel | undefined

  function drop(): void {
    channel?.destroy()
    channel = undefined
  }

  async function send(lines: readonly string[]): Promise<void> {
    channel ??= open()
    const used = channel
    try {
      await within(timeoutMs, used.send(lines))
      if (used.broken()) drop()
    } catch (error) {
      drop()
      throw error
    }
  }

  const device: BatchDevice = {
    name: `the audit socket ${shown(address)}`,
    async send(lines) {
      if (channel?.broken() === true) drop()
      const kept = channel !== undefined
      try {
        await send(lines)
      } catch (error) {
        if (!kept) throw error
        await send(lines)
      }
    },
    reopen: drop,
    close: drop,
  }
  return createBatchSink(device)
}

interface Channel {
  send(lines: readonly string[]): Promise<void>
  /** Closed or failed: nothing more can be sent. */
  broken(): boolean
  destroy(): void
}

function stream(to: NetConnectOpts): Channel {
  let failed: Error | undefined
  const socket = new Socket()
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.on('error', (error) => {
      failed = error
      reject(error)
    })
    socket.on('close', () => {
      failed ??= new Error('the other end closed the connection')
      reject(failed)
    })
  })
  // Heard by whoever sends; a connection that fails between two deliveries must not end the process.
  opened.catch(() => undefined)
  // A collector says nothing worth reading, but its end of the connection must be noticed.
  socket.on('end', () => {
    failed ??= new Error('the other end closed the connection')
  })
  socket.resume()
  socket.connect(to)
  return {
    async send(lines) {
      await opened
      if (failed !== undefined) throw failed
      await new Promise<void>((resolve, reject) => {
        socket.write(lines.join(''), (error) => (error ? reject(error) : resolve()))
      })
    },
    broken: () => failed !== undefined,
    destroy: () => socket.destroy(),
  }
}

/** One line a datagram. */
function datagrams(host: string, port: number): Channel {
  let failed: Error | undefined
  const socket: DatagramSocket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.on('error', (error) => {
      failed = error
      reject(error)
    })
  })
  opened.catch(() => undefined)
  socket.connect(port, host)
  return {
    async send(lines) {
      await opened
      await Promise.all(
        eachLine(lines).map(
          (line) =>
            new Promise<void>((resolve, reject) => {
              socket.send(line, (error) => (error === null || error === undefined ? resolve() : reject(error)))
            }),
        ),
      )
    },
    broken: () => failed !== undefined,
    destroy: () => socket.close(),
  }
}

/** What comes together may be several lines: the two of a request. */
function eachLine(texts: readonly string[]): string[] {
  return texts.join('').split(/(?<=\n)/)
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined)
  }
}

function toConnect(address: Exclude<SocketAddress, { kind: 'udp' }>): NetConnectOpts {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
}

function shown(address: SocketAddress): string {
  switch (address.kind) {
    case 'unix':
      return `unix ${address.path}`
    case 'tcp':
    case 'udp':
      return `${address.kind} ${address.host}:${address.port}`
  }
}
