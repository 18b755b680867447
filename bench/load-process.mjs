/** The load of load.mjs where there is no wrk: its request as JSON in argv, its result as JSON on stdout. */
import { Pool } from 'undici'

const { url, method = 'GET', headers = {}, body, spread = 1, seconds, connections } = JSON.parse(process.argv[2])
const { origin, pathname, search } = new URL(url)
const pool = new Pool(origin, { connections, pipelining: 1 })
const path = decodeURI(pathname) + search
const deadline = performance.now() + seconds * 1000
const latencies = []
let bad = 0
let n = 0

async function work() {
  while (performance.now() < deadline) {
    n = (n + 1) % spread
    const began = performance.now()
    const answer = await pool.request({
      method,
      path: path.replace('{n}', String(n)),
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    })
    await answer.body.dump()
    if (answer.statusCode >= 300) bad += 1
    latencies.push(performance.now() - began)
  }
}

const began = performance.now()
await Promise.all(Array.from({ length: connections }, work))
const elapsed = (performance.now() - began) / 1000
latencies.sort((a, b) => a - b)
process.stdout.write(
  JSON.stringify({
    perSecond: latencies.length / elapsed,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    bad,
  }),
)
await pool.close()
