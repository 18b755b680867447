/**
 * A plan, carried out: the only bulk writer.
 *
 * Stage by stage, in parallel with a bound inside each: mount and auth method, policies, roles, entries, then deletions.
 * One change's failure is that change's result; what stands on it is skipped, everything else goes on. Each change is
 * finished or not begun: an interruption waits for those under way.
 */
import { type Bound, mapBounded } from '../concurrency/index.ts'
import type { Hub, HubAccess, ResolvedEntry } from '../hub/index.ts'
import { type Address, addressOf, type Change, entryMarks, type Plan, type ResourceKind } from '../plan/index.ts'
import { fingerprintKey } from '../sensitive/index.ts'
import type { VaultClient } from '../vault/index.ts'
import { deleteObject } from './delete.ts'
import { Gate } from './gate.ts'
import { placesOf } from './places.ts'
import { type AnswerBook, askForAnswers, type Prompt } from './prompts.ts'
import { type ApplyReport, type ChangeResult, failed, type Outcome, resultOf } from './report.ts'
import { inWaves, type Sources, sourcesOf } from './waves.ts'
import { type EntryWriter, markEntry, writeEntry } from './write-entry.ts'
import { notDeclared, type SettingsWriter, writeSettings } from './write-settings.ts'

export interface ApplyOptions {
  readonly client: VaultClient
  readonly hub: Hub
  readonly access: HubAccess
  /** Of the hub that the plan was made for. */
  readonly resolved: readonly ResolvedEntry[]
  /** Changes under way at once. */
  readonly concurrency: Bound
  /** Bytes of a cryptographic generator, for `generate`. */
  readonly random: (bytes: number) => Buffer
  /** Called before the first write, one question at a time. Without it `prompt` values that are needed fail. */
  readonly prompt?: Prompt | undefined
  readonly onResult?: ((result: ChangeResult) => void) | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Begin nothing more once it aborts. What is under way is finished. */
  readonly signal?: AbortSignal | undefined
  /** Between looks at a new mount. Default: a timer. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined
}

/** Never rejects because of a change: the report says what became of each. */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<ApplyReport> {
  const { concurrency, onResult, onProgress, prompt, signal } = options
  const resolved = new Map(options.resolved.map((one) => [addressOf(one.entry.kind, one.entry.id), one]))
  const sources = sourcesOf(plan.changes, resolved)
  const results = new Map<Change, ChangeResult>()
  const drifted = plan.drifted.map(({ address }) => address)
  const gate = new Gate({ access: options.access, mount: options.hub.vault.mount, sources, drifted, signal })
  const answers = await askForAnswers(plan.changes, resolved, prompt, signal)
  const carryOut = executor(options, resolved, answers)
  for (const stage of stagesOf(plan.changes, sources)) {
    await mapBounded(stage, concurrency, async (change) => {
      const closed = gate.reasonToSkip(change)
      const outcome: Outcome = closed === undefined ? await carryOut(change) : { status: 'skipped', reason: closed }
      gate.note(change, outcome)
      const result = resultOf(change, outcome)
      results.set(change, result)
      onResult?.(result)
      onProgress?.(results.size, plan.changes.length)
    })
  }
  return { results: plan.changes.map((change) => results.get(change)).filter((result) => result !== undefined) }
}

const FIRST_STAGES: readonly (readonly ResourceKind[])[] = [['mount', 'auth'], ['policy'], ['role']]
const ENTRIES: readonly ResourceKind[] = ['connection', 'variable', 'secret']
/** A role goes before the policies by which it is known as Plenum's. */
const LAST_STAGES: readonly (readonly ResourceKind[])[] = [ENTRIES, ['role'], ['policy']]

function stagesOf(changes: readonly Change[], sources: Sources): Change[][] {
  const writes = changes.filter(({ action }) => action !== 'delete')
  const deletions = changes.filter(({ action }) => action === 'delete')
  const of = (all: readonly Change[], kinds: readonly ResourceKind[]): Change[] =>
    all.filter(({ kind }) => kinds.includes(kind))
  return [
    ...FIRST_STAGES.map((kinds) => of(writes, kinds)),
    ...inWaves(of(writes, ENTRIES), sources),
    ...LAST_STAGES.map((kinds) => of(deletions, kinds)),
  ]
}

function executor(
  options: ApplyOptions,
  resolved: ReadonlyMap<Address, ResolvedEntry>,
  answers: AnswerBook,
): (change: Change) => Promise<Outcome> {
  const { client, hub, access, random } = options
  const sleep = options.sleep ?? timer
  const settings: SettingsWriter = { client, hub, access, sleep }
  const entries: EntryWriter = {
    client,
    mount: hub.vault.mount,
    places: placesOf(hub),
    random,
    key: fingerprintKey(random(32)),
    marksOf: (one) => entryMarks(hub, one),
  }
  return async (change) => {
    if (change.action === 'delete') return deleteObject(change, { client, hub, access })
    const { kind } = change
    if (kind === 'mount' || kind === 'auth' || kind === 'policy' || kind === 'role') {
      return writeSettings(kind, change, settings)
    }
    const one = resolved.get(change.address)
    if (one === undefined) return failed(notDeclared(change.address))
    if (change.action === 'mark') return markEntry(change, one, entries)
    return writeEntry(change, one, answers.of(change.address), entries)
  }
}

function timer(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
