/** Long walks over the store, in slices, so that other requests get their turn in between. */

const SLICE = 500

export async function* unhurried<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const [index, item] of items.entries()) {
    if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve))
    yield item
  }
}
