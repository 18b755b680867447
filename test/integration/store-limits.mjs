/**
 * What a store does under limits that a process sets for itself. For store-limits.test.ts; prints JSON.
 *
 *     node store-limits.mjs modes FOLDER     with umask 0: which files come to be, and their modes
 *     node store-limits.mjs full FOLDER      writes until the system refuses, then looks at what is there
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openLmdbStorage } from '../../dist/server/storage/index.js'

const [task, folder = ''] = process.argv.slice(2)

async function modes() {
  process.umask(0)
  const storage = openLmdbStorage({ folder })
  await storage.commit([{ kind: 'put', key: 'a', value: Buffer.from('a') }])
  const mode = (path) => (statSync(path).mode & 0o777).toString(8)
  const found = {
    folder: mode(folder),
    parent: mode(join(folder, '..')),
    files: readdirSync(folder).map((name) => mode(join(folder, name))),
  }
  await storage.close()
  return found
}

async function full() {
  const storage = openLmdbStorage({ folder })
  const value = Buffer.alloc(20_000, 1)
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const writes = ['x', 'y', 'z'].map((name) => ({ kind: 'put', key: `batch/${n}/${name}`, value }))
      // One after another in part, so that some share a transaction and some do not.
      await new Promise((resolve) => setTimeout(resolve, (n % 10) * 15))
      return storage.commit(writes).then(
        () => 'written',
        (error) => error.code,
      )
    }),
  )
  const entries = outcomes.map((outcome, n) => ({ outcome, entries: storage.list(`batch/${n}/`).length }))
  await storage.commit(
    entries.flatMap(({ entries }, n) =>
      (entries > 0 && n % 2 === 0 ? ['x', 'y', 'z'] : []).map((name) => ({
        kind: 'delete',
        key: `batch/${n}/${name}`,
      })),
    ),
  )
  await storage.commit([{ kind: 'put', key: 'small', value: Buffer.from('after') }])
  const after = Buffer.from(storage.get('small')).toString()
  await storage.close()
  await openLmdbStorage({ folder }).close()
  return { entries, after }
}

process.stdout.write(JSON.stringify(task === 'modes' ? await modes() : await full()))
