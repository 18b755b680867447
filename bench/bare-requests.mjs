/**
 * The least that an import of so many objects can cost: its requests and nothing else. For each object one write of data,
 * one of metadata, then one read, from an undici Pool; what is asked as JSON in argv, seconds as JSON on stdout.
 */
import { Pool } from 'undici'

const { address, token, objects, connections } = JSON.parse(process.argv[2])
const pool = new Pool(address, { connections, pipelining: 1 })
const headers = { 'x-vault-token': token, 'content-type': 'application/json' }
const DATA = JSON.stringify({
  data: {
    conn_type: 'postgres',
    description: 'Connection number 12345',
    host: 'db-12345.example.com',
    login: 'reader_12345',
    password: 'x'.repeat(24),
    schema: 'analytics',
    port: 5432,
    extra: { sslmode: 'verify-full', keepalives_idle: 30, api_key: 'x'.repeat(30) },
  },
  options: { cas: 0 },
})
const METADATA = JSON.stringify({
  custom_metadata: {
    'managed-by': 'plenum',
    hub: 'bench',
    project: 'unassigned',
    source: 'import',
    'plenum-version': '1',
  },
})

async function all(requestsOf) {
  const began = performance.now()
  let next = 0
  const work = async () => {
    while (next < objects) {
      const index = next
      next += 1
      for (const { method, path, body = null } of requestsOf(index)) {
        const answer = await pool.request({ method, path: `/v1/secret/${path}`, headers, body })
        await answer.body.text()
        if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode}`)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  return (performance.now() - began) / 1000
}

const writes = await all((index) => [
  { method: 'POST', path: `data/bare/o${index}`, body: DATA },
  { method: 'POST', path: `metadata/bare/o${index}`, body: METADATA },
])
const reads = await all((index) => [{ method: 'GET', path: `data/bare/o${index}` }])
await pool.close()
process.stdout.write(JSON.stringify({ writes, reads }))
