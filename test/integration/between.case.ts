/** Stands between a command and its Vault, and tells of each request once Vault has done it: so that the command can be killed just then. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Between {
  readonly address: string
  close(): Promise<void>
}

export async function startBetween(
  address: string,
  onDone: (request: { readonly method: string; readonly url: string }) => void,
): Promise<Between> {
  const handOn = async (request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    const answer = await fetch(`${address}${url}`, {
      method,
      headers: {
        'x-vault-token': String(headers['x-vault-token'] ?? ''),
        'content-type': headers['content-type'] ?? 'application/json',
      },
      ...(body.length === 0 ? {} : { body }),
    })
    const text = await answer.text()
    onDone({ method, url })
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(text)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      handOn(request, Buffer.concat(chunks), response).catch(() => response.destroy())
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
