/** Carries a plan out and sums up what came of it, as plain data that can be shown here or sent to another process. */
import { randomBytes } from 'node:crypto'
import { applyPlan, type ChangeResult } from '../apply/index.ts'
import type { HubAccess, ResolvedEntry } from '../hub/index.ts'
import type { Plan } from '../plan/index.ts'
import type { VaultClient } from '../vault/index.ts'
import { describeFailure } from './failure.ts'
import type { OpenHub } from './hub-file.ts'
import { startProgress } from './progress.ts'
import { askSecret } from './question.ts'
import type { Screen } from './screen.ts'

export type Action = ChangeResult['action']

/** One change that was made. */
export interface Done {
  readonly action: Action
  /** `connection:project_trading_ibkr` */
  readonly address: string
}

/** One change that was not. */
export interface NotDone extends Done {
  /** `skipped`: not tried, because what it needs failed. */
  readonly status: 'drifted' | 'failed' | 'skipped'
  readonly text: string
  readonly hint: string | undefined
}

export interface Application {
  readonly done: readonly Done[]
  readonly notDone: readonly NotDone[]
  /** Not tried, because of an interruption. */
  readonly left: number
  readonly milliseconds: number
}

export const NOTHING_DONE: Application = { done: [], notDone: [], left: 0, milliseconds: 0 }

export interface ApplicationOptions {
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
  readonly client: VaultClient
  readonly screen: Screen
  readonly signal: AbortSignal
}

export async function carryOut(hub: OpenHub, plan: Plan, options: ApplicationOptions): Promise<Application> {
  const { access, resolved, client, screen, signal } = options
  const progress = startProgress({ label: 'apply', quiet: screen.quiet })
  const started = performance.now()
  try {
    const { results } = await applyPlan(plan, {
      client,
      hub: hub.hub,
      access,
      resolved,
      concurrency: client.pace,
      random: randomBytes,
      ...(screen.interactive ? { prompt: askSecret } : {}),
      onProgress: (done, total) => progress.update(done, total),
      signal,
    })
    return sumUp(results, performance.now() - started, signal.aborted)
  } finally {
    progress.end()
  }
}

/** Pure. */
export function sumUp(results: readonly ChangeResult[], milliseconds: number, interrupted: boolean): Application {
  const notDone = results.flatMap((result): NotDone[] => {
    const { action, address, status } = result
    if (status === 'applied' || (status === 'skipped' && interrupted)) return []
    return [{ action, address, status, ...wordsOf(result) }]
  })
  const done = results.filter(({ status }) => status === 'applied').map(({ action, address }) => ({ action, address }))
  return { done, notDone, left: results.length - done.length - notDone.length, milliseconds: Math.round(milliseconds) }
}

function wordsOf({ reason, error, status }: ChangeResult): {
  readonly text: string
  readonly hint: string | undefined
} {
  if (error === undefined) return { text: reason ?? status, hint: undefined }
  const [problem] = describeFailure(error).problems
  return { text: reason ?? problem?.message ?? error.message, hint: problem?.hint }
}
