/** A loopback HTTP server for this folder's tests: answers as the test says, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sensitive } from '../sensitive/index.ts'
import { VaultClient, type VaultClientOptions } from './client.ts'
import { VaultError } from './errors.ts'
import { staticToken } from './token-providers.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer =
  | {
      readonly status: number
      readonly json?: unknown
      readonly text?: string
      readonly headers?: Record<string, string>
    }
  | ((response: ServerResponse) => void)

export interface FakeVault {
  readonly address: string
  readonly asked: Asked[]
  /** Waits that clients of `connect` asked for, in ms; none of them is really waited. */
  readonly slept: number[]
  connect(options?: Partial<VaultClientOptions>): VaultClient
  close(): Promise<void>
}

export const TOKEN = 'hvs.planted-token-value'

export async function startFakeVault(answer: (asked: Asked, count: number) => Answer): Promise<FakeVault> {
  const asked: Asked[] = []
  const slept: number[] = []
  const clients: VaultClient[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      asked.push(one)
      const given = answer(one, asked.length)
      if (typeof given === 'function') return given(response)
      response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers })
      response.end(given.text ?? (given.json === undefined ? '' : JSON.stringify(given.json)))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    address,
    asked,
    slept,
    connect: (options = {}) => {
      const sleep = async (ms: number): Promise<void> => void slept.push(ms)
      const tokens = staticToken(sensitive(TOKEN))
      const client = new VaultClient({ address, tokens, sleep, random: () => 0.5, ...options })
      clients.push(client)
      return client
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}

/** The VaultError of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<VaultError> {
  const outcome = await call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  )
  if (outcome instanceof VaultError) return outcome
  throw new Error(`expected a VaultError, got ${String(outcome)}`)
}

export const ABSENT: Answer = { status: 404, json: { errors: [] } }

export function refused(status: number, ...errors: string[]): Answer {
  return { status, json: { errors } }
}
