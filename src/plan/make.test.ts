import { describe, expect, it } from 'vitest'
import { isEmptyPlan, makePlan } from './make.ts'
import type { Actual, Change, Desired, DesiredSettings, Plan } from './plan.ts'
import { entry, OPTIONS, ours, SimulatedTarget, stored, type Stored } from './simulated-target.case.ts'

const OVERWRITE = { ...OPTIONS, overwrite: true }
const PATH = 'connections/c'
const declared = entry('connection', 'c', { password: 'new' })

function planFor(there: Stored, desired: Desired = declared, options = OPTIONS): Plan {
  return makePlan([desired], new SimulatedTarget({ [PATH]: there }).actual(), options)
}

function only(plan: Plan): Change {
  expect(plan.changes).toHaveLength(1)
  return plan.changes[0] as Change
}

describe('an entry', () => {
  it('is created where there is nothing', () => {
    expect(only(makePlan([declared], [], OPTIONS))).toMatchObject({ action: 'create', cas: 0 })
  })

  it('is created over a deleted version, which check-and-set still counts', () => {
    expect(only(planFor({ ...ours(3, { password: 'new' }), deleted: true }))).toMatchObject({
      action: 'create',
      cas: 3,
    })
  })

  it('is left alone when it is as declared and marked', () => {
    const plan = planFor(ours(3, { password: 'new' }))
    expect([plan.changes, plan.unchanged, isEmptyPlan(plan)]).toEqual([[], 1, true])
  })

  it('is marked when it is as declared and nobody marked it', () => {
    const change = only(planFor(stored(2, { password: 'new' }, { 'rotated-by': 'somebody' })))
    expect(change).toMatchObject({ action: 'mark', cas: 2 })
    expect(change.fields.map(({ field }) => field)).toEqual(['managed-by', 'hub', 'project', 'plenum-version'])
  })

  it('is marked when an apply was interrupted between data and mark', () => {
    const there = { ...ours(2, { password: 'new' }), version: 3 }
    expect(only(planFor(there))).toMatchObject({
      action: 'mark',
      cas: 3,
      fields: [{ field: 'plenum-version', change: 'changed' }],
    })
  })

  it('is updated when Plenum wrote the newest version, and the plan says which fields differ', () => {
    const change = only(planFor(ours(3, { password: 'old', login: 'l' })))
    expect(change).toMatchObject({
      action: 'update',
      cas: 3,
      fields: [
        { field: 'login', change: 'removed' },
        { field: 'password', change: 'changed' },
      ],
    })
  })

  it.each([
    ['changed', { ...ours(2, { password: 'old' }), version: 3 }],
    ['changed', { ...ours(4, { password: 'old' }), version: 3 }],
    ['changed', stored(3, { password: 'old' }, { 'managed-by': 'plenum', hub: 'h', 'plenum-version': 'x' })],
    ['foreign', stored(3, { password: 'old' })],
    ['other-hub', ours(3, { password: 'old' }, 'another')],
    ['other-hub', ours(3, { password: 'new' }, 'another')],
  ] as const)('is not overwritten when it is %s', (reason, there) => {
    const plan = planFor(there)
    expect(plan.changes).toEqual([])
    expect(plan.drifted).toMatchObject([{ address: 'connection:c', reason, version: 3, changedAt: 1000 }])
    expect(isEmptyPlan(plan)).toBe(false)
  })

  it('is overwritten when that is asked for, at the version that was seen', () => {
    const plan = planFor(stored(3, { password: 'old' }), declared, OVERWRITE)
    expect(only(plan)).toMatchObject({ action: 'update', cas: 3 })
    expect(plan.drifted).toEqual([])
    expect(only(planFor(ours(3, { password: 'new' }, 'another'), declared, OVERWRITE))).toMatchObject({
      action: 'mark',
    })
  })

  it('keeps whatever a field to be kept has, and gets one when there is none', () => {
    const desired = entry('connection', 'c', { password: undefined, login: 'l' })
    expect(isEmptyPlan(planFor(ours(1, { password: 'any', login: 'l' }), desired))).toBe(true)
    expect(only(planFor(ours(1, { login: 'l' }), desired)).fields).toEqual([{ field: 'password', change: 'added' }])
  })

  it('is deleted when this hub made it and declares it no longer', () => {
    const plan = makePlan([], new SimulatedTarget({ [PATH]: ours(5, { password: 'x' }) }).actual(), OPTIONS)
    expect(only(plan)).toMatchObject({ action: 'delete', address: 'connection:c', cas: 5 })
  })

  it('is never deleted when another hub, or nobody, marked it: it is listed', () => {
    const target = new SimulatedTarget({ 'variables/a': ours(1, {}, 'another'), 'variables/b': stored(1, {}) })
    const plan = makePlan([], target.actual(), OVERWRITE)
    expect([plan.changes, plan.unmanaged]).toEqual([[], ['variable:a', 'variable:b']])
  })

  it('is listed and never deleted when it was brought in: Vault may hold the only copy', () => {
    const imported = ours(1, { value: 'x' })
    const there = { ...imported, metadata: { ...imported.metadata, source: 'import' } }
    const plan = makePlan([], new SimulatedTarget({ 'variables/a': there }).actual(), OPTIONS)
    expect([plan.changes, plan.unmanaged]).toEqual([[], ['variable:a']])
  })

  it('is gone when its newest version is deleted', () => {
    const deleted = {
      'variables/a': { ...ours(1, {}), deleted: true },
      'variables/b': { ...stored(1, {}), deleted: true },
    }
    expect(makePlan([], new SimulatedTarget(deleted).actual(), OPTIONS)).toMatchObject({ changes: [], unmanaged: [] })
  })

  it('is never touched when it is external, and missed when it is not there', () => {
    const external = entry('connection', 'c', {}, true)
    expect(isEmptyPlan(planFor(stored(9, { anything: 'x' }), external, OVERWRITE))).toBe(true)
    const missing = planFor({ ...stored(9, {}), deleted: true }, external)
    expect([missing.changes, missing.missing, isEmptyPlan(missing)]).toEqual([[], ['connection:c'], false])
  })
})

