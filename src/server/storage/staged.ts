/**
 * A storage that holds back its writes: reads see them, the storage below does not, until `release` writes them all in
 * one atomic commit. For initialisation, which touches many places and must happen as a whole or not at all.
 *
 * Single use, one writer: it is thrown away after `release`.
 */
import type { Storage, Write } from './storage.ts'

export interface StagedStorage extends Storage {
  /** Writes everything held back to the storage below. */
  release(): Promise<void>
}

export function stageStorage(lower: Storage): StagedStorage {
  const staged = new Map<string, Write>()

  function list(prefix: string): string[] {
    const names = new Set(lower.list(prefix))
    for (const { kind, key } of staged.values()) {
      // A staged delete hides a name only where nothing else keeps it alive; initialisation deletes nothing.
      if (kind === 'delete' || !key.startsWith(prefix)) continue
      const rest = key.slice(prefix.length)
      const slash = rest.indexOf('/')
      names.add(slash === -1 ? rest : rest.slice(0, slash + 1))
    }
    return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  return {
    get(key) {
      const write = staged.get(key)
      if (write === undefined) return lower.get(key)
      return write.kind === 'put' ? write.value : undefined
    },
    list,
    commit(writes) {
      for (const write of writes) staged.set(write.key, write)
      return Promise.resolve()
    },
    release: () => lower.commit([...staged.values()]),
    close: () => Promise.resolve(),
  }
}
