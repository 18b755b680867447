import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addVersion,
  type Cas,
  changeSettings,
  checkCas,
  DEFAULT_CONFIG,
  destroy,
  type KeyMetadata,
  type MountConfig,
  softDelete,
  storedVersions,
  undelete,
  versionState,
} from './versions.ts'

const config = (changes: Partial<MountConfig> = {}): MountConfig => ({ ...DEFAULT_CONFIG, ...changes })
const expecting = (version: number): Cas => ({ kind: 'expect', version })
const UNSET: Cas = { kind: 'unset' }

function withVersions(count: number, mount: MountConfig = config(), settings: Partial<KeyMetadata> = {}): KeyMetadata {
  let meta = changeSettings(undefined, settings, 1).next
  for (let index = 0; index < count; index += 1) meta = addVersion(meta, mount, 10 + index).next
  return meta
}

describe('checkCas', () => {
  const one = withVersions(1)
  it.each<[string, KeyMetadata | undefined, MountConfig, Cas, string]>([
    ['unset, nothing there', undefined, config(), UNSET, 'ok'],
    ['unset, required by the mount', undefined, config({ casRequired: true }), UNSET, 'cas-required'],
    ['unset, required by the key', withVersions(1, config(), { casRequired: true }), config(), UNSET, 'cas-required'],
    ['0, nothing there', undefined, config(), expecting(0), 'ok'],
    ['0, metadata only', withVersions(0), config(), expecting(0), 'ok'],
    ['0, a version there', one, config(), expecting(0), 'cas-mismatch'],
    ['0, the latest deleted', softDelete(one, [1], 50).next, config(), expecting(0), 'cas-mismatch'],
    ['1, the latest deleted', softDelete(one, [1], 50).next, config(), expecting(1), 'ok'],
    ['1, the latest destroyed', destroy(one, [1], 50).next, config(), expecting(1), 'ok'],
    ['the version', one, config({ casRequired: true }), expecting(1), 'ok'],
    ['one too many', one, config(), expecting(2), 'cas-mismatch'],
    ['negative', undefined, config(), expecting(-1), 'cas-mismatch'],
  ])('%s', (_, meta, mount, cas, result) => {
    expect(checkCas(meta, mount, cas)).toBe(result)
  })
})

describe('addVersion', () => {
  it.each([
    [0, 0, 10],
    [3, 0, 3],
    [0, 4, 4],
    [3, 5, 5],
    [5, 3, 5],
  ])('of key %i and mount %i keeps the larger, or ten: %i', (ofKey, ofMount, kept) => {
    const meta = withVersions(15, config({ maxVersions: ofMount }), { maxVersions: ofKey })
    expect([...meta.versions.keys()]).toEqual(Array.from({ length: kept }, (_, index) => 16 - kept + index))
    expect([meta.currentVersion, meta.oldestVersion]).toEqual([15, 16 - kept])
  })

  it('says which values go, all at once when the limit was lowered', () => {
    const many = destroy(withVersions(8), [2], 50).next
    const { next, prune } = addVersion(many, config({ maxVersions: 3 }), 60)
    expect(prune).toEqual([1, 3, 4, 5, 6])
    expect([...next.versions.keys()]).toEqual([7, 8, 9])
    expect(many.versions.size).toBe(8)
  })

  it('has oldest_version 0 until the window is full', () => {
    expect(withVersions(9).oldestVersion).toBe(0)
    expect(withVersions(10).oldestVersion).toBe(1)
    expect(withVersions(11).oldestVersion).toBe(2)
  })

  it.each([
    [0, 0, undefined],
    [60, 0, 60_000],
    [0, 30, 30_000],
    [60, 30, 30_000],
    [30, 60, 30_000],
    [-1, 30, undefined],
    [30, -1, undefined],
  ])('of a time to live of %i in the mount and %i in the key takes the shorter', (ofMount, ofKey, after) => {
    const meta = withVersions(1, config({ deleteVersionAfter: ofMount }), { deleteVersionAfter: ofKey })
    expect(meta.versions.get(1)?.deletionTime).toBe(after === undefined ? undefined : 10 + after)
  })
})

