/**
 * Bounded parallel work: so many at a time, results in order.
 *
 * Invariant: after the first failure nothing new is started, what is under way is waited for, and the first error is
 * the one thrown. It does not retry and knows no time limit: both belong to the work itself.
 */

/** At least 1. One that changes is looked at whenever a piece of work ends. */
export type Bound = number | { readonly limit: number }

/** Results in the order of the items. */
export async function mapBounded<T, R>(
  items: readonly T[],
  bound: Bound,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const workers: Promise<void>[] = []
  let next = 0
  let running = 0
  let failure: { readonly error: unknown } | undefined
  const limit = (): number => Math.max(1, typeof bound === 'number' ? bound : bound.limit)
  const isMore = (): boolean => next < items.length && failure === undefined
  const work = async (): Promise<void> => {
    running += 1
    while (isMore() && running <= limit()) {
      const index = next
      next += 1
      try {
        results[index] = await map(items[index] as T, index)
      } catch (error) {
        failure ??= { error }
      }
      start()
    }
    running -= 1
  }
  const start = (): void => {
    while (isMore() && running < limit()) workers.push(work())
  }
  start()
  // More may come while these are waited for.
  for (const worker of workers) await worker
  if (failure !== undefined) throw failure.error
  return results
}
