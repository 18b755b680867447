/** What holds for every plan, whatever is declared and whatever Vault has. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planDocument } from './document.ts'
import { isEmptyPlan, makePlan } from './make.ts'
import { compareText } from './order.ts'
import type { Desired, EntryKind, Plan } from './plan.ts'
import { renderPlan } from './render.ts'
import {
  type DeclaredValues,
  entry,
  OPTIONS,
  ours,
  SimulatedTarget,
  stored,
  type Stored,
} from './simulated-target.case.ts'

const PLAIN = { good: same, bad: same, warn: same, dim: same, bold: same }
const RENDER = { paint: PLAIN, all: true, now: 2000 }

function same(text: string): string {
  return text
}

const KINDS: readonly EntryKind[] = ['connection', 'variable', 'secret']
const PATHS = KINDS.flatMap((kind) => ['a', 'b', 'c'].map((id) => `${kind}s/${id}`))
/** Recognisable, so that one of them in an output can only be a leak. */
const value = fc.integer({ min: 0, max: 3 }).map((number) => `planted-value-${number}`)
const fieldName = fc.constantFrom('f', 'g', 'extra.h')

const declaredValues: fc.Arbitrary<DeclaredValues> = fc.dictionary(
  fieldName,
  fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ path: fc.constantFrom(...PATHS), field: fieldName }) },
  ),
)
const desired: fc.Arbitrary<Desired[]> = fc
  .uniqueArray(
    fc.record({ path: fc.constantFrom(...PATHS), values: declaredValues, external: fc.integer({ min: 0, max: 9 }) }),
    { selector: ({ path }) => path },
  )
  .map((all) =>
    all.map(({ path, values, external }) => {
      const [folder = '', id = ''] = path.split('/')
      return entry(folder.slice(0, -1) as EntryKind, id, external === 0 ? {} : values, external === 0)
    }),
  )

const there: fc.Arbitrary<Stored> = fc
  .record({
    version: fc.integer({ min: 1, max: 3 }),
    marked: fc.integer({ min: 1, max: 3 }),
    values: fc.dictionary(fieldName, value),
    deleted: fc.boolean(),
    by: fc.constantFrom('us', 'another hub', 'nobody'),
  })
  .map(({ version, marked, values, deleted, by }) => {
    const left = by === 'nobody' ? stored(version, values) : ours(marked, values, by === 'us' ? 'h' : 'another')
    return { ...left, version, deleted }
  })
const target: fc.Arbitrary<Record<string, Stored>> = fc.dictionary(fc.constantFrom(...PATHS), there)
const situation = fc.record({ desired, target, overwrite: fc.boolean() })

function checkEach(
  check: (at: { desired: Desired[]; target: SimulatedTarget; plan: Plan; overwrite: boolean }) => void,
): void {
  fc.assert(
    fc.property(situation, ({ desired, target: entries, overwrite }) => {
      const target = new SimulatedTarget(entries)
      check({ desired, target, plan: makePlan(desired, target.actual(desired), { ...OPTIONS, overwrite }), overwrite })
    }),
    { numRuns: 150 },
  )
}

describe('every plan', () => {
  it('leaves nothing to change once it is carried out', () => {
    checkEach(({ desired, target, plan, overwrite }) => {
      target.carryOut(plan, desired)
      const again = makePlan(desired, target.actual(desired), { ...OPTIONS, overwrite })
      expect(again.changes).toEqual([])
      expect({ ...again, unchanged: 0 }).toEqual({ ...plan, changes: [], unchanged: 0 })
    })
  })

  it('is empty when Vault has what is declared', () => {
    checkEach(({ desired, target }) => {
      const overwriting = makePlan(desired, target.actual(desired), { ...OPTIONS, overwrite: true })
      fc.pre(overwriting.blocked.length === 0 && overwriting.missing.length === 0)
      target.carryOut(overwriting, desired)
      expect(isEmptyPlan(makePlan(desired, target.actual(desired), OPTIONS))).toBe(true)
    })
  })

  it('is the same to the byte for equal inputs, in whatever order they come', () => {
    checkEach(({ desired, target, plan, overwrite }) => {
      const again = makePlan([...desired].reverse(), target.actual(desired).reverse(), { ...OPTIONS, overwrite })
      expect(JSON.stringify(again)).toBe(JSON.stringify(plan))
    })
  })

  it('holds and shows no value', () => {
    checkEach(({ plan }) => {
      for (const text of [JSON.stringify(plan), renderPlan(plan, RENDER), JSON.stringify(planDocument(plan))]) {
        expect(text).not.toContain('planted')
      }
    })
  })

  it('is ordered by kind, then by address, with what is deleted last', () => {
    checkEach(({ plan }) => {
      const keys = plan.changes.map(({ action, kind, address }) => {
        const rank = KINDS.findIndex((one) => one === kind)
        return action === 'delete' ? `2 ${9 - rank} ${address}` : `1 ${rank} ${address}`
      })
      expect(keys).toEqual([...keys].sort(compareText))
    })
  })

  it('never deletes or overwrites what this hub did not make, unless asked to', () => {
    checkEach(({ plan, target, overwrite }) => {
      fc.pre(!overwrite)
      const taken = plan.changes.filter(({ action }) => action === 'delete' || action === 'update')
      const marks = taken.map(({ kind, address }) => {
        return target.entries.get(`${kind}s/${address.slice(kind.length + 1)}`)?.metadata ?? {}
      })
      expect(marks.map(({ hub }) => hub)).toEqual(taken.map(() => 'h'))
      const updated = taken.filter(({ action }) => action === 'update')
      const written = marks
        .filter((_, index) => taken[index]?.action === 'update')
        .map((mark) => mark['plenum-version'])
      expect(written).toEqual(updated.map(({ cas }) => String(cas)))
    })
  })
})
