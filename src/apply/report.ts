/** What became of a plan: one result for each change, in the plan's order. */
import type { Address, Change, ResourceKind } from '../plan/index.ts'

/**
 * - `applied`: it is in Vault, and marked as Plenum's.
 * - `drifted`: Vault was no longer as the plan saw it. Nothing was overwritten; plan again.
 * - `failed`: `error` says why. With `version` and `reason` a part of it was done.
 * - `skipped`: not begun. `reason` says why.
 */
export type Outcome =
  | { readonly status: 'applied'; readonly version?: number | undefined }
  | { readonly status: 'drifted'; readonly reason: string }
  | {
      readonly status: 'failed'
      readonly error: Error
      readonly version?: number | undefined
      readonly reason?: string | undefined
    }
  | { readonly status: 'skipped'; readonly reason: string }

export interface ChangeResult {
  readonly kind: ResourceKind
  readonly address: Address
  readonly action: Change['action']
  readonly status: Outcome['status']
  /** The version of an entry that was written. */
  readonly version?: number | undefined
  readonly error?: Error | undefined
  readonly reason?: string | undefined
}

export interface ApplyReport {
  readonly results: readonly ChangeResult[]
}

export function resultOf({ kind, address, action }: Change, outcome: Outcome): ChangeResult {
  return { kind, address, action, ...outcome }
}

export const DRIFTED_MEANWHILE: Outcome = {
  status: 'drifted',
  reason: 'somebody wrote it after the plan was made: plan again',
}

/** Anything that was thrown, as an error that can be shown. */
export function failed(error: unknown, done: { readonly version?: number; readonly reason?: string } = {}): Outcome {
  const shown = error instanceof Error ? error : new Error('something that is no error was thrown', { cause: error })
  return { status: 'failed', error: shown, ...done }
}
