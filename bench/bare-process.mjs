/** What Node itself costs: the same answer as a KV read, after a look-up of the token in a Map. */
import { createServer } from 'node:http'

const tokens = new Map([['bench-token', { policies: ['root'] }]])
const secret = { username: 'reader', password: 'x'.repeat(40), host: 'db.example.com', port: 5432 }
const server = createServer((request, response) => {
  if (!tokens.has(request.headers['x-vault-token'])) {
    response.writeHead(403).end()
    return
  }
  const body = JSON.stringify({
    request_id: '00000000-0000-0000-0000-000000000000',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: {
      data: secret,
      metadata: {
        created_time: '2026-01-01T00:00:00.000000000Z',
        custom_metadata: null,
        deletion_time: '',
        destroyed: false,
        version: 1,
      },
    },
    wrap_info: null,
    warnings: null,
    auth: null,
    mount_type: 'kv',
  })
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`))
process.once('SIGTERM', () => process.exit(0))
