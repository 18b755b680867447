/**
 * Networks (CIDR blocks) that a token or a secret-id is bound to.
 *
 * Invariant: an IPv4 address and the same address mapped into IPv6 are one address, in blocks and in sources (S51). A
 * bare address is a block of one. What cannot be read matches nothing: a restriction never opens by being odd.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { invalidRequest } from './errors.ts'

interface Network {
  readonly family: 4 | 6
  /** The address with all bits after the prefix cleared. */
  readonly address: bigint
  readonly prefix: number
}

const BITS = { 4: 32, 6: 128 } as const
/** `::ffff:0:0/96`, where IPv6 holds the IPv4 addresses. */
const MAPPED_HIGH = 0xffffn

/** Whether a source address lies in one of the blocks. An empty list allows nobody: ask before whether there is a rule. */
export function cidrsAllow(cidrs: readonly string[], address: string): boolean {
  // A link-local peer carries its interface: `fe80::1%eth0`.
  const source = parseNetwork(address.replace(/%.*$/, ''))
  return source !== undefined && source.prefix === BITS[source.family] && isWithinAny(source, cidrs)
}

/**
 * Checked, in canonical spelling: host bits cleared, IPv6 in its short form, mapped IPv4 as IPv4. A bare address stays
 * bare, so that a block reads back as it was written.
 *
 * @throws {LogicalError} 400 when one of them is no block
 */
export function parseCidrs(texts: readonly string[]): readonly string[] {
  return texts.map((text) => {
    const network = parseNetwork(text)
    if (network === undefined) throw invalidRequest('invalid CIDR blocks')
    const address = network.family === 4 ? formatIPv4(network.address) : formatIPv6(network.address)
    return text.includes('/') ? `${address}/${network.prefix}` : address
  })
}

/** Whether every inner block lies whole in one of the outer blocks. */
export function cidrsWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((text) => {
    const network = parseNetwork(text)
    return network !== undefined && isWithinAny(network, outer)
  })
}

function isWithinAny(network: Network, cidrs: readonly string[]): boolean {
  return cidrs.some((text) => {
    const outer = parseNetwork(text)
    return outer !== undefined && isWithin(network, outer)
  })
}

function isWithin(inner: Network, outer: Network): boolean {
  if (inner.family !== outer.family || inner.prefix < outer.prefix) return false
  return clearHostBits(inner.address, outer.prefix, outer.family) === outer.address
}

function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const host = slash === -1 ? text : text.slice(0, slash)
  const family = isIPv4(host) ? 4 : isIPv6(host) && !host.includes('%') ? 6 : undefined
  if (family === undefined) return undefined
  const length = slash === -1 ? String(BITS[family]) : text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > BITS[family]) return undefined
  const prefix = Number(length)
  const address = family === 4 ? readIPv4(host) : readIPv6(host)
  if (family === 6 && prefix >= 96 && address >> 32n === MAPPED_HIGH) {
    const mapped = address & 0xffff_ffffn
    return { family: 4, address: clearHostBits(mapped, prefix - 96, 4), prefix: prefix - 96 }
  }
  return { family, address: clearHostBits(address, prefix, family), prefix }
}

function clearHostBits(address: bigint, prefix: number, family: 4 | 6): bigint {
  const host = BigInt(BITS[family] - prefix)
  return (address >> host) << host
}

function readIPv4(text: string): bigint {
  return text.split('.').reduce((address, part) => (address << 8n) | BigInt(part), 0n)
}

/** `text` is known to be an address. */
function readIPv6(text: string): bigint {
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0]
  const low = dotted === undefined ? undefined : readIPv4(dotted)
  const hex =
    dotted === undefined || low === undefined
      ? text
      : `${text.slice(0, -dotted.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`
  const [before = '', after] = hex.split('::')
  const head = groupsOf(before)
  const tail = groupsOf(after ?? '')
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...gap, ...tail].reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n)
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

function formatIPv4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 0xffn)).join('.')
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function formatIPv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (address >> BigInt(112 - index * 16)) & 0xffffn)
  let longest = { start: 0, length: 1 }
  for (let start = 0; start < 8; start += 1) {
    let end = start
    while (end < 8 && groups[end] === 0n) end += 1
    if (end - start > longest.length) longest = { start, length: end - start }
  }
  const text = (part: readonly bigint[]): string => part.map((group) => group.toString(16)).join(':')
  if (longest.length === 1) return text(groups)
  return `${text(groups.slice(0, longest.start))}::${text(groups.slice(longest.start + longest.length))}`
}
