/**
 * Entries in waves: one that takes a value from another is written after it. Inside a wave order does not matter.
 *
 * Circles are blocked by the plan; should one come here all the same, it is cut where it closes, and reading the source
 * tells.
 */
import type { ResolvedEntry } from '../hub/index.ts'
import type { Address, Change } from '../plan/index.ts'

/** The entries of this plan that each one takes values from. */
export type Sources = ReadonlyMap<Address, readonly Address[]>

export function sourcesOf(changes: readonly Change[], resolved: ReadonlyMap<Address, ResolvedEntry>): Sources {
  const changing = new Map<string, Address>()
  for (const { address } of changes) {
    const path = resolved.get(address)?.entry.path
    if (path !== undefined) changing.set(path, address)
  }
  return new Map(
    changes.map(({ address }) => {
      const fields = [...(resolved.get(address)?.fields.values() ?? [])]
      const paths = fields.map((field) => (field.kind === 'vault' ? changing.get(field.path) : undefined))
      return [address, paths.filter((source): source is Address => source !== undefined && source !== address)] as const
    }),
  )
}

export function inWaves(changes: readonly Change[], sources: Sources): Change[][] {
  const depths = new Map<Address, number>()
  function depthOf(address: Address): number {
    const known = depths.get(address)
    if (known !== undefined) return known
    depths.set(address, 0)
    const depth = Math.max(0, ...(sources.get(address) ?? []).map((source) => depthOf(source) + 1))
    depths.set(address, depth)
    return depth
  }
  const waves: Change[][] = []
  for (const change of changes) {
    const depth = depthOf(change.address)
    while (waves.length <= depth) waves.push([])
    waves[depth]?.push(change)
  }
  return waves
}
