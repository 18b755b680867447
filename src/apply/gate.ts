/**
 * Whether a change may begin: what it stands on must be in place, nobody must have interrupted, and Vault must still
 * answer. One dead server is one message, not ten thousand.
 */
import type { HubAccess } from '../hub/index.ts'
import { type Address, addressOf, type Change, idOf } from '../plan/index.ts'
import { VaultError, type VaultErrorCode } from '../vault/index.ts'
import type { Outcome } from './report.ts'
import type { Sources } from './waves.ts'

/** Failures that the next request would meet, too. */
const OUTAGES: ReadonlySet<VaultErrorCode> = new Set([
  'vault-unreachable',
  'vault-timeout',
  'vault-tls',
  'vault-sealed',
  'vault-uninitialized',
])

/** So many of them in a row, with no success between, and nothing more is begun. */
const MOST_OUTAGES = 10

interface GateOptions {
  readonly access: HubAccess
  readonly mount: string
  readonly sources: Sources
  /** What the plan found and left as it is, such as a policy of that name which Plenum did not make. */
  readonly drifted: readonly Address[]
  readonly signal: AbortSignal | undefined
}

export class Gate {
  readonly #options: GateOptions
  /** Everything that is not in Vault as declared. */
  readonly #undone: Set<Address>
  #outages = 0

  constructor(options: GateOptions) {
    this.#options = options
    // A role must not hand out a policy that says something else. Entries may: their values are what is there.
    this.#undone = new Set(options.drifted.filter((address) => address.startsWith('policy:')))
  }

  reasonToSkip(change: Change): string | undefined {
    if (this.#options.signal?.aborted === true) return 'interrupted'
    if (this.#outages >= MOST_OUTAGES) return 'Vault does not answer any more'
    const missing = this.#groundOf(change).find((address) => this.#undone.has(address))
    return missing === undefined ? undefined : `${missing} is not in Vault as declared`
  }

  note({ address }: Change, outcome: Outcome): void {
    if (outcome.status !== 'applied') this.#undone.add(address)
    const error = outcome.status === 'failed' ? outcome.error : undefined
    if (error instanceof VaultError && OUTAGES.has(error.code)) this.#outages += 1
    else if (outcome.status !== 'skipped') this.#outages = 0
  }

  #groundOf({ action, kind, address }: Change): readonly Address[] {
    const { access, mount, sources } = this.#options
    if (action === 'delete') return kind === 'policy' ? [addressOf('role', idOf(address))] : []
    if (kind === 'mount' || kind === 'auth' || kind === 'policy') return []
    if (kind !== 'role') return [addressOf('mount', mount), ...(sources.get(address) ?? [])]
    const policies = access.roles.find(({ name }) => name === idOf(address))?.policies ?? []
    return [addressOf('auth', access.authMount), ...policies.map((name) => addressOf('policy', name))]
  }
}
