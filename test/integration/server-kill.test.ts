/**
 * kill -9 at random moments while everything is written to that the server keeps: every acknowledged write is there
 * afterwards, whole, and the store opens. It is `npm run soak -- kill` with few kills; PLENUM_KILLS sets how many (default
 * 8; 1,000 before a release), PLENUM_SEED which moves. It runs the built package: `npm run build` comes first.
 */
import { expect, it } from 'vitest'
import { soak } from './soak.case.ts'

const KILLS = Number(process.env['PLENUM_KILLS'] ?? '8')
const SEED = process.env['PLENUM_SEED']

it(
  `S40: loses no acknowledged write in ${KILLS} kills, and always opens again`,
  async () => {
    const { report, progress } = await soak(
      'kill',
      `--kills=${KILLS}`,
      ...(SEED === undefined ? [] : [`--seed=${SEED}`]),
    )
    expect(report, progress).toContain('| lost, or there in part | 0 |')
  },
  120_000 + KILLS * 10_000,
)
