/**
 * What is refused before it is any request of the API. No audit device hears of it, so whoever keeps a log does
 * (vault-api 1.11).
 *
 * Invariant: a client that sends nothing else does not fill a log: so many at once and so many a second are told, the
 * others are counted.
 */
import type { MalformedRequest } from '../core/index.ts'
import { Patience } from './patience.ts'

export type NoteMalformed = (request: Omit<MalformedRequest, 'untold'>) => void

const TOLD = { atOnce: 20, eachSecond: 1 }

/** `now` in unix milliseconds. */
export function tellingSome(tell: (request: MalformedRequest) => void, now: () => number): NoteMalformed {
  const patience = new Patience(TOLD, now())
  let untold = 0
  return (request) => {
    if (patience.strike(now())) {
      tell({ ...request, untold })
      untold = 0
    } else untold += 1
  }
}
