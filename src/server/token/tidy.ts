/**
 * Removes what no token needs any more: tokens below a parent that is gone, cubbyholes and index entries without a token.
 *
 * Normal work leaves none of it. It is for stores that lost entries some other way, and for the operator's peace.
 */
import type { Storage, Write } from '../storage/storage.ts'
import { unhurriedNames } from '../storage/unhurried.ts'
import { accessorKey, childrenPrefix, KEPT } from './record.ts'
import type { TokenRecords } from './records.ts'

export async function tidyTokens(storage: Storage, records: TokenRecords): Promise<void> {
  const gone: Write[] = []
  for await (const name of unhurriedNames(storage, 'accessor/')) {
    const id = storage.get(accessorKey(name))
    if (id !== undefined && records.read(Buffer.from(id).toString('utf8')) === undefined) {
      gone.push({ kind: 'delete', key: accessorKey(name) })
    }
  }
  for await (const folder of unhurriedNames(storage, 'parent/')) {
    const parent = folder.slice(0, -1)
    const children = records.children(parent)
    if (records.read(parent) === undefined) await records.removeTrees(children)
    for (const child of children) {
      if (records.read(child) === undefined) gone.push({ kind: 'delete', key: childrenPrefix(parent) + child })
    }
  }
  for await (const folder of unhurriedNames(storage, KEPT)) {
    const id = folder.slice(0, -1)
    if (records.read(id) === undefined) gone.push(...records.keptRemoval(id))
  }
  await records.commit(gone)
}
