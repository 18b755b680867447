/** The embedded server alone, as `plenum up` runs it: store and key in the folder of argv, address on stdout. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keepHeapModest } from '../dist/cli/heap.js'
import { startServer } from '../dist/server/index.js'

keepHeapModest()
const [folder] = process.argv.slice(2)
const keyFile = join(folder, 'key.json')
const server = await startServer({
  storage: { kind: 'lmdb', folder: join(folder, 'vault') },
  port: 0,
  auditFolders: [folder],
})
if (!existsSync(keyFile)) {
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  writeFileSync(keyFile, JSON.stringify({ key: keys[0].toString('hex'), token: rootToken }), { mode: 0o600 })
}
await server.core.unsealWithKey(Buffer.from(JSON.parse(readFileSync(keyFile, 'utf8')).key, 'hex'))
process.stdout.write(`${server.address}\n`)
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
