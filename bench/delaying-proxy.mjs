/**
 * A server far away: a proxy on loopback that passes on what the client sends so many milliseconds later, and counts the
 * answers. It looks at bytes, not at HTTP: nothing here costs more with larger bodies.
 */
import { createServer, connect } from 'node:net'

const ANSWER = Buffer.from('HTTP/1.1 ')

/** @returns {Promise<{ address: string, answers(): number, connections(): number, close(): Promise<void> }>} */
export async function delayingProxy(target, delayMs) {
  const { hostname, port } = new URL(target)
  let answers = 0
  let connections = 0
  const sockets = new Set()
  const server = createServer({ noDelay: true }, (client) => {
    connections += 1
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
      socket.on('error', () => undefined)
    }
    const later = (act) => setTimeout(() => act(), delayMs)
    client.on('data', (chunk) => later(() => upstream.writable && upstream.write(chunk)))
    client.once('end', () => later(() => upstream.end()))
    upstream.on('data', (chunk) => {
      if (chunk.subarray(0, ANSWER.length).equals(ANSWER)) answers += 1
      client.write(chunk)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    answers: () => answers,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
