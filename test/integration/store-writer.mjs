/**
 * Writes batches into a store until it is killed, and says on stdout which ones were acknowledged. For store-kill.test.ts.
 *
 *     node store-writer.mjs FOLDER FIRST
 *
 * Batch n: two entries that hold n, and the entry `last` of its writer; every third batch deletes an older one.
 */
import { writeSync } from 'node:fs'
import { openLmdbStorage } from '../../dist/server/storage/index.js'

const [folder = '', first = '0'] = process.argv.slice(2)
const WRITERS = 4
const storage = openLmdbStorage({ folder })
let next = Number(first)

function batch(n, writer) {
  const value = Buffer.alloc(50 + ((n * 37) % 5000), String(n))
  const writes = [
    { kind: 'put', key: `batch/${n}/x`, value },
    { kind: 'put', key: `batch/${n}/y`, value },
    { kind: 'put', key: `last/${writer}`, value: Buffer.from(String(n)) },
  ]
  const old = n - 40
  if (n % 3 === 0 && old >= 0) {
    writes.push({ kind: 'delete', key: `batch/${old}/x` }, { kind: 'delete', key: `batch/${old}/y` })
  }
  return writes
}

async function write(writer) {
  for (;;) {
    const n = next
    next += 1
    await storage.commit(batch(n, writer))
    writeSync(1, `${n}\n`)
  }
}

writeSync(1, 'open\n')
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
