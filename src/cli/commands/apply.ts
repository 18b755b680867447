/** `plenum apply`: shows the plan, asks, carries it out, says what came of it. */
import { accessOf, resolveEntries } from '../../hub/index.ts'
import { isEmptyPlan, type Plan, planDocument, renderPlan } from '../../plan/index.ts'
import { type Application, carryOut, NOTHING_DONE } from '../application.ts'
import { applySummary, notDoneLines } from '../apply-words.ts'
import { compareWithVault } from '../comparison.ts'
import { CommandError } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'
import { type OpenHub, openHub } from '../hub-file.ts'
import { interruptible } from '../interrupt.ts'
import { confirmed } from '../question.ts'
import type { Screen } from '../screen.ts'
import { openOperator, type Reach, reachOf } from '../target.ts'

export interface ApplyCommandOptions extends GlobalOptions {
  readonly yes?: boolean
  readonly overwrite?: boolean
  readonly all?: boolean
}

export async function apply(options: ApplyCommandOptions, screen: Screen): Promise<number> {
  const { all = false, overwrite = false, yes = false } = options
  const hub = openHub(options, screen)
  const resolved = resolveEntries(hub)
  const access = accessOf(hub.hub)
  const reach = await reachOf(hub)
  const client = openOperator(hub, reach)
  try {
    const plan = await interruptible((signal) =>
      compareWithVault(hub, { access, resolved, client, overwrite, screen, signal }),
    )
    screen.print(renderPlan(plan, { paint: screen.paint, all, now: Date.now() }))
    if (plan.changes.length === 0) return finish(plan, NOTHING_DONE, screen)
    if (!(await mayApply(hub, reach, plan, yes, screen))) {
      screen.say('nothing was changed')
      screen.document({ plan: planDocument(plan), applied: null })
      return 1
    }
    const application = await interruptible((signal) =>
      carryOut(hub, plan, { access, resolved, client, screen, signal }),
    )
    return finish(plan, application, screen)
  } finally {
    await client.close()
  }
}

/** Asks the person at the terminal. @throws {CommandError} where nobody is and `--yes` was not given. */
export async function mayApply(
  { environment }: OpenHub,
  { address }: Reach,
  plan: Plan,
  yes: boolean,
  screen: Screen,
): Promise<boolean> {
  if (yes) return true
  const { length } = plan.changes
  const what = `${length} ${length === 1 ? 'change' : 'changes'} to environment ${environment} at ${address}`
  if (!screen.interactive) {
    throw new CommandError('apply-unconfirmed', `${what} need a yes, and there is nobody to ask`, {
      hint: 'add --yes',
      status: 2,
    })
  }
  return confirmed(`Make ${what}?`)
}

function finish(plan: Plan, application: Application, screen: Screen): number {
  const { done, notDone, left } = application
  for (const line of notDoneLines(notDone, screen.newsPaint)) screen.insist(line)
  if (plan.changes.length > 0) screen.say(applySummary(application))
  if (left > 0) screen.insist(`interrupted: ${done.length} applied, ${left} left; run it again`)
  screen.document({ plan: planDocument(plan), applied: application })
  const nothingLeftAlone = isEmptyPlan({ ...plan, changes: [] })
  if (!nothingLeftAlone)
    screen.fail(
      'what drifted, is blocked or missing was left alone',
      'the plan says of each what it is; --overwrite writes anew what drifted',
    )
  return notDone.length === 0 && left === 0 && nothingLeftAlone ? 0 : 1
}
