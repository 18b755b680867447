/**
 * What a unit test pays for a server of its own (`plenum/testing`): started, and closed, one after the other in one
 * process, as a suite does it. Beside it a bare `node:http` server that listens and closes.
 */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { startTestServer } from '../dist/testing/index.js'

const hub = join(import.meta.dirname, '../examples/hub')

/** By what is started; each gives back how it is closed. */
const SERVERS = {
  'bare node:http': async () => {
    const server = createServer()
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return () => new Promise((resolve) => server.close(resolve))
  },
  'startTestServer()': async () => {
    const server = await startTestServer()
    return () => server.close()
  },
  'startTestServer({ secrets }), one connection': async () => {
    const server = await startTestServer({ secrets: { connections: { warehouse: 'postgres://db.example.com/' } } })
    return () => server.close()
  },
  'startTestServer({ hub }), the example': async () => {
    const server = await startTestServer({ hub })
    return () => server.close()
  },
}

export async function testing({ quick, print, note }) {
  const count = quick ? 40 : 200
  print(
    `\n| ${count} servers, one after the other | first, ms | median, ms | p95, ms | close, median, ms |\n|---|---|---|---|---|`,
  )
  for (const [name, start] of Object.entries(SERVERS)) {
    note(`${count} times ${name} ...`)
    const starts = []
    const ends = []
    for (let index = 0; index < count; index += 1) {
      const begun = performance.now()
      const close = await start()
      starts.push(performance.now() - begun)
      const closing = performance.now()
      await close()
      ends.push(performance.now() - closing)
    }
    const cells = [starts[0], at(starts, 0.5), at(starts, 0.95), at(ends, 0.5)].map((ms) => ms.toFixed(1))
    print(`| ${name} | ${cells.join(' | ')} |`)
  }
}

const at = (values, part) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)]
