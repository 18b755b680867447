/** The entries of a hub by their address: where an imported object lies, and what plenum.yaml says of it. */
import type { DeclaredEntry, Hub } from '../../hub/index.ts'
import { type Address, addressOf } from '../../plan/index.ts'

export type DeclaredEntries = ReadonlyMap<Address, DeclaredEntry>

export function declaredEntries({ entries }: Hub): DeclaredEntries {
  return new Map(entries.map((entry) => [addressOf(entry.kind, entry.id), entry]))
}
