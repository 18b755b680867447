/**
 * One pass: what changed since the last one is brought to Vault, or everything is looked at anew.
 *
 *   changes   the tables are read, and compared by digest with what the last pass saw; mostly that is all
 *   full      every object of both sides: at the start, and now and then, for what changed in Vault
 *
 * Invariant: of each object Vault is looked at before the row is read that is written there. A write says which version
 * it follows; so a row that is older than that version cannot be written over it, by however many instances.
 *
 * What is remembered between passes is only a saving: a pass of a new process finds the same.
 */
import { type Bound, mapBounded } from '../concurrency/index.ts'
import type { Finding } from '../importers/found.ts'
import { VaultError } from '../vault/index.ts'
import { carryOut, decideAbout, type Following, type Subject } from './follow.ts'
import { isSettled, isTrouble, type Outcome } from './outcome.ts'
import type { AirflowContent, RowDigests } from './tables.ts'
import { isOutage } from './trouble.ts'
import type { VaultObject } from './vault-object.ts'

export interface SyncSides {
  /** Of both tables as they lie there: one text, another one when anything is changed. @throws {ImportError} */
  readTablesDigest(signal: AbortSignal): Promise<string>
  /** Of the rows as they lie there. @throws {ImportError} */
  readRowDigests(signal: AbortSignal): Promise<RowDigests>
  /** @throws {ImportError} */
  readContent(signal: AbortSignal): Promise<AirflowContent>
  /** Addresses of all that Vault has in the hub's two folders. @throws {VaultError} */
  listVault(signal: AbortSignal): Promise<readonly string[]>
  /** Below the mount. Undefined for an address that no path can be. */
  pathOf(address: string): string | undefined
  /** plenum.yaml says where its value comes from. */
  isDeclaredElsewhere(address: string): boolean
  /** `--both-ways`: brings a change in Vault back. In a dry run it only says so. */
  readonly carryBack?: ((subject: Subject, version: number, content: AirflowContent) => Promise<Outcome>) | undefined
}

export interface PassOptions {
  readonly following: Following
  readonly sides: SyncSides
  /** Decide and tell, write nothing. */
  readonly isDryRun: boolean
  /** Objects under way at once. */
  readonly concurrency: Bound
  readonly onOutcome: (address: string, outcome: Outcome) => void
  readonly signal: AbortSignal
}

export interface PassResult {
  readonly kind: 'changes' | 'full'
  /** Objects that were looked at. */
  readonly looked: number
  /** What cannot be read or brought, as far as it was looked for. Undefined: it was not. */
  readonly findings: readonly Finding[] | undefined
}

export class Passes {
  readonly #options: PassOptions
  /** Of the row that the outcome is about; '' when there was none. */
  readonly #seen = new Map<string, { readonly row: string; readonly outcome: Outcome }>()
  /** Of the tables when every row was as remembered, and nothing waited. */
  #quiet: string | undefined

  constructor(options: PassOptions) {
    this.#options = options
  }

