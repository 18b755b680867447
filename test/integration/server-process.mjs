/**
 * An embedded server in a process of its own, to be killed: `node server-process.mjs FOLDER KEYFILE`. Initialises an empty
 * store (the key and root token go to KEYFILE first), unseals, prints its address on a line, and serves until it dies.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { startServer } from '../../dist/server/index.js'

const [folder, keyFile] = process.argv.slice(2)
const server = await startServer({ storage: { kind: 'lmdb', folder }, port: 0 })
if (!server.core.initialized) {
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  writeFileSync(keyFile, JSON.stringify({ key: keys[0].toString('hex'), token: rootToken }), { mode: 0o600 })
}
if (!existsSync(keyFile)) throw new Error('initialised without a key file')
const { key } = JSON.parse(readFileSync(keyFile, 'utf8'))
await server.core.unsealWithKey(Buffer.from(key, 'hex'))
process.stdout.write(`${server.address}\n`)
