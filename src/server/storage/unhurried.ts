/**
 * Long walks over the store, in slices, so that other requests get their turn in between.
 *
 * Invariant: nothing here works for more than a few milliseconds at a time, however much there is to walk over.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { compareKeys, sortKeys, type Storage } from './storage.ts'

/** What takes a millisecond or two, where each item costs a read and a decryption. */
const SLICE = 100
/** The same of names alone. */
const NAMES = 250
/** The same, to be put in order. */
const RUN = 2000

export async function* unhurried<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  let index = 0
  for await (const item of items) {
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
  const sorted = await unhurriedSort(names)
  // One that went and came again may have been given twice.
  return sorted.filter((name, index) => name !== sorted[index - 1])
}

/** As `sortKeys`, in the same array or another. */
export async function unhurriedSort(keys: string[]): Promise<string[]> {
  if (keys.length <= RUN) return sortKeys(keys)
  let runs: string[][] = []
  for (let at = 0; at < keys.length; at += RUN) {
    runs.push(sortKeys(keys.slice(at, at + RUN)))
    await turn()
  }
  while (runs.length > 1) {
    const longer: string[][] = []
    for (let at = 0; at < runs.length; at += 2) longer.push(await merged(runs[at] ?? [], runs[at + 1] ?? []))
    runs = longer
  }
  return runs[0] ?? []
}

async function merged(left: readonly string[], right: readonly string[]): Promise<string[]> {
  const out: string[] = []
  for (let a = 0, b = 0; a < left.length || b < right.length; ) {
    const [one, other] = [left[a], right[b]]
    if (other === undefined || (one !== undefined && compareKeys(one, other) <= 0)) {
      out.push(one ?? '')
      a += 1
    } else {
      out.push(other)
      b += 1
    }
    if (out.length % RUN === 0) await turn()
  }
  return out
}
