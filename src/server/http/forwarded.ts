/**
 * X-Forwarded-For: whose address a request has. Pure.
 *
 * Invariant: only a peer in `trusted` may say that it speaks for somebody else (S30); everybody else is refused, or is
 * taken for what its socket says. The texts are Vault's.
 */
import { isIP } from 'node:net'
import { cidrsAllow } from '../logical/cidr.ts'

export interface ForwardedFor {
  /** Addresses and networks of the proxies. */
  readonly trusted: readonly string[]
  /** Proxies behind the nearest one: so many entries are passed over, from the end of the chain. */
  readonly skipHops: number
  /** What happens to the header of a peer that is not trusted. */
  readonly untrusted: 'reject' | 'ignore'
  /** What happens to a request without the header. */
  readonly absent: 'reject' | 'ignore'
}

export type Source =
  | { readonly kind: 'address'; readonly address: string }
  /** 400, with this text. */
  | { readonly kind: 'refused'; readonly text: string }

/** `peer` is the address of the socket; `header` the chain, joined with commas. */
export function sourceOf(rule: ForwardedFor, peer: string, header: string): Source {
  if (header === '') {
    if (rule.absent === 'ignore') return { kind: 'address', address: peer }
    return refused('missing x-forwarded-for header and configured to reject when not present')
  }
  if (!cidrsAllow(rule.trusted, peer)) {
    if (rule.untrusted === 'ignore') return { kind: 'address', address: peer }
    return refused('client address not authorized for x-forwarded-for and configured to reject connection')
  }
  const chain = header.split(',').map((entry) => entry.trim())
  const address = chain[chain.length - 1 - rule.skipHops]
  if (address === undefined) {
    return refused(
      `malformed x-forwarded-for configuration or request, hops to skip (${rule.skipHops}) would skip before earliest chain link (chain length ${chain.length})`,
    )
  }
  if (isIP(address) === 0) return refused('x-forwarded-for does not hold an address')
  return { kind: 'address', address }
}

function refused(text: string): Source {
  return { kind: 'refused', text }
}
