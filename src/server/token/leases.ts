/**
 * Leases, as far as there are any here: each token that expires is one, under the path that made it
 * (`auth/approle/login/h<HMAC of the token>`; vault-api 4.2).
 *
 * It holds nothing of its own: to end a lease is to end its token, with all below it. No engine gives leases of secrets.
 */
import type { TokenEntry } from '../logical/logical.ts'
import { unhurriedSort } from '../storage/unhurried.ts'
import type { TokenStore } from './token-store.ts'

export class TokenLeases {
  readonly #tokens: TokenStore

  constructor(tokens: TokenStore) {
    this.#tokens = tokens
  }

  /** The token of a lease. */
  find(leaseId: string): TokenEntry | undefined {
    const entry = this.#tokens.byId(leaseId.slice(leaseId.lastIndexOf('/') + 1))
    return entry !== undefined && entry.expireTime !== null && leaseIdOf(entry) === leaseId ? entry : undefined
  }

  /** What lies directly below a prefix, which is empty or ends in `/`; sorted, folders with their slash. Reads all tokens. */
  async namesBelow(prefix: string): Promise<string[]> {
    const names = new Set<string>()
    for await (const entry of this.#tokens.expiring()) {
      const leaseId = leaseIdOf(entry)
      if (!leaseId.startsWith(prefix)) continue
      const slash = leaseId.indexOf('/', prefix.length)
      names.add(leaseId.slice(prefix.length, slash === -1 ? undefined : slash + 1))
    }
    return unhurriedSort([...names])
  }

  /** Nothing happens when there is no such lease. */
  async revoke(leaseId: string): Promise<void> {
    const entry = this.find(leaseId)
    if (entry !== undefined) await this.#tokens.revoke(entry)
  }

  /** Ends every lease in a folder (`auth/approle/login`), or the one of exactly that name. Reads all tokens. */
  async revokeBelow(prefix: string): Promise<void> {
    const one = this.find(prefix)
    if (one !== undefined) return this.#tokens.revoke(one)
    const folder = `${withoutSlash(prefix)}/`
    for await (const entry of this.#tokens.expiring()) {
      if (leaseIdOf(entry).startsWith(folder)) await this.#tokens.revoke(entry)
    }
  }

  /** Removes what no token needs any more. */
  tidy(): Promise<void> {
    return this.#tokens.tidy()
  }
}

/** The path of a list ends in a slash. */
function leaseIdOf({ path, id }: TokenEntry): string {
  return `${withoutSlash(path)}/${id}`
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}
