/**
 * The parts of `npm run soak` that find losses, at a length for every day; docs/reliability.md has the report of the full
 * one. `server-kill.test.ts` is another of its parts. It runs the built package: `npm run build` comes first.
 */
import { expect, it } from 'vitest'
import { soak } from './soak.case.ts'

/** For a machine that has ten times the work it has cores for. */
const timeout = 400_000

it('a kill during initialisation, rekeying or a KV upgrade leaves one of two whole states', { timeout }, async () => {
  const { report } = await soak('moments', '--kills=30')
  expect(report).toMatch(
    /\| initialisation \| 3 \|[^]*\| a rekey, at its verification \| 3 \|[^]*\| 3 \| \d times version 1/,
  )
})

it('a disk that becomes full loses nothing, and the server goes on when there is room', { timeout }, async ({
  skip,
}) => {
  const { report, progress } = await soak('full', '--rounds=2')
  const why = /full: skipped, (.*)/.exec(progress)?.[1]
  if (why !== undefined) skip(why)
  expect(report).toContain('| lost, or there in part | 0 |')
})

it('S28, S29: nothing outlives its time, whatever is done to the clock', { timeout }, async () => {
  const { report } = await soak('clock', '--jumps=120')
  expect(report).toContain('| alive beyond its time, dead before it, negative times, failed requests | 0 |')
})
