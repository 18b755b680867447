/** `plenum plan`: what apply would do, without a value. */
import { accessOf, resolveEntries } from '../../hub/index.ts'
import { isEmptyPlan, planDocument, renderPlan } from '../../plan/index.ts'
import { compareWithVault } from '../comparison.ts'
import type { GlobalOptions } from '../globals.ts'
import { openHub } from '../hub-file.ts'
import { interruptible } from '../interrupt.ts'
import type { Screen } from '../screen.ts'
import { openOperator, reachOf } from '../target.ts'

export interface PlanCommandOptions extends GlobalOptions {
  readonly exitCode?: boolean
  readonly all?: boolean
  readonly overwrite?: boolean
}

const STATUS_CHANGES = 3

export async function plan(options: PlanCommandOptions, screen: Screen): Promise<number> {
  const { all = false, overwrite = false, exitCode = false } = options
  const hub = openHub(options, screen)
  const resolved = resolveEntries(hub)
  const access = accessOf(hub.hub)
  const client = openOperator(hub, await reachOf(hub))
  try {
    const made = await interruptible((signal) =>
      compareWithVault(hub, { access, resolved, client, overwrite, screen, signal }),
    )
    screen.print(renderPlan(made, { paint: screen.paint, all, now: Date.now() }))
    screen.document(planDocument(made))
    return exitCode && !isEmptyPlan(made) ? STATUS_CHANGES : 0
  } finally {
    await client.close()
  }
}
