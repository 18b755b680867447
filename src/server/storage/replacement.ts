/**
 * Another content for a store's folder, in `replacement/` below it until it is whole and on the disk; then one rename puts
 * it in the place of `data.mdb`.
 *
 * Invariant: whenever the process dies, `data.mdb` is the old content or the new one. What lies in `replacement/` counts
 * for nothing and is removed when the store is next opened. Nothing is touched there once the store is closed, for by then
 * another process may have it open.
 */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { encodeContentSum, entryDigest, NOTHING, withEntry } from './content-sum.ts'
import { openDatabase, prepare, reading, writeFailure, writeTogether } from './database.ts'
import { replaced } from './errors.ts'
import { makePrivateFolder, syncFile, syncFolder } from './files.ts'
import { removeReplacement, replacementOf, requireRoom, unreadable } from './folder.ts'
import type { Replacement } from './physical.ts'

/** `exchange` closes the store's own database, calls `swap`, and opens what is there then. */
export function prepareReplacement(folder: string, exchange: (swap: () => void) => Promise<void>): Replacement {
  const place = replacementOf(folder)
  requireRoom(folder, 0)
  const database = openNew()
  let isOpen = true
  let adding: Promise<unknown> = Promise.resolve()
  let installing: Promise<unknown> = Promise.resolve()
  let sum = NOTHING

  function openNew() {
    try {
      removeReplacement(folder)
      makePrivateFolder(place)
      return openDatabase(place)
    } catch (error) {
      throw unreadable(folder, error)
    }
  }

  async function close(): Promise<void> {
    if (!isOpen) return
    isOpen = false
    await Promise.allSettled([adding])
    await database.close()
  }

  async function discard(): Promise<void> {
    await Promise.allSettled([installing])
    if (!isOpen) return
    await close()
    removeReplacement(folder)
  }

  async function install(): Promise<void> {
    await close()
    try {
      const data = join(place, 'data.mdb')
      syncFile(data)
      await exchange(() => {
        renameSync(data, join(folder, 'data.mdb'))
        syncFolder(folder)
      })
    } finally {
      removeReplacement(folder)
    }
  }

  return {
    async add(entries) {
      if (!isOpen) throw replaced()
      const prepared = entries.map(({ key, value }) => prepare({ kind: 'put', key, value }))
      requireRoom(
        folder,
        prepared.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0),
      )
      try {
        for (const { key, value } of prepared) {
          if (value !== undefined) sum = withEntry(sum, entryDigest(key, value))
        }
        adding = writeTogether(database, prepared, encodeContentSum(sum))
        await adding
      } catch (error) {
        throw await writeFailure(error, folder)
      }
    },
    get: (key) => reading(place, () => database.get(Buffer.from(key))),
    async install() {
      if (!isOpen) throw replaced()
      const done = install()
      installing = done
      await done
    },
    discard,
  }
}
