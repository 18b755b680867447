/**
 * Policies and roles that carry this hub's prefix. A policy is Plenum's when the hub's mark stands in its first line; a
 * role has no place for a mark and is Plenum's when each of its policies is.
 */
import { mapBounded } from '../concurrency/index.ts'
import { type Hub, namePrefix, POLICY_MARK } from '../hub/index.ts'
import { type ActualSettings, addressOf, idOf } from '../plan/index.ts'
import type { Json } from '../sensitive/index.ts'
import { listPolicies, listRoles, readPolicy, readRole, type VaultClient } from '../vault/index.ts'
import type { ReadActualOptions } from './read-actual.ts'

export function isMarkedPolicy(hub: Hub, text: string): boolean {
  return text.trimStart().split('\n', 1)[0]?.trimEnd() === POLICY_MARK(hub)
}

export function policiesOfRole(settings: Readonly<Record<string, Json>>): string[] {
  const { token_policies: policies } = settings
  return Array.isArray(policies) ? (policies as readonly Json[]).filter((name) => typeof name === 'string') : []
}

export async function readPolicies(
  client: VaultClient,
  { hub, concurrency, signal }: ReadActualOptions,
): Promise<ActualSettings[]> {
  const names = (await listPolicies(client, signal)).filter((name) => name.startsWith(namePrefix(hub)))
  const read = await mapBounded(names, concurrency, async (name): Promise<ActualSettings[]> => {
    const text = await readPolicy(client, name, signal)
    if (text === undefined) return []
    const managed = isMarkedPolicy(hub, text)
    return [{ kind: 'policy', address: addressOf('policy', name), settings: { rules: text }, managed }]
  })
  return read.flat()
}

export async function readRoles(
  client: VaultClient,
  policies: readonly ActualSettings[],
  { hub, access, concurrency, signal }: ReadActualOptions,
): Promise<ActualSettings[]> {
  const marked = new Set(policies.filter(({ managed }) => managed).map(({ address }) => idOf(address)))
  const names = (await listRoles(client, access.authMount, signal)).filter((name) => name.startsWith(namePrefix(hub)))
  const read = await mapBounded(names, concurrency, async (name): Promise<ActualSettings[]> => {
    const settings = await readRole(client, access.authMount, name, signal)
    if (settings === undefined) return []
    const held = policiesOfRole(settings)
    const managed = held.length > 0 && held.every((policy) => marked.has(policy))
    return [{ kind: 'role', address: addressOf('role', name), settings, managed }]
  })
  return read.flat()
}
