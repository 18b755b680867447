/**
 * A storage that holds back its writes: reads see them, the storage below does not, until `release` writes them all in
 * one atomic commit. For initialisation, which touches many places and must happen as a whole or not at all.
 *
 * One writer. It does not own the storage below: `close` drops what is held back and leaves that one open.
 */
import { StorageClosedError } from './errors.ts'
import { checkKey, checkPrefix, sortKeys, type Storage, type Write } from './storage.ts'

export interface StagedStorage extends Storage {
  /** Writes everything held back to the storage below, and holds back anew from then on. */
  release(): Promise<void>
}

export function stageStorage(lower: Storage): StagedStorage {
  const staged = new Map<string, Write>()
  let closed = false

  function use(): void {
    if (closed) throw new StorageClosedError()
  }

  function list(prefix: string): string[] {
    const names = new Set(lower.list(prefix).filter((name) => survives(prefix, name)))
    for (const { kind, key } of staged.values()) {
      if (kind === 'delete' || !key.startsWith(prefix)) continue
      const slash = key.indexOf('/', prefix.length)
      names.add(slash === -1 ? key.slice(prefix.length) : key.slice(prefix.length, slash + 1))
    }
    return sortKeys([...names])
  }

  /** Whether a name of the storage below is still there when the staged deletions are done. */
  function survives(prefix: string, name: string): boolean {
    const path = prefix + name
    if (!name.endsWith('/')) return staged.get(path)?.kind !== 'delete'
    const touched = [...staged.values()].some(({ kind, key }) => kind === 'delete' && key.startsWith(path))
    return !touched || list(path).length > 0
  }

  return {
    get(key) {
      use()
      checkKey(key)
      const write = staged.get(key)
      if (write === undefined) return lower.get(key)
      return write.kind === 'put' ? write.value.slice() : undefined
    },
    list(prefix) {
      use()
      checkPrefix(prefix)
      return list(prefix)
    },
    count(prefix) {
      use()
      checkPrefix(prefix)
      let count = lower.count(prefix)
      for (const { kind, key } of staged.values()) {
        if (!key.startsWith(prefix)) continue
        const wasThere = lower.get(key) !== undefined
        if (kind === 'put' && !wasThere) count += 1
        if (kind === 'delete' && wasThere) count -= 1
      }
      return count
    },
    /** What is held back is little. */
    *pieces(prefix, most) {
      use()
      checkPrefix(prefix)
      const names = list(prefix)
      for (let at = 0; at < names.length; at += most) yield names.slice(at, at + most)
    },
    async commit(writes) {
      use()
      for (const { key } of writes) checkKey(key)
      for (const write of writes) {
        staged.set(write.key, write.kind === 'put' ? { ...write, value: Uint8Array.from(write.value) } : write)
      }
    },
    async release() {
      use()
      await lower.commit([...staged.values()])
      staged.clear()
    },
    close() {
      closed = true
      staged.clear()
      return Promise.resolve()
    },
  }
}
