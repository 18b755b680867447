/** A plan in numbers. */
import type { Change, Plan } from './plan.ts'

interface PlanSummary {
  readonly create: number
  readonly update: number
  readonly mark: number
  readonly delete: number
  readonly unchanged: number
  readonly drifted: number
  readonly blocked: number
  readonly missing: number
  readonly unmanaged: number
}

export function summaryOf(plan: Plan): PlanSummary {
  const count = (action: Change['action']): number => plan.changes.filter((change) => change.action === action).length
  return {
    create: count('create'),
    update: count('update'),
    mark: count('mark'),
    delete: count('delete'),
    unchanged: plan.unchanged,
    drifted: plan.drifted.length,
    blocked: plan.blocked.length,
    missing: plan.missing.length,
    unmanaged: plan.unmanaged.length,
  }
}
