/** What each line of a plan says. Rows are data; how they are aligned and coloured is `render.ts`. */
import { MANAGED_BY, WRITTEN_VERSION } from '../hub/index.ts'
import { visible } from '../sensitive/index.ts'
import { idOf } from './address.ts'
import {
  type Address,
  type Blocked,
  type Change,
  type Drift,
  type EntryKind,
  type FieldChange,
  type ResourceKind,
  type Shadow,
} from './plan.ts'

export interface Row {
  readonly sign: string
  readonly tone: 'good' | 'bad' | 'warn' | 'dim'
  readonly kind: string
  readonly id: string
  readonly text: string
  /** What stands in brackets behind it, and is of less weight. */
  readonly note: string
  /** On a line of its own. */
  readonly hint: string
}

/** Fields named on one line. */
const MOST_FIELDS = 6

export function changeRow(change: Change, all: boolean): Row {
  return { ...named(change.address), hint: '', ...CHANGE_ROWS[change.action](change, all) }
}

type ChangeRow = Omit<Row, 'kind' | 'id' | 'hint'>

const CHANGE_ROWS: Readonly<Record<Change['action'], (change: Change, all: boolean) => ChangeRow>> = {
  create: ({ cas }) => ({ sign: '+', tone: 'good', text: '', note: cas > 0 ? `(version ${cas} was deleted)` : '' }),
  update: ({ kind, cas, fields }, all) => {
    const note = isVersioned(kind) ? `(version ${cas} -> ${cas + 1})` : ''
    return { sign: '~', tone: 'warn', text: fieldsText(fields, all), note }
  },
  mark: ({ cas, fields }) => ({ sign: '=', tone: 'dim', text: markText(fields), note: `(version ${cas})` }),
  delete: ({ kind, cas }) => {
    const note = isVersioned(kind) ? `(version ${cas}, can be undeleted)` : ''
    return { sign: '-', tone: 'bad', text: 'no longer declared', note }
  },
}

export function driftRow(drift: Drift, now: number, all: boolean): Row {
  const fields = drift.fields.length === 0 ? '' : `: ${fieldsText(drift.fields, all)}`
  const note = drift.version === 0 ? '' : `(version ${drift.version}, ${ageText(now - drift.changedAt)})`
  return {
    ...named(drift.address),
    sign: '!',
    tone: 'warn',
    text: `${DRIFT_TEXT[drift.reason]}${fields}`,
    note,
    hint: '',
  }
}

const DRIFT_TEXT: Readonly<Record<Drift['reason'], string>> = {
  changed: 'changed in Vault since Plenum wrote it',
  foreign: 'not made by Plenum, and differs',
  'other-hub': 'made by Plenum for another hub',
}

export function blockedRow({ address, text, hint }: Blocked): Row {
  return { ...named(address), sign: 'x', tone: 'bad', text: visible(text), note: '', hint: visible(hint) }
}

export function missingRow(address: Address): Row {
  const text = 'declared as external, and not in Vault'
  return { ...named(address), sign: 'x', tone: 'bad', text, note: '', hint: '' }
}

export function shadowRow({ address, variable, where }: Shadow): Row {
  const text = visible(`${variable} also stands in ${where}: Airflow falls back to it when Vault fails`)
  return { ...named(address), sign: '!', tone: 'warn', text, note: '', hint: '' }
}

export function unmanagedRow(address: Address): Row {
  const text = 'plenum.yaml does not declare it: left alone'
  return { ...named(address), sign: '?', tone: 'dim', text, note: '', hint: '' }
}

function named(address: Address): { readonly kind: string; readonly id: string } {
  return { kind: address.slice(0, address.indexOf(':')), id: idOf(address) }
}

function isVersioned(kind: ResourceKind): kind is EntryKind {
  return kind === 'connection' || kind === 'variable' || kind === 'secret'
}

/** `password changed; extra.read_only added` */
function fieldsText(fields: readonly FieldChange[], all: boolean): string {
  const named = all ? fields : fields.slice(0, MOST_FIELDS)
  const rest = fields.length - named.length
  const texts = named.map(({ field, change }) => `${visible(field)} ${change}`)
  return [...texts, ...(rest === 0 ? [] : [`${rest} more`])].join('; ')
}

function markText(fields: readonly FieldChange[]): string {
  if (fields.some(({ field }) => field === MANAGED_BY)) return "already as declared: marked as Plenum's"
  if (fields.every(({ field }) => field === WRITTEN_VERSION)) return 'completes an interrupted apply'
  return fieldsText(
    fields.filter(({ field }) => field !== WRITTEN_VERSION),
    true,
  )
}

function ageText(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
  ]
  const unit = units.find(([size]) => ms >= size)
  if (unit === undefined) return 'just now'
  const count = Math.floor(ms / unit[0])
  return `${count} ${unit[1]}${count === 1 ? '' : 's'} ago`
}
