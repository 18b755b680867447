/**
 * Shares given one after another until there are enough: to unseal, to rekey, to verify new shares, to make a root token.
 *
 * Invariant: a share counts once, whatever tells it from another is compared in constant time, and its bytes are
 * overwritten when it has served or is dropped. Whether the shares are right is for the caller to find out: too few or
 * wrong ones combine to a wrong key.
 */
import { timingSafeEqual } from 'node:crypto'
import { combineShares } from './shares.ts'

export class Quorum {
  #given: Buffer[] = []

  /** Shares given so far. */
  get progress(): number {
    return this.#given.length
  }

  /** Takes the share over. False when it has been given before. */
  add(share: Buffer): boolean {
    const known = this.#given.filter((other) => other.length === share.length && timingSafeEqual(other, share))
    if (known.length > 0) {
      share.fill(0)
      return false
    }
    this.#given.push(share)
    return true
  }

  /**
   * The key they make, `undefined` when they do not belong together; the caller overwrites it. The shares are gone at
   * once, so that whoever comes meanwhile begins anew.
   */
  async combine(): Promise<Buffer | undefined> {
    const shares = this.#given
    this.#given = []
    try {
      return await combineShares(shares)
    } finally {
      for (const share of shares) share.fill(0)
    }
  }

  forget(): void {
    for (const share of this.#given) share.fill(0)
    this.#given = []
  }
}
