/** Reproducible randomness: the same seed and name give the same numbers. Nothing secret is made of it. */
import { createHash } from 'node:crypto'

/** @typedef {{ (): number, below(limit: number): number, pick<T>(from: readonly T[]): T }} Random */

/** @returns {Random} */
export function randomOf(seed, name) {
  let state = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE(0)
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return Object.assign(next, {
    below: (limit) => Math.floor(next() * limit),
    pick: (from) => from[Math.floor(next() * from.length)],
  })
}
