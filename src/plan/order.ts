/**
 * The one order of plans: what others stand on comes first, then by address in code-unit order. Deletions run the
 * other way round, so that a role goes before the policy by which it is known as Plenum's.
 */
import type { Address, Change, ResourceKind } from './plan.ts'

const RANK: Readonly<Record<ResourceKind, number>> = {
  mount: 0,
  auth: 1,
  policy: 2,
  role: 3,
  connection: 4,
  variable: 5,
  secret: 6,
}

interface Placed {
  readonly kind: ResourceKind
  readonly address: Address
}

export function inOrder<T extends Placed>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => RANK[a.kind] - RANK[b.kind] || compareText(a.address, b.address))
}

export function inCarryingOutOrder(changes: Iterable<Change>): Change[] {
  const all = [...changes]
  const deletions = all.filter(({ action }) => action === 'delete')
  deletions.sort((a, b) => RANK[b.kind] - RANK[a.kind] || compareText(a.address, b.address))
  return [...inOrder(all.filter(({ action }) => action !== 'delete')), ...deletions]
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