  /** Of all objects that were ever looked at. */
  outcomes(): Iterable<readonly [string, Outcome]> {
    return [...this.#seen].map(([address, { outcome }]) => [address, outcome] as const)
  }

  /** @throws {VaultError} for an outage, {ImportError} when the database cannot be read; what was done stands. */
  async full(): Promise<PassResult> {
    const { sides, signal } = this.#options
    // What it leaves waiting is looked at again, though no row changes.
    this.#quiet = undefined
    const listed = await sides.listVault(signal)
    const looked = await this.#look(listed)
    const content = await sides.readContent(signal)
    const addresses = new Set([...listed, ...content.digests.keys(), ...this.#seen.keys()])
    await this.#follow([...addresses], looked, content)
    return { kind: 'full', looked: addresses.size, findings: content.findings }
  }

  /** `withTroubles`: also what is in conflict or was refused, though its row is as it was. @throws as `full` */
  async changes(withTroubles: boolean): Promise<PassResult> {
    const { sides, signal } = this.#options
    const whole = await sides.readTablesDigest(signal)
    if (whole === this.#quiet && !(withTroubles && this.#hasTroubles())) return NOTHING_NEW
    this.#quiet = undefined
    const digests = await sides.readRowDigests(signal)
    const suspects = this.#suspects(digests.rows, withTroubles)
    if (suspects.length === 0) {
      this.#quiet = digests.whole
      return NOTHING_NEW
    }
    const looked = await this.#look(suspects)
    const content = await sides.readContent(signal)
    await this.#follow(suspects, looked, content)
    if (this.#release(suspects, content)) return this.changes(withTroubles)
    return { kind: 'changes', looked: suspects.length, findings: content.findings }
  }

  /**
   * Rows that were unusable and are no longer, though nothing changed in them: what stood in their way has gone. They are
   * forgotten, so that the next look takes them for new. Whether there are any.
   */
  #release(suspects: readonly string[], { rows }: AirflowContent): boolean {
    const followed = new Set(suspects)
    const released = [...this.#seen].filter(
      ([address, { row, outcome }]) =>
        row !== '' && outcome.kind === 'nothing' && !followed.has(address) && rows.get(address)?.kind === 'present',
    )
    for (const [address] of released) this.#seen.delete(address)
    return released.length > 0
  }

  #hasTroubles(): boolean {
    return [...this.#seen.values()].some(({ outcome }) => isTrouble(outcome))
  }

  #suspects(digests: RowDigests['rows'], withTroubles: boolean): string[] {
    const changed = [...digests].filter(([address, digest]) => this.#seen.get(address)?.row !== digest)
    const rest = [...this.#seen].filter(([address, { row, outcome }]) => {
      if ((row === '') !== !digests.has(address)) return true
      return !isSettled(outcome) || (withTroubles && isTrouble(outcome))
    })
    return [...new Set([...changed, ...rest].map(([address]) => address))]
  }

  async #look(addresses: readonly string[]): Promise<Looked> {
    const { following, sides, concurrency, onOutcome, signal } = this.#options
    const objects = new Map<string, VaultObject>()
    const refused = new Set<string>()
    await mapBounded(addresses, concurrency, async (address) => {
      signal.throwIfAborted()
      const path = sides.pathOf(address)
      if (path === undefined) return
      try {
        objects.set(address, await following.vault.look(path))
      } catch (error) {
        refused.add(address)
        onOutcome(address, this.#failed(address, '', error))
      }
    })
    return { objects, refused }
  }

  async #follow(addresses: readonly string[], { objects, refused }: Looked, content: AirflowContent): Promise<void> {
    const { sides, concurrency, signal, onOutcome } = this.#options
    await mapBounded(addresses, concurrency, async (address) => {
      signal.throwIfAborted()
      const path = sides.pathOf(address)
      if (refused.has(address)) return
      const digest = content.digests.get(address) ?? ''
      // The selection says what is wrong with such an id.
      if (path === undefined) return this.#remember(address, digest, { kind: 'nothing' })
      const row = content.rows.get(address) ?? { kind: 'absent' }
      const object = objects.get(address) ?? { kind: 'absent' }
      const isDeclaredElsewhere = sides.isDeclaredElsewhere(address)
      const subject: Subject = { address, path, row, object, isDeclaredElsewhere }
      const outcome = await this.#outcomeOf(subject, content, digest)
      this.#remember(address, digest, outcome)
      onOutcome(address, outcome)
    })
  }

  async #outcomeOf(subject: Subject, content: AirflowContent, digest: string): Promise<Outcome> {
    const { following, sides, isDryRun } = this.#options
    try {
      const decision = await decideAbout(subject, following)
      if (decision.kind === 'leave' && decision.why === 'vault-ahead' && sides.carryBack !== undefined) {
        const version = subject.object.kind === 'present' ? subject.object.version : 0
        return await sides.carryBack(subject, version, content)
      }
      if (isDryRun) return foreseen(decision, subject)
      return await carryOut(decision, subject, following)
    } catch (error) {
      return this.#failed(subject.address, digest, error)
    }
  }

  /** One object that Vault refuses is that object's trouble; a Vault that is not there ends the pass. */
  #failed(address: string, digest: string, error: unknown): Outcome {
    if (!(error instanceof VaultError) || isOutage(error)) throw error
    const outcome: Outcome = { kind: 'failed', code: error.code, text: error.message }
    this.#remember(address, digest, outcome)
    return outcome
  }

  #remember(address: string, row: string, outcome: Outcome): void {
    if (row === '' && outcome.kind === 'nothing') this.#seen.delete(address)
    else this.#seen.set(address, { row, outcome })
  }
}

const NOTHING_NEW: PassResult = { kind: 'changes', looked: 0, findings: undefined }

interface Looked {
  /** What is not in it was not there when the folder was listed. */
  readonly objects: ReadonlyMap<string, VaultObject>
  /** Vault let nobody look at them. */
  readonly refused: ReadonlySet<string>
}

function foreseen(decision: Awaited<ReturnType<typeof decideAbout>>, { row, object }: Subject): Outcome {
  const newest = object.kind === 'present' ? object.version : 0
  switch (decision.kind) {
    case 'create':
      return { kind: 'created', version: newest + 1, project: row.kind === 'present' ? row.project : '' }
    case 'write':
      return { kind: 'updated', version: decision.over + 1, conflict: decision.conflict }
    case 'delete':
      return { kind: 'deleted', version: decision.version, conflict: decision.conflict }
    case 'record':
      return { kind: 'recorded', conflict: decision.conflict }
    case 'describe':
      return { kind: 'described' }
    case 'leave':
      return { kind: 'left', why: decision.why }
    case 'conflict':
      return { kind: 'conflict', what: decision.what }
    case 'nothing':
      return { kind: row.kind === 'present' ? 'in-step' : 'nothing' }
  }
}
