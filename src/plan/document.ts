/**
 * The plan as one JSON document, for `plan --json` and `apply --json`.
 *
 * ```json
 * {
 *   "formatVersion": 1,
 *   "empty": false,
 *   "summary": { "create": 1, "update": 1, "mark": 0, "delete": 1, "unchanged": 24, "drifted": 1, "blocked": 0, "missing": 0, "unmanaged": 0 },
 *   "changes": [{ "action": "update", "kind": "connection", "id": "x", "address": "connection:x", "version": 3,
 *                 "fields": [{ "field": "password", "change": "changed" }] }],
 *   "drifted": [{ "kind": "variable", "id": "y", "address": "variable:y", "reason": "changed", "version": 5,
 *                 "changedAt": "2026-01-31T12:00:00.000Z", "fields": [...] }],
 *   "blocked": [{ "kind": "mount", "id": "secret", "address": "mount:secret", "text": "...", "hint": "..." }],
 *   "missing": ["connection:z"], "unmanaged": ["variable:w"],
 *   "shadowing": [{ "address": "variable:y", "variable": "AIRFLOW_VAR_Y", "where": ".env" }]
 * }
 * ```
 *
 * `version` is the version that was seen, 0 for none and for what has none. `changes` are in the order of their carrying
 * out. New members may come; what is here keeps its meaning as long as `formatVersion` is 1. It holds no value and no
 * fingerprint.
 */
import type { Json } from '../sensitive/index.ts'
import { idOf } from './address.ts'
import { isEmptyPlan } from './make.ts'
import type { Address, FieldChange, Plan, ResourceKind } from './plan.ts'
import { summaryOf } from './summary.ts'

export function planDocument(plan: Plan): Json {
  return {
    formatVersion: plan.formatVersion,
    empty: isEmptyPlan(plan),
    summary: { ...summaryOf(plan) },
    changes: plan.changes.map((change) => ({
      action: change.action,
      ...thing(change),
      version: change.cas,
      fields: fieldList(change.fields),
    })),
    drifted: plan.drifted.map((drift) => ({
      ...thing(drift),
      reason: drift.reason,
      version: drift.version,
      changedAt: drift.changedAt === 0 ? null : new Date(drift.changedAt).toISOString(),
      fields: fieldList(drift.fields),
    })),
    blocked: plan.blocked.map((blocked) => ({ ...thing(blocked), text: blocked.text, hint: blocked.hint })),
    missing: [...plan.missing],
    unmanaged: [...plan.unmanaged],
    shadowing: plan.shadowing.map(({ address, variable, where }) => ({ address, variable, where })),
  }
}

function thing({ kind, address }: { readonly kind: ResourceKind; readonly address: Address }): {
  readonly [key: string]: string
} {
  return { kind, id: idOf(address), address }
}

function fieldList(fields: readonly FieldChange[]): Json {
  return fields.map(({ field, change }) => ({ field, change }))
}
