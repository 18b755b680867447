/** Long walks over the store, in slices, so that other requests get their turn in between. */
import type { Storage } from '../storage/storage.ts'

/** What takes a millisecond or two, where each item costs a read and a decryption. */
const SLICE = 100

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

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
