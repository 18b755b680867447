/**
 * `plenum import SOURCE`: reads a source, shows the plan, asks, brings everything in and proves it. `--check` is the
 * proof alone; what `--finish` and `--undo` do is in `import-finish.ts` and `import-undo.ts`.
 */
import { accessOf } from '../../hub/index.ts'
import type { ImportedEntry, ImportReport } from '../../importers/index.ts'
import { renderPlan } from '../../plan/index.ts'
import type { VaultClient } from '../../vault/index.ts'
import { type Application, carryOut, NOTHING_DONE } from '../application.ts'
import { applySummary, notDoneLines, problemLines } from '../apply-words.ts'
import type { Positional } from '../command-tree.ts'
import { CommandError } from '../failure.ts'
import { type OpenHub, shown } from '../hub-file.ts'
import { type ImportPlan, planImport, type PlanImportOptions, proveImport } from '../importing/carry.ts'
import { writeHistory } from '../importing/history.ts'
import type { ImportHub } from '../importing/import-hub.ts'
import { type ImportOptions, type ImportSource, modeOf } from '../importing/options.ts'
import { arrivedEntries, type ImportOutcome, isProved, proofLines, proofSummary } from '../importing/outcome.ts'
import { checkReportFile, tellSelection, writeReport } from '../importing/report.ts'
import { type OpenedImport, openImport } from '../importing/selection.ts'
import { interruptible } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import type { Reach } from '../target.ts'
import { leftAloneOf } from '../up-report.ts'
import { withVault } from '../with-vault.ts'
import { writePublicFile } from '../public-files.ts'
import { equipReaders } from '../readers.ts'
import { mayApply } from './apply.ts'

export async function importCommand(
  source: ImportSource,
  options: ImportOptions,
  screen: Screen,
  positional: Positional,
): Promise<number> {
  const mode = modeOf(options)
  checkReportFile(options)
  if (mode === 'finish' || mode === 'undo') {
    const command =
      mode === 'finish'
        ? (await import('./import-finish.ts')).finishCommand
        : (await import('./import-undo.ts')).undoCommand
    return command(source, options, screen, pathsOf(positional))
  }
  return interruptible(async (signal) => {
    const opened = await openImport(source, pathsOf(positional), options, screen, signal)
    const report = tellSelection(opened, options, screen)
    const run: Run = { opened, report, options, screen, signal }
    if (opened.selection.entries.length === 0) {
      screen.say('nothing to bring')
      return conclude(run, undefined)
    }
    return mode === 'check' ? check(run) : bring(run)
  })
}

export function pathsOf(positional: Positional): readonly string[] {
  return positional === undefined ? [] : typeof positional === 'string' ? [positional] : positional
}

/** One call, after its source was read. */
interface Run {
  readonly opened: OpenedImport
  readonly report: ImportReport
  readonly options: ImportOptions
  readonly screen: Screen
  readonly signal: AbortSignal
}

async function check(run: Run): Promise<number> {
  const { opened, options, screen, signal } = run
  const { entries } = opened.selection
  if (opened.hub.current === undefined) throw nothingBrought(opened)
  // Also what plenum.yaml does not declare: a value in Vault counts, wherever it is declared.
  const { hub } = opened.hub.declaring(entries)
  const { port } = options
  const proof = await withVault({
    hub,
    port,
    screen,
    work: (reach) => proofOf(hub, entries, { reach, screen, signal }),
  })
  return conclude(run, { application: NOTHING_DONE, leftAlone: [], proof })
}

export async function proofOf(
  hub: OpenHub,
  entries: readonly ImportedEntry[],
  { reach, screen, signal }: { readonly reach: Reach; readonly screen: Screen; readonly signal: AbortSignal },
): Promise<ImportOutcome['proof']> {
  return proveImport(hub, entries, { access: accessOf(hub.hub), reach, screen, signal })
}

