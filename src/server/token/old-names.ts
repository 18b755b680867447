/**
 * The names that `token_*` settings had before they were called so, which roles and users may still be written with
 * (vault-api 8, 9). Pure.
 *
 * Invariant: the new name beats the old one. A setting is shown under its old name as well where it was last written so.
 */
import type { Fields } from '../logical/declared-fields.ts'
import type { JsonObject } from '../logical/logical.ts'
import { showTokenSettings, TOKEN_FIELDS, type TokenSettings } from './token-settings.ts'

/** From the old name to the new one: `{ policies: 'token_policies' }`. */
export type OldNames<Old extends string> = Readonly<Record<Old, `token_${string}`>>

/** Which settings were last written under their old name. */
export type OldNamesUsed<Old extends string> = Readonly<Record<Old, boolean>>

/** The old names as fields of their own. */
export function oldNameFields(names: OldNames<string>): Fields {
  return Object.fromEntries(
    Object.entries(names).map(([old, name]) => [
      old,
      { type: TOKEN_FIELDS[name]?.type ?? 'string', about: `The older name of ${name}.`, deprecated: true },
    ]),
  )
}

/** The request's fields, with what was given under old names alone under the new ones too. */
export function underNewNames(data: JsonObject, names: OldNames<string>): JsonObject {
  const renamed: JsonObject = Object.assign(Object.create(null) as JsonObject, data)
  for (const [old, name] of Object.entries(names)) {
    if (isGiven(data, old) && !isGiven(data, name)) renamed[name] = data[old] ?? null
  }
  return renamed
}

export function oldNamesUsed<Old extends string>(
  data: JsonObject,
  names: OldNames<Old>,
  before: OldNamesUsed<Old>,
): OldNamesUsed<Old> {
  const used = { ...before } as Record<Old, boolean>
  for (const [old, name] of Object.entries(names) as [Old, string][]) {
    used[old] = isGiven(data, old) || (before[old] && !isGiven(data, name))
  }
  return used
}

/** The settings under the old names that were used; what is not set is left out. */
export function showOldNames<Old extends string>(
  settings: TokenSettings,
  names: OldNames<Old>,
  used: OldNamesUsed<Old>,
): JsonObject {
  const shown = showTokenSettings(settings)
  const values = (Object.entries(names) as [Old, string][])
    .filter(([old]) => used[old])
    .map(([old, name]) => [old, shown[name] ?? null] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== 0 && !(Array.isArray(value) && value.length === 0)))
}

function isGiven(data: JsonObject, name: string): boolean {
  return data[name] !== undefined && data[name] !== null
}
