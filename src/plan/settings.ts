/**
 * Mounts, auth methods, policies and roles: settings that are no secret, compared one by one.
 *
 * Only what is declared counts: Vault answers with more settings than were written, and those are nobody's business
 * here. What somebody else made under our name is drift, never overwritten unless asked to; a mount of another type
 * cannot be overwritten at all.
 */
import { canonicalJson, type Json } from '../sensitive/index.ts'
import { idOf } from './address.ts'
import { compareText } from './order.ts'
import type { ActualSettings, DesiredSettings, FieldChange, Settings } from './plan.ts'
import type { Verdict } from './verdict.ts'

export function judgeSettings(
  desired: DesiredSettings,
  actual: ActualSettings | undefined,
  overwrite: boolean,
): Verdict {
  const { kind, address } = desired
  if (actual === undefined) return { kind: 'change', change: { action: 'create', kind, address, cas: 0, fields: [] } }
  const fields = changedSettings(desired.settings, actual.settings)
  if (fields.length === 0) return { kind: 'unchanged' }
  if (kind === 'mount' || kind === 'auth') return { kind: 'blocked', blocked: wrongMount(kind, desired, actual) }
  if (actual.managed || overwrite)
    return { kind: 'change', change: { action: 'update', kind, address, cas: 0, fields } }
  return { kind: 'drift', drift: { kind, address, reason: 'foreign', version: 0, changedAt: 0, fields } }
}

/** Whether what Vault has is what is declared; used again after a write whose answer was lost. */
export function sameSettings(declared: Settings, found: Settings): boolean {
  return changedSettings(declared, found).length === 0
}

function changedSettings(declared: Settings, found: Settings): FieldChange[] {
  return Object.entries(declared)
    .filter(([name, value]) => settingText(value) !== settingText(Object.hasOwn(found, name) ? found[name] : undefined))
    .map(([field]) => ({ field, change: Object.hasOwn(found, field) ? 'changed' : 'added' }) as const)
    .sort((a, b) => compareText(a.field, b.field))
}

/** Lists here are sets (policies, address ranges), and Vault writes an empty one as `null`, `[]` or not at all. */
function settingText(value: Json | undefined): string {
  if (value === undefined || value === null) return '[]'
  if (Array.isArray(value)) return `[${[...new Set((value as readonly Json[]).map(canonicalJson))].sort().join(',')}]`
  // A policy comes back as it was sent, but for blank space at its end on some servers.
  return canonicalJson(typeof value === 'string' ? value.trimEnd() : value)
}

function wrongMount(kind: 'mount' | 'auth', desired: DesiredSettings, actual: ActualSettings): WrongMount {
  const { address } = desired
  const path = idOf(address)
  const found = mountText(actual.settings)
  if (kind === 'auth') {
    const text = `auth/${path} is of type ${found} and should be ${mountText(desired.settings)}; no role can be planned`
    return { kind, address, text, hint: `free the path auth/${path}, then plan again` }
  }
  const text = `${path} is of type ${found} and should be ${mountText(desired.settings)}; nothing below it can be planned`
  const upgrade = actual.settings['type'] === 'kv' ? `\`vault kv enable-versioning ${path}\` upgrades it; or ` : ''
  return { kind, address, text, hint: `${upgrade}name another mount in plenum.yaml under vault.mount` }
}

type WrongMount = Extract<Verdict, { kind: 'blocked' }>['blocked']

function mountText({ type, version }: Settings): string {
  const name = typeof type === 'string' ? type : 'unknown'
  return typeof version === 'string' ? `${name} version ${version}` : name
}
