/**
 * What a clean-up would do: rows that become empty, lines that go, and what is left to people. Pure.
 *
 * Invariants:
 * - Nothing goes that was not proven to be in Vault, and nothing that is no longer what was imported (compared by keyed
 *   fingerprint with a reading of now).
 * - Of text sources everything that stays means the same as before: the edited files are read once more by the
 *   importers themselves, and an edit that changes anything else is not made.
 * - What is shown (`diff`, texts, names) holds no value; what is edited is wrapped.
 */
import type { ImportedEntry } from '../importers/selection.ts'
import {
  type ByHand,
  type FinishInput,
  type FinishPlan,
  type FinishRows,
  ImportedValues,
  type LeftPlace,
  leftPlace,
  type LeftReason,
  type ProvenPlace,
} from './finish-plan.ts'
import { editorOf, instruction } from './places.ts'
import { type RowEdit, RowIndex, rowEdit } from './rows.ts'
import { planTexts } from './text-plan.ts'

/** Absolute paths of the files that a clean-up of these may edit. */
export function filesToEdit(entries: readonly ImportedEntry[]): string[] {
  const files = entries.flatMap(({ origins }) =>
    origins.flatMap((origin) => {
      const { place } = origin
      return place.kind === 'lines' && editorOf(origin) !== undefined ? [place.file] : []
    }),
  )
  return [...new Set(files)].sort()
}

export function planFinish(input: FinishInput): FinishPlan {
  const { entries, isProven, pathOf, texts, rows } = input
  const proven = entries.filter(isProven)
  const places = proven.flatMap((entry) =>
    entry.origins.map((origin): ProvenPlace => ({ entry, origin, path: pathOf(entry) })),
  )
  const unproven = entries
    .filter((entry) => !proven.includes(entry))
    .flatMap((entry) => entry.origins.map((origin) => leftPlace({ entry, origin }, 'not-proven', NOT_PROVEN)))
  const imported = new ImportedValues(input.imported, input.key)
  const rowPlan = planRows(places, imported, rows)
  const textPlan = planTexts(places, imported, texts)
  return {
    rows: rowPlan.rows,
    files: textPlan.files,
    byHand: [...byHandOf(places), ...textPlan.copies],
    left: [...unproven, ...rowPlan.left, ...textPlan.left],
  }
}

const NOT_PROVEN = 'it was not proven to be in Vault as it is here'

function planRows(
  places: readonly ProvenPlace[],
  imported: ImportedValues,
  rows: FinishRows | undefined,
): { readonly rows: readonly RowEdit[]; readonly left: readonly LeftPlace[] } {
  const left: LeftPlace[] = []
  const index = new RowIndex(rows?.now ?? [])
  const edits = places.flatMap((one): RowEdit[] => {
    const { place } = one.origin
    if (place.kind !== 'row' || rows === undefined) return []
    const row = index.find(place)
    const leave = (reason: LeftReason, text: string): RowEdit[] => {
      left.push(leftPlace(one, reason, text))
      return []
    }
    if (row === undefined) return leave('gone', 'the row is gone')
    const reading = rows.read(row)
    if (reading.kind === 'blanked') return leave('gone', 'an earlier clean-up emptied the row')
    const isSame =
      reading.kind === 'found' &&
      reading.found.id === one.entry.id &&
      imported.of(reading.found) === imported.at(one.origin)
    if (!isSame) return leave('changed', 'the row was changed since it was imported: import it again')
    if ((row.unreadable ?? []).length > 0)
      return leave('kept', 'it holds bytes that are no text and could not be put back')
    return [rowEdit(row, one.entry.id, one.origin.where, rows.becomes(row))]
  })
  return { rows: edits, left }
}

function byHandOf(places: readonly ProvenPlace[]): ByHand[] {
  const groups = new Map<string, { where: Set<string>; ids: Set<string>; text: string }>()
  for (const { entry, origin } of places) {
    const { place } = origin
    if (place.kind === 'row' || editorOf(origin) !== undefined) continue
    const text = instruction(origin)
    const key = JSON.stringify([place.kind === 'vault' ? 'vault' : place.file, text])
    const group = groups.get(key) ?? { where: new Set(), ids: new Set(), text }
    groups.set(key, group)
    group.where.add(origin.where)
    group.ids.add(entry.id)
  }
  return [...groups.values()].map(({ where, ids, text }) => ({ where: [...where], ids: [...ids], text }))
}