async function bring(run: Run): Promise<number> {
  const { opened, options, screen, signal } = run
  const { entries } = opened.selection
  const { overwrite = false, port, dryRun = false } = options
  const whole = opened.hub.declaring(entries)
  const { hub } = whole
  const outcome = await withVault({
    hub,
    port,
    screen,
    async work(reach, client) {
      const planning = { client, history: opened.history, overwrite, screen, signal }
      const planned = await planImport(hub, entries, planning)
      const leftAlone = leftAloneOf(planned.plan)
      const { plan } = planned
      screen.print(renderPlan(plan, { paint: screen.paint, all: options.all === true, now: Date.now() }))
      if (dryRun) return undefined
      if (plan.changes.length > 0 && !(await mayApply(hub, reach, plan, options.yes === true, screen))) return undefined
      const { plan: last, ...rest } = await afterHistory(hub, opened, planned, planning)
      const application = await apply(hub, { plan: last, ...rest }, { client, screen, signal })
      const changes = last.changes.map(({ address }) => address)
      const arrived = arrivedEntries(entries, { application, leftAlone, planned: changes })
      // Now: what comes next may fail because of it.
      for (const line of notDoneLines(application.notDone, screen.newsPaint)) screen.insist(line)
      if (arrived.length > 0) {
        // Mostly all of them arrive, and a large plenum.yaml is not made twice.
        const { text } = arrived.length === entries.length ? whole : opened.hub.declaring(arrived)
        declare(opened.hub, text, options, screen)
      }
      if (signal.aborted) throw interrupted(application)
      if (arrived.length === 0) return { application, leftAlone, proof: [] }
      // The proof is made with the readers' own credentials; a hub that was just made has none yet.
      await equipReaders(hub, planned.access, { reach, client, signal })
      const proof = await proofOf(hub, arrived, { reach, screen, signal })
      return { application, leftAlone, proof }
    },
  })
  if (outcome !== undefined) return conclude(run, outcome)
  screen.say('nothing was changed')
  return conclude(run, undefined, dryRun)
}

/** Older versions need the mount; and they move what the plan follows, so that it is made again. */
async function afterHistory(
  hub: OpenHub,
  { selection }: OpenedImport,
  planned: ImportPlan,
  options: PlanImportOptions,
): Promise<ImportPlan> {
  const { client, history, screen, signal } = options
  if (history.size === 0) return planned
  const settings = planned.plan.changes.filter(({ kind }) => kind === 'mount')
  if (settings.length > 0)
    await apply(hub, { ...planned, plan: { ...planned.plan, changes: settings } }, { client, screen, signal })
  const creates = new Set(planned.plan.changes.flatMap(({ kind, address }) => (kind === 'mount' ? [] : [address])))
  const entries = selection.entries.filter(({ kind, id }) => creates.has(`${kind}:${id}`))
  await writeHistory(client, hub.hub, entries, history, signal)
  return planImport(hub, selection.entries, options)
}

async function apply(
  hub: OpenHub,
  { plan, access, resolved }: ImportPlan,
  { client, screen, signal }: { readonly client: VaultClient; readonly screen: Screen; readonly signal: AbortSignal },
): Promise<Application> {
  if (plan.changes.length === 0) return NOTHING_DONE
  return carryOut(hub, plan, { access, resolved, client, screen, signal })
}

/** Only what is in Vault: plenum.yaml never names what is not there. */
function declare(hub: ImportHub, text: string, options: ImportOptions, screen: Screen): void {
  const file = options.out ?? hub.found.file
  if (text === hub.text && options.out === undefined) return
  writePublicFile(file, text)
  screen.say(`${hub.text === undefined || options.out !== undefined ? 'wrote' : 'declared in'} ${shown(file)}`)
}

function conclude(
  { opened, report, options, screen }: Run,
  outcome: ImportOutcome | undefined,
  isWanted = false,
): number {
  const paint = screen.newsPaint
  if (outcome !== undefined) {
    const { application, leftAlone, proof } = outcome
    for (const line of problemLines(leftAlone, paint.warn('!'), paint)) screen.insist(line)
    for (const line of proofLines(proof, paint)) screen.insist(line)
    if (application !== NOTHING_DONE) screen.say(applySummary(application))
    if (proof.length > 0) screen.say(proofSummary(proof))
  }
  writeReport(report, outcome, options, screen)
  const { errors } = report.counts
  if (errors > 0)
    screen.fail(
      `${errors} ${errors === 1 ? 'object' : 'objects'} of the source could not be read or were refused`,
      'the report says which and why; everything else went on',
    )
  return errors === 0 && isWell(opened, outcome, isWanted) ? 0 : 1
}

function isWell({ selection }: OpenedImport, outcome: ImportOutcome | undefined, isWanted: boolean): boolean {
  if (outcome === undefined) return isWanted || selection.entries.length === 0
  return outcome.application.notDone.length === 0 && outcome.leftAlone.length === 0 && isProved(outcome.proof)
}

function nothingBrought({ hub }: OpenedImport): CommandError {
  return new CommandError('hub-not-found', `there is no ${shown(hub.found.file)}: nothing was brought yet`, {
    hint: 'run it without --check first',
  })
}

function interrupted({ done, left, notDone }: Application): CommandError {
  return new CommandError('interrupted', `interrupted: ${done.length} applied, ${left + notDone.length} left`, {
    hint: 'run it again: it goes on where it stopped, and writes nothing twice',
  })
}
