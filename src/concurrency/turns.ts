/**
 * One after the other: work under the same key waits for the work before it; other keys do not wait.
 *
 * For what reads, decides and writes: between a check and the commit that follows it nobody else changes the same thing.
 * A failure is its caller's alone.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  async run<T>(key: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    let finish = (): void => undefined
    const mine = new Promise<void>((resolve) => {
      finish = resolve
    })
    this.#last.set(key, mine)
    try {
      if (before !== undefined) await before
      return await work()
    } finally {
      finish()
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
  }
}
