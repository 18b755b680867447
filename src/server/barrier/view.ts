/**
 * A part of what the barrier protects, as a storage: an engine sees the entries below its prefix and no others.
 */
import { checkKey, checkPrefix, sortKeys, type Storage, type Write } from '../storage/index.ts'
import type { Changed } from './entries.ts'
import { sealed, type Unsealed } from './unsealed.ts'

/** `unsealed` throws while there are no keys. */
export function createView(prefix: string, lower: Storage, unsealed: () => Unsealed): Storage {
  checkPrefix(prefix)

  async function commit(writes: readonly Write[]): Promise<void> {
    const state = unsealed()
    const batch = writes.map((write) => copyWrite(prefix, write))
    const puts = batch.filter(({ plain }) => plain !== undefined).length
    while (!state.has(puts)) await state.reserve(puts)
    // Sealed while it waited: the keys in `state` are zeros by now.
    if (unsealed() !== state) throw sealed()
    const encrypted = batch.map(({ path, plain }) => encrypt(state, path, plain))
    state.entries.begin(batch)
    let written = false
    try {
      await lower.commit(encrypted)
      written = true
    } finally {
      state.entries.end(batch, written)
    }
  }

  return {
    get(key) {
      const state = unsealed()
      const path = prefix + key
      // What is in there got there through the checks below.
      const known = state.entries.get(path)
      if (known !== undefined) return copyOf(known)
      checkKey(key)
      const bytes = lower.get(state.names.storedKey(path))
      if (bytes === undefined) return undefined
      const plain = state.open(path, bytes)
      state.entries.read(path, plain)
      return copyOf(plain)
    },
    list(below) {
      const { names } = unsealed()
      checkPrefix(below)
      const folder = prefix + below
      const stored = names.storedPrefix(folder)
      return sortKeys(names.clearNames(folder, stored, lower.list(stored), 0))
    },
    count(below) {
      const { names } = unsealed()
      checkPrefix(below)
      return lower.count(names.storedPrefix(prefix + below))
    },
    *pieces(below, most) {
      const { names } = unsealed()
      checkPrefix(below)
      const folder = prefix + below
      const stored = names.storedPrefix(folder)
      let given = 0
      for (const piece of lower.pieces(stored, most)) {
        // Sealed between two pieces, the names are without their key.
        if (unsealed().names !== names) throw sealed()
        yield names.clearNames(folder, stored, piece, given)
        given += piece.length
      }
    },
    commit,
    close: () => Promise.resolve(),
  }
}

function copyWrite(prefix: string, write: Write): Changed {
  checkKey(write.key)
  return { path: prefix + write.key, plain: write.kind === 'put' ? Uint8Array.from(write.value) : undefined }
}

function encrypt(state: Unsealed, path: string, plain: Uint8Array | undefined): Write {
  const key = state.names.storedKey(path)
  return plain === undefined ? { kind: 'delete', key } : { kind: 'put', key, value: state.encrypt(path, plain) }
}

/** The caller may change what it gets. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}