describe('versionState', () => {
  it('is deleted from the very millisecond on', () => {
    const meta = withVersions(1, config({ deleteVersionAfter: 1 }))
    expect([1009, 1010, 1011].map((now) => versionState(meta, 1, now))).toEqual(['live', 'deleted', 'deleted'])
    expect(versionState(meta, 2, 0)).toBe('absent')
    expect(versionState(destroy(meta, [1], 0).next, 1, 0)).toBe('destroyed')
  })
})

describe('delete, undelete and destroy', () => {
  it('pass over what is not there, and change nothing when nothing changes', () => {
    const meta = withVersions(2)
    expect(softDelete(meta, [7, 0, -1], 50)).toEqual({ next: meta, prune: [] })
    const deleted = softDelete(meta, [1, 1, 9], 50).next
    expect(deleted.versions.get(1)?.deletionTime).toBe(50)
    expect(softDelete(deleted, [1], 60).next).toBe(deleted)
    expect(deleted.updatedTime).toBe(meta.updatedTime)
  })

  it('bring a deletion that is ahead forward', () => {
    const meta = withVersions(1, config({ deleteVersionAfter: 60 }))
    expect(softDelete(meta, [1], 50).next.versions.get(1)?.deletionTime).toBe(50)
  })

  it('give what comes back a new time to live, and leave what is destroyed', () => {
    const meta = destroy(softDelete(withVersions(2), [1, 2], 50).next, [2], 51).next
    const back = undelete(meta, [1, 2], config({ deleteVersionAfter: 1 }), 100).next
    expect(back.versions.get(1)?.deletionTime).toBe(1100)
    expect(back.versions.get(2)).toEqual(meta.versions.get(2))
    expect(undelete(meta, [1], config(), 100).next.versions.get(1)?.deletionTime).toBeUndefined()
  })

  it('take the value of what is destroyed, once', () => {
    const first = destroy(withVersions(3), [1, 3, 8], 50)
    expect(first.prune).toEqual([1, 3])
    expect(destroy(first.next, [1, 2], 60).prune).toEqual([2])
    expect(storedVersions(first.next)).toEqual([2])
  })
})

describe('every transition', () => {
  type Step = (meta: KeyMetadata | undefined, now: number) => KeyMetadata | undefined
  const existing =
    (change: (meta: KeyMetadata, now: number) => KeyMetadata): Step =>
    (meta, now) =>
      meta && change(meta, now)
  const versions = fc.array(fc.integer({ min: -1, max: 8 }), { maxLength: 3 })
  const mount = fc.record({
    maxVersions: fc.constantFrom(0, 1, 3),
    casRequired: fc.boolean(),
    deleteVersionAfter: fc.constantFrom(-1, 0, 1),
  })
  const step: fc.Arbitrary<Step> = fc.oneof(
    mount.map(
      (one): Step =>
        (meta, now) =>
          addVersion(meta, one, now).next,
    ),
    mount.map(
      (one): Step =>
        (meta, now) =>
          changeSettings(meta, one, now).next,
    ),
    versions.map((wanted) => existing((meta, now) => softDelete(meta, wanted, now).next)),
    fc.tuple(versions, mount).map(([wanted, one]) => existing((meta, now) => undelete(meta, wanted, one, now).next)),
    versions.map((wanted) => existing((meta, now) => destroy(meta, wanted, now).next)),
  )

  it('keeps metadata whole: growing revisions, versions in the window, nothing changed in place', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(2000)), { maxLength: 20 }), (steps) => {
        let meta: KeyMetadata | undefined
        for (const [change, later] of steps) {
          const before = meta
          const copy = before && structuredClone(before)
          meta = change(meta, 1000 + later)
          expect(before).toEqual(copy)
          if (meta === undefined || meta === before) continue
          const { currentVersion, oldestVersion, revision } = meta
          expect(revision > (before?.revision ?? 0)).toBe(true)
          expect([...meta.versions.keys()].every((one) => one >= oldestVersion && one <= currentVersion)).toBe(true)
          expect(currentVersion === 0 || meta.versions.has(currentVersion)).toBe(true)
        }
      }),
    )
  })
})
