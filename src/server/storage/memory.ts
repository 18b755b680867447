/**
 * A storage in memory, for tests and for a server that is to forget everything.
 *
 * A tree of folders beside a flat map: `get` is one look-up, and `list` touches nothing but the folder it names.
 */
import { replaced, StorageClosedError } from './errors.ts'
import { type FrozenStore, inBatches, type PhysicalStorage, type Replacement, type StoredEntry } from './physical.ts'
import { checkKey, checkPrefix, compareKeys, sortKeys, type Write } from './storage.ts'

interface Folder {
  readonly leaves: Set<string>
  readonly folders: Map<string, Folder>
}

export function createMemoryStorage(): PhysicalStorage {
  /** Values are never changed, only replaced: whoever holds one keeps it as it was. */
  let entries = new Map<string, Uint8Array>()
  let root = newFolder()
  let content = {}
  let closed = false

  function use(): void {
    if (closed) throw new StorageClosedError()
  }

  function apply(write: Write): void {
    const path = write.key.split('/')
    const name = path.pop() ?? ''
    if (write.kind === 'put') {
      entries.set(write.key, Uint8Array.from(write.value))
      makeFolder(root, path).leaves.add(name)
    } else if (entries.delete(write.key)) {
      removeLeaf(root, path, name)
    }
  }

  return {
    get(key) {
      use()
      checkKey(key)
      return entries.get(key)?.slice()
    },
    list(prefix) {
      use()
      checkPrefix(prefix)
      const folder = folderBelow(root, prefix)
      return folder === undefined ? [] : sortKeys([...namesOf(folder)])
    },
    count(prefix) {
      use()
      checkPrefix(prefix)
      let count = 0
      for (const key of entries.keys()) if (key.startsWith(prefix)) count += 1
      return count
    },
    pieces(prefix, most) {
      use()
      checkPrefix(prefix)
      return inPieces(() => folderBelow(root, prefix), most)
    },
    // Async, so that a refusal is a rejected promise; all of it happens before the first await of the caller.
    async commit(writes) {
      use()
      for (const { key } of writes) checkKey(key)
      writes.forEach(apply)
    },
    freeze() {
      use()
      const stored = [...entries].sort(([a], [b]) => compareKeys(a, b)).map(([key, value]) => ({ key, value }))
      const frozen = content
      return frozenIn(stored, () => !closed && frozen === content)
    },
    prepareReplacement() {
      use()
      const added = new Map<string, Uint8Array>()
      return {
        async add(batch) {
          for (const { key, value } of batch) {
            checkKey(key)
            added.set(key, Uint8Array.from(value))
          }
        },
        get: (key) => added.get(key)?.slice(),
        async install() {
          use()
          entries = new Map()
          root = newFolder()
          content = {}
          for (const [key, value] of added) apply({ kind: 'put', key, value })
          added.clear()
        },
        async discard() {
          added.clear()
        },
      } satisfies Replacement
    },
    close() {
      closed = true
      entries.clear()
      return Promise.resolve()
    },
  }
}

function frozenIn(stored: readonly StoredEntry[], isThere: () => boolean): FrozenStore {
  let held = stored
  return {
    *batches() {
      for (const batch of inBatches(held)) {
        if (!isThere()) throw replaced()
        yield batch
      }
    },
    close() {
      held = []
    },
  }
}

/** Sets and Maps may change while they are walked. */
function* inPieces(find: () => Folder | undefined, most: number): Generator<readonly string[]> {
  const folder = find()
  if (folder === undefined) return
  let piece: string[] = []
  for (const name of namesOf(folder)) {
    piece.push(name)
    if (piece.length < most) continue
    yield piece
    piece = []
  }
  if (piece.length > 0) yield piece
}

function* namesOf({ leaves, folders }: Folder): Generator<string> {
  yield* leaves
  for (const name of folders.keys()) yield `${name}/`
}

function newFolder(): Folder {
  return { leaves: new Set(), folders: new Map() }
}

function makeFolder(root: Folder, path: readonly string[]): Folder {
  let folder = root
  for (const name of path) {
    const next = folder.folders.get(name) ?? newFolder()
    folder.folders.set(name, next)
    folder = next
  }
  return folder
}

function findFolder(root: Folder, path: readonly string[]): Folder | undefined {
  let folder: Folder | undefined = root
  for (const name of path) folder = folder?.folders.get(name)
  return folder
}

/** `prefix` is empty, or ends in a slash. */
function folderBelow(root: Folder, prefix: string): Folder | undefined {
  return findFolder(root, prefix === '' ? [] : prefix.slice(0, -1).split('/'))
}

/** A folder that holds nothing any more goes too. */
function removeLeaf(root: Folder, path: readonly string[], name: string): void {
  findFolder(root, path)?.leaves.delete(name)
  for (let depth = path.length; depth > 0; depth -= 1) {
    const folder = findFolder(root, path.slice(0, depth))
    if (folder === undefined || folder.leaves.size > 0 || folder.folders.size > 0) return
    findFolder(root, path.slice(0, depth - 1))?.folders.delete(path[depth - 1] ?? '')
  }
}
