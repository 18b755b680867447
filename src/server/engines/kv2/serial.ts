/**
 * One writer at a time for each key: between the read of a check-and-set and the commit that follows it nobody else
 * writes the same key. Other keys go on, so the storage can put their commits together.
 */
export class SerialByKey {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` after all earlier work for `key`, whether that failed or not. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const result = before === undefined ? work() : before.then(work, work)
    this.#last.set(key, result)
    const forget = () => {
      if (this.#last.get(key) === result) this.#last.delete(key)
    }
    void result.then(forget, forget)
    return result
  }
}
