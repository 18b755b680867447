/**
 * Bounded parallel work: so many at a time, results in order.
 *
 * Invariant: after the first failure nothing new is started, what is under way is waited for, and the first error is
 * the one thrown. It does not retry and knows no time limit: both belong to the work itself.
 */

/** Results in the order of the items; at most `bound` (at least 1) at a time. */
export async function mapBounded<T, R>(
  items: readonly T[],
  bound: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const work = async (): Promise<void> => {
    while (next < items.length && failure === undefined) {
      const index = next
      next += 1
      try {
        results[index] = await map(items[index] as T, index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(bound, items.length)) }, work))
  if (failure !== undefined) throw failure.error
  return results
}
