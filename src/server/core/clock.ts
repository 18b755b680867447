/**
 * The server's clock: the machine's, but never running back and never slower than time itself passes.
 *
 * Invariant: between two readings it advances at least as far as the monotonic clock does, but for steps of less than a
 * second, which it waits for. So no token, secret-id or wrapped answer outlives its time because somebody set the clock
 * back, and no deleted version comes back. Set forward, it follows at once; what expires by that has expired.
 *
 * It remembers nothing beyond the process: after a start it is the machine's clock again.
 */

/** Smaller steps are those of a clock that is kept right. */
const STEP_MS = 1000

/** Both in milliseconds: `wall` since 1970, `elapsed` since any moment. */
export function createSteadyClock(wall: () => number, elapsed: () => number): () => number {
  let seenWall = wall()
  let seenElapsed = elapsed()
  /** By how much the machine's clock was set back. */
  let ahead = 0
  let last = seenWall
  return () => {
    const wallNow = wall()
    const elapsedNow = elapsed()
    const step = wallNow - seenWall - (elapsedNow - seenElapsed)
    // Set forward again, it comes nearer to the machine's.
    if (Math.abs(step) >= STEP_MS) ahead = Math.max(0, Math.round(ahead - step))
    seenWall = wallNow
    seenElapsed = elapsedNow
    last = Math.max(last, wallNow + ahead)
    return last
  }
}
