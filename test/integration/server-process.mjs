/**
 * An embedded server in a process of its own, to be killed: `node server-process.mjs FOLDER KEYFILE [OPTIONS]`. Prints its
 * address on a line, and serves until it dies.
 *
 * Initialises an empty store and unseals it; the key is in KEYFILE before the store is initialised, so that a kill at any
 * moment leaves no store without its key. OPTIONS is JSON: `{"sealed": true}` leaves it as it is; `{"clock": FILE}` adds the
 * milliseconds in FILE to the clock, read at the start and at SIGUSR2.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { keepHeapModest } from '../../dist/cli/heap.js'
import { startServer } from '../../dist/server/index.js'

keepHeapModest()
const [folder, keyFile, text = '{}'] = process.argv.slice(2)
const options = JSON.parse(text)

/** Whole or not at all. */
function keep(content) {
  writeFileSync(`${keyFile}.new`, JSON.stringify(content), { mode: 0o600 })
  renameSync(`${keyFile}.new`, keyFile)
}

const offsetNow = () => (options.clock === undefined ? 0 : Number(readFileSync(options.clock, 'utf8')))
let offset = offsetNow()
process.on('SIGUSR2', () => {
  offset = offsetNow()
})

const server = await startServer({
  storage: { kind: 'lmdb', folder },
  port: 0,
  now: () => Date.now() + offset,
  auditFolders: [dirname(keyFile)],
  onInternalError: (error) => process.stderr.write(`internal: ${error.stack}\n`),
})
const { core } = server
if (!core.initialized && options.sealed !== true) {
  await core.initialize({
    shares: 1,
    threshold: 1,
    beforeCommit: async (keys) => keep({ key: keys[0].toString('hex') }),
  })
}
if (options.sealed !== true) {
  if (!existsSync(keyFile)) throw new Error('initialised without a key file')
  const known = JSON.parse(readFileSync(keyFile, 'utf8'))
  const key = () => Buffer.from(known.key, 'hex')
  await core.unsealWithKey(key())
  if (known.token === undefined) keep({ ...known, token: await core.generateRootToken(key()) })
}
process.stdout.write(`${server.address}\n`)
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
