/**
 * `GET /healthz` and `GET /metrics`, on a local port. Says how sync is and nothing of what it moves; no other path, no
 * other method, no body is read.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SyncStatus } from '../../sync/index.ts'
import type { ListenPlace } from '../arguments.ts'
import { CommandError } from '../failure.ts'

export interface StatusListener {
  readonly url: string
  close(): Promise<void>
}

/** @throws {CommandError} 'listen-port-taken' or 'listen-refused' */
export async function listenForStatus({ host, port }: ListenPlace, status: SyncStatus): Promise<StatusListener> {
  const server = createServer((request, response) => answer(request, response, status))
  // A client that says nothing must not hold a connection for good.
  server.requestTimeout = 10_000
  server.maxConnections = 64
  await listening(server, host, port)
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const isTaken = 'code' in cause && cause.code === 'EADDRINUSE'
      const message = `cannot listen on ${host}:${port} for /healthz and /metrics: ${isTaken ? 'the port is taken' : cause.message}`
      const hint = '`--listen 127.0.0.1:9465` takes another place, `--listen none` listens nowhere'
      reject(new CommandError(isTaken ? 'listen-port-taken' : 'listen-refused', message, { hint, cause }))
    })
    server.listen(port, host, resolve)
  })
}

function answer(request: IncomingMessage, response: ServerResponse, status: SyncStatus): void {
  const path = (request.url ?? '').split('?', 1)[0]
  request.resume()
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, 'text/plain; charset=utf-8', 'only GET\n', { Allow: 'GET, HEAD' })
  }
  if (path === '/healthz') {
    const health = status.health()
    const code = health.status === 'failing' ? 503 : 200
    return send(response, code, 'application/json', `${JSON.stringify(health)}\n`)
  }
  if (path === '/metrics') return send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', status.metrics())
  return send(response, 404, 'text/plain; charset=utf-8', 'there are /healthz and /metrics\n')
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers })
  response.end(body)
}
