/**
 * Python's reading of a URL (`urllib.parse` of 3.11), on which Airflow's connection URIs rest. The WHATWG `URL` class
 * reads the same text otherwise: it decodes, re-encodes and refuses in other places.
 *
 * Invariant: the thrown error says which part is wrong and holds nothing of the text.
 *
 * Left out: `;` parameters and relative references.
 */

export interface SplitUrl {
  /** Lower case; empty when there is none. */
  readonly scheme: string
  readonly netloc: string
  readonly path: string
  readonly query: string
}

export interface Authority {
  /** Not decoded; lower case up to the first `%`. */
  readonly hostname: string
  /** Not decoded; `undefined` without a `@`. */
  readonly username: string | undefined
  /** Not decoded; `undefined` without a `:` before the `@`. */
  readonly password: string | undefined
  readonly port: number | undefined
}

/** The message alone; whoever knows which connection it is about puts it into an error with a code. */
export class UrlSyntaxError extends Error {
  override readonly name = 'UrlSyntaxError'
}

export function splitUrl(text: string): SplitUrl {
  const url = text.replace(/^[\0- ]+/, '').replaceAll(/[\t\r\n]/g, '')
  const schemed = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(url)
  const scheme = schemed?.[1]?.toLowerCase() ?? ''
  const below = schemed?.[2] ?? url
  const [, netloc, rest = below] = /^\/\/([^/?#]*)(.*)$/s.exec(below) ?? []
  if (netloc !== undefined) checkNetloc(netloc)
  const [beforeFragment] = partition(rest, '#')
  const [path, query] = partition(beforeFragment, '?')
  return { scheme, netloc: netloc ?? '', path, query: query ?? '' }
}

/** @throws {UrlSyntaxError} for a port that is not a number from 0 to 65535. */
export function splitAuthority(netloc: string): Authority {
  const at = netloc.lastIndexOf('@')
  const [username, password] = at === -1 ? [undefined, undefined] : partition(netloc.slice(0, at), ':')
  const { hostname, port } = splitHostPort(netloc.slice(at + 1))
  const [name, zone] = partition(hostname, '%')
  return {
    hostname: zone === undefined ? name.toLowerCase() : `${name.toLowerCase()}%${zone}`,
    username,
    password,
    port: port === '' ? undefined : parsePort(port),
  }
}

/** Percent-decoding as UTF-8, with U+FFFD for bytes that are none; a `%` without two digits stays. */
export function unquote(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

/** Percent-encodes all but letters, digits and `_.-~`. The text must be well-formed Unicode. */
export function quote(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Form-encoded pairs: `+` is a space, pairs without `=` have an empty value, the last of a name wins. */
export function parseQuery(query: string): Map<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const [name, value = ''] = partition(pair.replaceAll('+', ' '), '=')
      return [unquote(name), unquote(value)]
    }),
  )
}

/** Around the first separator; the second part is `undefined` when there is none. */
export function partition(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}

function parsePort(port: string): number {
  const value = /^\d+$/.test(port) ? Number(port) : Number.NaN
  if (value >= 0 && value <= 65_535) return value
  throw new UrlSyntaxError(
    'its port is not a number from 0 to 65535; a ":", "/" or "#" before the host must be percent-encoded',
  )
}

function splitHostPort(text: string): { hostname: string; port: string } {
  const [, bracketed] = partition(text, '[')
  if (bracketed === undefined) {
    const [hostname, port = ''] = partition(text, ':')
    return { hostname, port }
  }
  const [hostname, after = ''] = partition(bracketed, ']')
  return { hostname, port: partition(after, ':')[1] ?? '' }
}

function checkNetloc(netloc: string): void {
  const open = netloc.includes('[')
  if (open !== netloc.includes(']')) throw new UrlSyntaxError('its host has one square bracket without the other')
  if (open) checkBrackets(netloc.slice(netloc.lastIndexOf('@') + 1))
  // Characters such as U+2100 turn into `a/c` when a resolver normalises the name.
  const plain = netloc.replaceAll(/[@:#?]/g, '')
  const normal = plain.normalize('NFKC')
  if (plain !== normal && /[/?#@:]/.test(normal)) {
    throw new UrlSyntaxError('its host has a character that Unicode normalisation turns into a separator')
  }
}

function checkBrackets(text: string): void {
  const [before, bracketed] = partition(text, '[')
  const after = bracketed === undefined ? undefined : partition(bracketed, ']')[1]
  const { hostname } = splitHostPort(text)
  const outside = bracketed !== undefined && (before !== '' || (after !== undefined && !/^(?::|$)/.test(after)))
  const valid = hostname.startsWith('v') ? /^v[0-9A-Fa-f]+\..+$/.test(hostname) : isIpv6(hostname)
  if (outside || !valid) throw new UrlSyntaxError('what stands in square brackets is not an IPv6 address')
}

function isIpv6(text: string): boolean {
  const [address, zone] = partition(text, '%')
  if (zone === '' || zone?.includes('%') === true) return false
  const halves = address.split('::')
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const tail = groups.at(-1) ?? ''
  const dotted = tail.includes('.') && address.endsWith(tail) && isIpv4(tail)
  const plain = dotted ? groups.slice(0, -1) : groups
  const size = plain.length + (dotted ? 2 : 0)
  return (
    plain.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)) &&
    (halves.length === 2 ? size < 8 : halves.length === 1 && size === 8)
  )
}

function isIpv4(text: string): boolean {
  const octets = text.split('.')
  return octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)
}
