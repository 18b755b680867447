/**
 * Restores one of two snapshots after the other, over HTTP, until it is killed. For snapshot-kill.test.ts.
 *
 *     node snapshot-restorer.mjs FOLDER KEY-IN-HEX TOKEN SNAPSHOT SNAPSHOT
 *
 * Says `open` when it begins, and after each restore which one it was.
 */
import { readFileSync, writeSync } from 'node:fs'
import { startServer } from '../../dist/server/index.js'

const [folder = '', key = '', token = '', ...files] = process.argv.slice(2)
const unsealKey = Buffer.from(key, 'hex')
const snapshots = files.map((file) => readFileSync(file))
const { core, address } = await startServer({
  storage: { kind: 'lmdb', folder },
  port: 0,
  beforeListen: (started) => started.unsealWithKey(Buffer.from(unsealKey)),
})
writeSync(1, 'open\n')
for (let turn = 0; ; turn = 1 - turn) {
  const { status } = await fetch(`${address}/v1/sys/storage/raft/snapshot`, {
    method: 'POST',
    headers: { 'X-Vault-Token': token },
    body: snapshots[turn],
  })
  if (status !== 204) throw new Error(`the restore was answered with ${status}`)
  writeSync(1, `${turn}\n`)
  await core.unsealWithKey(Buffer.from(unsealKey))
}
