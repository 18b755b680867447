/** Addresses: one text for each thing that a plan may be about. */
import type { Address, ResourceKind } from './plan.ts'

export function addressOf(kind: ResourceKind, id: string): Address {
  return `${kind}:${id}`
}

export function idOf(address: Address): string {
  return address.slice(address.indexOf(':') + 1)
}
