/**
 * Desired + actual -> Plan. Pure and synchronous: equal inputs give equal plans, to the byte.
 *
 * What Vault has and the hub does not declare is deleted when this hub's mark is on it, and listed otherwise. What a
 * declared entry still takes a value from is kept. Mounts and auth methods are never deleted: others may live there.
 */
import { isBroughtIn } from '../hub/index.ts'
import { type Found, judgeEntries } from './entries.ts'
import { compareText, inCarryingOutOrder, inOrder } from './order.ts'
import type {
  Actual,
  ActualEntry,
  ActualSettings,
  ActualSource,
  Address,
  Blocked,
  Change,
  Desired,
  DesiredEntry,
  DesiredSettings,
  Plan,
  PlanOptions,
  Shadow,
} from './plan.ts'
import { judgeSettings } from './settings.ts'
import type { Judged } from './verdict.ts'

export function makePlan(desired: readonly Desired[], actual: readonly Actual[], options: PlanOptions): Plan {
  const found = actual.filter((one): one is ActualEntry | ActualSettings => one.kind !== 'source')
  const judged = judgeAll(desired, actual, options.overwrite)
  const rest = undeclared(desired, found)
  const changes = pick(judged, ({ verdict }) => (verdict.kind === 'change' ? verdict.change : undefined))
  return {
    formatVersion: 1,
    changes: inCarryingOutOrder([...changes, ...rest.deletions]),
    unchanged: judged.filter(({ verdict }) => verdict.kind === 'unchanged').length,
    drifted: pick(judged, ({ verdict }) => (verdict.kind === 'drift' ? verdict.drift : undefined)),
    blocked: inOrder([
      ...pick(judged, ({ verdict }) => (verdict.kind === 'blocked' ? verdict.blocked : undefined)),
      ...rest.blocked,
    ]),
    unmanaged: rest.unmanaged,
    missing: pick(judged, ({ one, verdict }) => (verdict.kind === 'missing' ? one.address : undefined)),
    shadowing: [...options.shadowing].sort(compareShadows),
  }
}

/** Vault is what plenum.yaml says: nothing to do, and nothing that stands in the way of doing it. */
export function isEmptyPlan(plan: Plan): boolean {
  return [plan.changes, plan.drifted, plan.blocked, plan.missing].every((list) => list.length === 0)
}

function judgeAll(desired: readonly Desired[], actual: readonly Actual[], overwrite: boolean): Judged[] {
  const there = new Map(actual.filter(isSettings).map((one) => [one.address, one]))
  const settings = inOrder(desired.filter(isDesiredSettings)).map((one): Judged => {
    return { one, verdict: judgeSettings(one, there.get(one.address), overwrite) }
  })
  const blocked = new Set(
    pick(settings, ({ verdict }) => (verdict.kind === 'blocked' ? verdict.blocked.kind : undefined)),
  )
  // At a path that something else occupies nothing was read, so nothing below it can be judged.
  const reachable = blocked.has('auth') ? settings.filter(({ one }) => one.kind !== 'role') : settings
  if (blocked.has('mount')) return reachable
  const found: Found = {
    entries: new Map(actual.filter(isEntry).map((one) => [one.path, one])),
    sources: new Map(actual.filter(isSource).map((one) => [one.address, one])),
  }
  return [...reachable, ...judgeEntries(inOrder(desired.filter(isDesiredEntry)), found, overwrite)]
}

interface Undeclared {
  readonly deletions: readonly Change[]
  readonly blocked: readonly Blocked[]
  readonly unmanaged: readonly Address[]
}

function undeclared(desired: readonly Desired[], found: readonly (ActualEntry | ActualSettings)[]): Undeclared {
  const declared = new Set(desired.map(({ address }) => address))
  const rest = inOrder(found).filter((one) => !declared.has(one.address) && isThere(one))
  const removable = rest.filter(({ kind }) => kind !== 'mount' && kind !== 'auth')
  const managed = removable.filter(isOurs)
  const users = usersOf(desired)
  return {
    deletions: managed.filter((one) => userOf(one, users) === undefined).map(deletion),
    blocked: pick(managed, (one) => stillUsed(one, userOf(one, users))),
    unmanaged: removable.filter((one) => !isOurs(one)).map(({ address }) => address),
  }
}

/** What was brought in from elsewhere has no other copy: a missing declaration is no reason to delete it. */
function isOurs(one: ActualEntry | ActualSettings): boolean {
  return one.managed && !(isEntry(one) && isBroughtIn(one.metadata))
}

function deletion(one: ActualEntry | ActualSettings): Change {
  const { kind, address } = one
  return { action: 'delete', kind, address, cas: isEntry(one) ? one.version : 0, fields: [] }
}

/** Path to the first declared entry that takes a value from there. */
function usersOf(desired: readonly Desired[]): ReadonlyMap<string, Address> {
  const users = new Map<string, Address>()
  for (const { address, fields } of inOrder(desired.filter(isDesiredEntry))) {
    for (const field of fields.values()) {
      if (field.kind === 'same' && !users.has(field.path)) users.set(field.path, address)
    }
  }
  return users
}

function userOf(one: ActualEntry | ActualSettings, users: ReadonlyMap<string, Address>): Address | undefined {
  return isEntry(one) ? users.get(one.path) : undefined
}

function stillUsed({ kind, address }: ActualEntry | ActualSettings, user: Address | undefined): Blocked | undefined {
  if (user === undefined) return undefined
  const text = `no longer declared, and not deleted: ${user} takes a value from it`
  return { kind, address, text, hint: 'declare it again, or take the value from elsewhere first' }
}

/** A deleted version is gone for readers; its metadata stays as the way back and is no longer our concern. */
function isThere(one: ActualEntry | ActualSettings): boolean {
  return !isEntry(one) || !one.deleted
}

function pick<T, R>(items: readonly T[], take: (item: T) => R | undefined): R[] {
  return items.map(take).filter((taken): taken is R => taken !== undefined)
}

function compareShadows(a: Shadow, b: Shadow): number {
  return compareText(a.address, b.address) || compareText(a.variable, b.variable) || compareText(a.where, b.where)
}

function isDesiredSettings(one: Desired): one is DesiredSettings {
  return one.kind === 'mount' || one.kind === 'auth' || one.kind === 'policy' || one.kind === 'role'
}

function isDesiredEntry(one: Desired): one is DesiredEntry {
  return !isDesiredSettings(one)
}

function isSettings(one: Actual): one is ActualSettings {
  return one.kind === 'mount' || one.kind === 'auth' || one.kind === 'policy' || one.kind === 'role'
}

function isSource(one: Actual): one is ActualSource {
  return one.kind === 'source'
}

function isEntry(one: Actual): one is ActualEntry {
  return one.kind === 'connection' || one.kind === 'variable' || one.kind === 'secret'
}
