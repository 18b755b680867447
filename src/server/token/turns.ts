/**
 * One after the other: work under the same key waits for the work before it; other keys do not wait.
 *
 * For what reads, decides and writes: a limited token's uses, a secret-id's, a role. A failure is its caller's alone.
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
      await before
      return await work()
    } finally {
      finish()
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
  }
}
