/**
 * Long walks over the store, in slices, so that other requests get their turn in between.
 *
 * Invariant: nothing here works for more than a few milliseconds at a time, however much there is to walk over.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { sortKeys, type Storage } from './storage.ts'

/** What takes a millisecond or two, where each item costs a read and a decryption. */
const SLICE = 100
/** The same of names alone. */
const NAMES = 250

export async function* unhurried<T>(items: Iterable<T>): AsyncGenerator<T> {
  let index = 0
  for (const item of items) {
    index += 1
    if (index % SLICE === 0) await turn()
    yield item
  }
}

/** The names directly below a prefix, as `Storage.pieces` gives them. */
export async function* unhurriedNames(storage: Storage, prefix: string): AsyncGenerator<string> {
  for (const piece of storage.pieces(prefix, SLICE)) {
    yield* piece
    await turn()
  }
}

/** As `Storage.list`, but that of names that come or go meanwhile it may hold those of either moment. */
export async function unhurriedList(storage: Storage, prefix: string): Promise<string[]> {
  const names: string[] = []
  for (const piece of storage.pieces(prefix, NAMES)) {
    names.push(...piece)
    // A short list is the rule, and done at once.
    if (piece.length === NAMES) await turn()
  }
  // One that went and came again may have been given twice.
  return sortKeys(names).filter((name, index) => name !== names[index - 1])
}