describe('a field that is the same as one of another entry', () => {
  const a = entry('secret', 'a', { key: 'new' })
  const b = entry('variable', 'b', { value: { path: 'secrets/a', field: 'key' } })

  it('is new in the same plan as its source', () => {
    const target = new SimulatedTarget({
      'secrets/a': ours(1, { key: 'old' }),
      'variables/b': ours(1, { value: 'old' }),
    })
    const plan = makePlan([a, b], target.actual([a, b]), OPTIONS)
    expect(plan.changes.map(({ action, address }) => [action, address])).toEqual([
      ['update', 'variable:b'],
      ['update', 'secret:a'],
    ])
  })

  it('follows what Vault has when its source has drifted', () => {
    const target = new SimulatedTarget({
      'secrets/a': stored(1, { key: 'theirs' }),
      'variables/b': ours(1, { value: 'theirs' }),
    })
    expect(makePlan([a, b], target.actual([a, b]), OPTIONS)).toMatchObject({ changes: [], unchanged: 1 })
  })

  it('follows a source that nobody declares', () => {
    const target = new SimulatedTarget({ 'secrets/a': stored(1, { key: 'x' }), 'variables/b': ours(1, { value: 'x' }) })
    expect(makePlan([b], target.actual([b]), OPTIONS)).toMatchObject({ changes: [], unchanged: 1 })
  })

  it('changes when its source will be made', () => {
    const made = entry('secret', 'a', { key: undefined })
    const target = new SimulatedTarget({ 'variables/b': ours(1, { value: 'old' }) })
    expect(makePlan([made, b], target.actual([made, b]), OPTIONS).changes).toHaveLength(2)
  })

  it('is blocked when there is no source, or the way to it is a circle', () => {
    expect(makePlan([b], [], OPTIONS)).toMatchObject({ changes: [], blocked: [{ address: 'variable:b' }] })
    const circle = [
      entry('secret', 'a', { key: { path: 'variables/b', field: 'value' } }),
      entry('variable', 'b', { value: { path: 'secrets/a', field: 'key' } }),
    ]
    const plan = makePlan(circle, [], OPTIONS)
    expect(plan.changes).toEqual([])
    expect(plan.blocked.map(({ address }) => address)).toEqual(['variable:b', 'secret:a'])
  })
})

