/** Long walks over the store, in slices, so that other requests get their turn in between. */

const SLICE = 500

export async function* unhurried<T>(items: Iterable<T>): AsyncGenerator<T> {
  let index = 0
  for (const item of items) {
    index += 1
    if (index % SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
    yield item
  }
}
