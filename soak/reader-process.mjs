/**
 * A client that reads at a steady pace, whatever the server does: `node reader-process.mjs JSON`, with `{ url, token,
 * perSecond }`. Ends when its standard input does; prints the latencies as JSON. A latency counts from the moment at which
 * the read was due.
 */
import { Pool } from 'undici'

const { url, token, perSecond } = JSON.parse(process.argv[2])
const { origin, pathname } = new URL(url)
const pool = new Pool(origin, { connections: 32, pipelining: 1 })
const latencies = []
let bad = 0
const end = new AbortController()
process.stdin.once('end', () => end.abort())
process.stdin.resume()

async function read(due) {
  const { statusCode, body } = await pool.request({
    method: 'GET',
    path: pathname,
    headers: { 'x-vault-token': token },
  })
  await body.dump()
  if (statusCode !== 200) bad += 1
  latencies.push(Math.max(0, performance.now() - due))
}

const reads = []
const began = performance.now()
for (let count = 0; !end.signal.aborted; count += 1) {
  const due = began + (count * 1000) / perSecond
  const wait = due - performance.now()
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  reads.push(read(due))
}
await Promise.all(reads)
latencies.sort((a, b) => a - b)
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
process.stdout.write(
  JSON.stringify({ reads: latencies.length, bad, p50: at(0.5), p99: at(0.99), p999: at(0.999), longest: at(1) }),
)
await pool.close()
