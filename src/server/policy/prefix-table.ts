/**
 * Longest-prefix look-up in O(log n) comparisons.
 *
 * The prefixes are sorted; each knows the longest other one that it starts with. The greatest prefix that is not above a
 * text starts with every prefix of that text (whatever sorts between `p` and `p…` starts with `p`), so the answer is it
 * or one of its parents.
 */
export class PrefixTable<T> {
  readonly #prefixes: readonly string[]
  readonly #values: readonly T[]
  /** Index of the parent, -1 for none. */
  readonly #parents: readonly number[]

  constructor(entries: readonly (readonly [prefix: string, value: T])[]) {
    const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    this.#prefixes = sorted.map(([prefix]) => prefix)
    this.#values = sorted.map(([, value]) => value)
    const parents: number[] = []
    for (const [index, prefix] of this.#prefixes.entries()) {
      parents.push(this.#nearest(parents, index - 1, prefix))
    }
    this.#parents = parents
  }

  /** The value of the longest prefix of `text`. */
  longestOf(text: string): T | undefined {
    let low = 0
    let high = this.#prefixes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#prefixes[middle] ?? '') <= text) low = middle + 1
      else high = middle
    }
    const found = this.#nearest(this.#parents, low - 1, text)
    return found === -1 ? undefined : this.#values[found]
  }

  #nearest(parents: readonly number[], start: number, text: string): number {
    let index = start
    while (index !== -1 && !text.startsWith(this.#prefixes[index] ?? '')) index = parents[index] ?? -1
    return index
  }
}
