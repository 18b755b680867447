/**
 * A storage in memory, for tests and for a server that is to forget everything.
 *
 * A tree of folders beside a flat map: `get` is one look-up, and `list` touches nothing but the folder it names.
 */
import { StorageClosedError } from './errors.ts'
import { checkKey, checkPrefix, compareKeys, type Storage, type Write } from './storage.ts'

interface Folder {
  readonly leaves: Set<string>
  readonly folders: Map<string, Folder>
}

export function createMemoryStorage(): Storage {
  const entries = new Map<string, Uint8Array>()
  const root = newFolder()
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
      const folder = prefix === '' ? root : findFolder(root, prefix.slice(0, -1).split('/'))
      if (folder === undefined) return []
      return [...folder.leaves, ...Array.from(folder.folders.keys(), (name) => `${name}/`)].sort(compareKeys)
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
      return inPieces(() => findFolder(root, prefix === '' ? [] : prefix.slice(0, -1).split('/')), most)
    },
    // Async, so that a refusal is a rejected promise; all of it happens before the first await of the caller.
    async commit(writes) {
      use()
      for (const { key } of writes) checkKey(key)
      writes.forEach(apply)
    },
    close() {
      closed = true
      entries.clear()
      return Promise.resolve()
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

/** A folder that holds nothing any more goes too. */
function removeLeaf(root: Folder, path: readonly string[], name: string): void {
  findFolder(root, path)?.leaves.delete(name)
  for (let depth = path.length; depth > 0; depth -= 1) {
    const folder = findFolder(root, path.slice(0, depth))
    if (folder === undefined || folder.leaves.size > 0 || folder.folders.size > 0) return
    findFolder(root, path.slice(0, depth - 1))?.folders.delete(path[depth - 1] ?? '')
  }
}
