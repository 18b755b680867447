/**
 * `plenum up`: brings a hub up. Starts the embedded server when the environment asks for it and keeps it running;
 * applies, issues credentials, verifies and writes Airflow's settings on any Vault.
 */
import { type ResolvedEntry, resolveEntries } from '../../hub/index.ts'
import { renderPlan } from '../../plan/index.ts'
import { reportFailureToParent, reportToParent, startDetached } from '../detached.ts'
import type { GlobalOptions } from '../globals.ts'
import { keepHeapModest } from '../heap.ts'
import { type OpenHub, openHub } from '../hub-file.ts'
import { interruptible, watchInterruption } from '../interrupt.ts'
import { findRunning } from '../running.ts'
import type { Screen } from '../screen.ts'
import { embeddedReach, openOperator, type Reach, reachOf } from '../target.ts'
import { DEV_WARNING, isAllWell, renderUp, upDocument, upProblems, type UpReport } from '../up-report.ts'
import { mayApply } from './apply.ts'

export interface UpCommandOptions extends GlobalOptions {
  readonly port: number
  readonly detach?: boolean
  readonly yes?: boolean
  readonly overwrite?: boolean
  readonly reportToParent?: boolean
}

export async function up(options: UpCommandOptions, screen: Screen): Promise<number> {
  const hub = openHub(options, screen)
  // Before anything is started: a reference that leads nowhere is found here.
  const resolved = resolveEntries(hub)
  screen.say(`plenum up: ${hub.hub.name}, environment ${hub.environment}\n`)
  if (hub.target.kind === 'remote') return upOn(await reachOf(hub), hub, resolved, options, screen)
  if (process.env['VAULT_ADDR'] !== undefined && process.env['VAULT_ADDR'] !== '') {
    screen.warn(
      'VAULT_ADDR is set: `up` starts its own server all the same, other commands go there',
      'unset VAULT_ADDR to use the embedded server everywhere',
    )
  }
  const running = await findRunning(hub.run)
  if (running !== undefined) {
    screen.say(`  already running at ${running.address} (process ${running.pid}); applying to it`)
    return upOn(embeddedReach(running.address, running.storeId), hub, resolved, options, screen)
  }
  if (options.detach === true) return upDetached(hub, options, screen)
  if (options.reportToParent !== true) return upHere(hub, resolved, options, screen, async () => undefined)
  try {
    return await upHere(hub, resolved, options, screen, reportToParent)
  } catch (error) {
    await reportFailureToParent(error)
    throw error
  }
}

/** In this process, until a signal. */
async function upHere(
  hub: OpenHub,
  resolved: readonly ResolvedEntry[],
  options: UpCommandOptions,
  screen: Screen,
  ready: (report: UpReport) => Promise<void>,
): Promise<number> {
  keepHeapModest()
  let reopenAudit = (): void => undefined
  // With a terminal SIGHUP says that it was closed; without one it is the word of whoever rotates logs.
  const onHangup = options.reportToParent === true ? () => reopenAudit() : undefined
  const interruption = watchInterruption(process, onHangup)
  // Loaded here: the process that only starts another one does without a server and its store.
  const [{ startEmbedded }, { settle }] = await Promise.all([import('../embedded.ts'), import('../settle.ts')])
  try {
    const embedded = await startEmbedded(hub, options.port, screen)
    reopenAudit = () => embedded.reopenAudit()
    try {
      const { reach } = embedded
      const { overwrite = false } = options
      const { signal } = interruption
      const report = await embedded.asRoot((client) =>
        settle(hub, { resolved, reach, client, overwrite, screen, signal, approve: async () => true }),
      )
      if (report !== undefined) {
        tell(report, screen)
        await ready(report)
      }
      screen.say(`\n${DEV_WARNING}\nCtrl-C stops it, the data stays.`)
      await interruption.arrived
      screen.say('stopping')
      return 0
    } finally {
      await embedded.close()
    }
  } finally {
    interruption.release()
  }
}

async function upDetached(hub: OpenHub, { port, overwrite, debug }: UpCommandOptions, screen: Screen): Promise<number> {
  const { pid, report } = await startDetached(hub, [
    '--port',
    String(port),
    ...(overwrite === true ? ['--overwrite'] : []),
    ...(debug === true ? ['--debug'] : []),
  ])
  tell(report, screen)
  screen.say(`\n${DEV_WARNING}\nIt runs in the background (process ${pid}); \`plenum down\` stops it, the data stays.`)
  return isAllWell(report) ? 0 : 1
}

/** On a Vault that runs elsewhere, in another process or on another machine. */
async function upOn(
  reach: Reach,
  hub: OpenHub,
  resolved: readonly ResolvedEntry[],
  options: UpCommandOptions,
  screen: Screen,
): Promise<number> {
  const { overwrite = false, yes = false } = options
  const { settle } = await import('../settle.ts')
  const client = openOperator(hub, reach)
  try {
    const report = await interruptible((signal) =>
      settle(hub, {
        resolved,
        reach,
        client,
        overwrite,
        screen,
        signal,
        async approve(plan) {
          if (reach.kind === 'embedded') return true
          screen.say(`${renderPlan(plan, { paint: screen.newsPaint, all: false, now: Date.now() })}\n`)
          return mayApply(hub, reach, plan, yes, screen)
        },
      }),
    )
    if (report === undefined) {
      screen.say('nothing was changed')
      return 1
    }
    tell(report, screen)
    return isAllWell(report) ? 0 : 1
  } finally {
    await client.close()
  }
}

function tell(report: UpReport, screen: Screen): void {
  screen.say(renderUp(report, screen.newsPaint))
  if (screen.quiet) for (const line of upProblems(report, screen.newsPaint)) screen.insist(line)
  screen.document(upDocument(report))
}
