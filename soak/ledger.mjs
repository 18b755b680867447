/**
 * What has to be there after a kill: each thing that is written keeps its own account.
 *
 * A thing has a state, which is what the server acknowledged last. A move under way may have happened or not, so until its
 * answer comes several states are right. After the kill the thing is looked at: what is seen has to be one of them, and
 * becomes its state.
 *
 * @typedef {{
 *   label: string,
 *   to: any,                                    the state once it has happened
 *   also?: any[],                               what may be seen besides when nobody knows whether it has
 *   send: (life: Life) => Promise<any>,           the answer's body; throws `Gone`
 *   settle?: (body: any) => any,                    the state that the answer shows, where it is more than `to`
 *   pause?: number,                             ms until the next move
 * }} Move
 * @typedef {{
 *   name: string,
 *   first: any,                                 its state at the beginning
 *   prepare?: (life: Life) => Promise<void>,
 *   next: (state: any, random: Random) => Move,
 *   observe: (life: Life, states: any[]) => Promise<any>,
 *   show?: (state: any) => any,                     what of a state can be seen
 * }} Thing
 */
import { isDeepStrictEqual } from 'node:util'
import { Gone, Refused } from './life.mjs'
import { randomOf } from './random.mjs'

/** An acknowledged write is not there, or something is there in part. */
export class Loss extends Error {}

export class Account {
  #thing
  #random
  #state
  #possible
  #doing = 'nothing'
  #last = 'nothing'
  /** Moves that were acknowledged; that a kill cut off, or the server refused; of those, which had happened. */
  counts = { acknowledged: 0, cutOff: 0, refused: 0, happened: 0 }

  constructor(thing, seed) {
    this.#thing = thing
    this.#random = randomOf(seed, thing.name)
    this.#state = thing.first
    this.#possible = [thing.first]
  }

  prepare(life) {
    return this.#thing.prepare?.(life)
  }

  /**
   * Makes one move after another until the server is gone, or `until` says so. `mayFail`: the server may answer 500, as
   * when there is no room; then the thing is looked at before the next move.
   */
  async work(life, { mayFail = false, until = () => false } = {}) {
    while (!until()) {
      const move = this.#thing.next(this.#state, this.#random)
      this.#doing = move.label
      this.#possible = [this.#state, move.to, ...(move.also ?? [])]
      try {
        const refused = await this.#make(move, life, mayFail)
        if (refused) continue
      } catch (error) {
        if (!(error instanceof Gone))
          throw new Error(`${this.#thing.name}: ${move.label}: ${error.message}`, { cause: error })
        this.counts.cutOff += 1
        return
      }
      this.#last = move.label
      this.counts.acknowledged += 1
      if (move.pause !== undefined) await new Promise((resolve) => setTimeout(resolve, move.pause))
    }
  }

  /** @returns {Promise<boolean>} whether it was refused, and may be */
  async #make(move, life, mayFail) {
    try {
      const body = await move.send(life)
      this.#become(move.settle === undefined ? move.to : move.settle(body))
      return false
    } catch (error) {
      if (!mayFail || !(error instanceof Refused) || error.status !== 500) throw error
    }
    this.counts.refused += 1
    await this.check(life)
    // Else it asks again and again, and nobody else has a turn.
    await new Promise((resolve) => setTimeout(resolve, 20))
    return true
  }

  #become(state) {
    this.#state = state
    this.#possible = [state]
    this.#doing = 'nothing'
  }

  /** @throws {Loss} */
  async check(life) {
    const { observe, show = (state) => state, name } = this.#thing
    const seen = await observe(life, this.#possible)
    const at = this.#possible.findIndex((state) => isDeepStrictEqual(show(state), seen))
    if (at === -1) {
      const states = this.#possible.map((state) => JSON.stringify(show(state))).join('\n    or    ')
      throw new Loss(
        `${name}: acknowledged last: ${this.#last}; under way at the kill: ${this.#doing}\n    right ${states}\n    found ${JSON.stringify(seen)}`,
      )
    }
    if (at > 0) this.counts.happened += 1
    this.#become(this.#possible[at])
  }
}
