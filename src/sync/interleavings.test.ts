/** Every order of events that the generator finds (`order-of-events.case.ts`). PLENUM_SYNC_RUNS sets how many. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { events, outOfStep, play } from './order-of-events.case.ts'

const RUNS = { numRuns: Number(process.env['PLENUM_SYNC_RUNS'] ?? 400) }

describe('sync, killed anywhere', () => {
  it.each([1, 2])(
    'loses no edit and writes none twice, when only Airflow is edited (%i at once)',
    async (instances) => {
      await fc.assert(
        fc.asyncProperty(events([]), async (all) => {
          const world = await play(all, instances)
          expect(world.violations).toEqual([])
          expect(outOfStep(world)).toEqual([])
        }),
        RUNS,
      )
    },
  )

  it('never writes over, and never deletes, what a person wrote in Vault', async () => {
    await fc.assert(
      fc.asyncProperty(events(['vault-edit', 'vault-same']), async (all) => {
        expect((await play(all, 1)).violations).toEqual([])
      }),
      RUNS,
    )
  })

  it('two at once: neither, with people who also delete in Vault', async () => {
    await fc.assert(
      fc.asyncProperty(events(['vault-edit', 'vault-same', 'vault-drop']), async (all) => {
        expect((await play(all, 2)).violations).toEqual([])
      }),
      RUNS,
    )
  })

  it.each(['airflow-wins', 'vault-wins'] as const)('writes nothing twice and nothing late under %s', async (rule) => {
    await fc.assert(
      fc.asyncProperty(events(['vault-edit', 'vault-same', 'vault-drop']), async (all) => {
        const { violations } = await play(all, 2, rule)
        // A rule is there to decide against what somebody wrote.
        expect(violations.filter((violation) => !violation.includes('a person'))).toEqual([])
      }),
      RUNS,
    )
  })
})