describe('mounts, policies and roles', () => {
  const mount: DesiredSettings = { kind: 'mount', address: 'mount:kv', settings: { type: 'kv', version: '2' } }
  const auth: DesiredSettings = { kind: 'auth', address: 'auth:approle', settings: { type: 'approle' } }
  const policy: DesiredSettings = { kind: 'policy', address: 'policy:p', settings: { rules: 'x\n' } }
  const role: DesiredSettings = {
    kind: 'role',
    address: 'role:r',
    settings: { token_policies: ['b', 'a'], token_bound_cidrs: [], token_ttl: 60 },
  }

  it('are created first, in the order in which they stand on each other', () => {
    const plan = makePlan([declared, role, policy, auth, mount], [], OPTIONS)
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['mount', 'auth', 'policy', 'role', 'connection'])
  })

  it('are equal when what is declared is equal, lists in any order, whatever else Vault answers', () => {
    const settings = { token_policies: ['a', 'b'], token_bound_cidrs: null, token_ttl: 60, token_type: 'default' }
    const actual: Actual[] = [
      { kind: 'role', address: 'role:r', settings, managed: true },
      { kind: 'policy', address: 'policy:p', settings: { rules: 'x' }, managed: true },
    ]
    expect(makePlan([role, policy], actual, OPTIONS)).toMatchObject({ changes: [], unchanged: 2 })
  })

  it('are changed when Plenum made them, and are drift when it did not', () => {
    const found = (managed: boolean): Actual[] => [
      { kind: 'role', address: 'role:r', settings: { ...role.settings, token_ttl: 61 }, managed },
    ]
    expect(only(makePlan([role], found(true), OPTIONS)).fields).toEqual([{ field: 'token_ttl', change: 'changed' }])
    expect(makePlan([role], found(false), OPTIONS)).toMatchObject({ changes: [], drifted: [{ reason: 'foreign' }] })
    expect(only(makePlan([role], found(false), OVERWRITE))).toMatchObject({ action: 'update' })
  })

  it('a mount of another type blocks what lies below it, also when overwriting is asked for', () => {
    const there: Actual = { kind: 'mount', address: 'mount:kv', settings: { type: 'kv', version: '1' }, managed: false }
    const plan = makePlan([mount, policy, declared], [there], OVERWRITE)
    expect(plan.changes.map(({ address }) => address)).toEqual(['policy:p'])
    expect(plan.blocked).toMatchObject([{ address: 'mount:kv' }])
    expect(plan.blocked[0]?.text).toContain('kv version 1 and should be kv version 2')
  })

  it('an auth method of another type blocks the roles', () => {
    const there: Actual = { kind: 'auth', address: 'auth:approle', settings: { type: 'userpass' }, managed: false }
    const plan = makePlan([auth, role, policy], [there], OVERWRITE)
    expect(plan.changes.map(({ address }) => address)).toEqual(['policy:p'])
    expect(plan.blocked).toMatchObject([{ address: 'auth:approle' }])
  })

  it('are deleted after the entries, roles before policies, mounts never', () => {
    const target = new SimulatedTarget({ 'variables/v': ours(1, {}) })
    const settings = { settings: {}, managed: true }
    for (const address of ['mount:kv', 'auth:approle', 'policy:p', 'role:p']) target.settings.set(address, settings)
    const plan = makePlan([entry('variable', 'new', { value: 'x' })], target.actual(), OPTIONS)
    expect(plan.changes.map(({ action, address }) => `${action} ${address}`)).toEqual([
      'create variable:new',
      'delete variable:v',
      'delete role:p',
      'delete policy:p',
    ])
  })
})
