/** What sync did and saw, for people: one line an event. Pure. */
import type { Paint } from '../../plan/index.ts'
import type { ConflictWhat, LeftWhy, Outcome, OutcomeKind, SyncEvent } from '../../sync/index.ts'

const CONFLICTS: Readonly<Record<ConflictWhat, string>> = {
  'both-changed': 'changed in Airflow and in Vault since they were last in step',
  'never-in-step': 'Airflow and Vault have had two values since before sync',
  'deleted-in-vault': 'changed in Airflow, deleted in Vault',
  'deleted-in-airflow': 'changed in Vault, deleted in Airflow',
}

const LEFT: Readonly<Record<LeftWhy | 'secret-in-vault', string>> = {
  'vault-ahead': 'changed in Vault alone: Airflow reads that; its own database has the older value',
  'deleted-in-vault': 'deleted in Vault alone: delete it in Airflow too, or save it there again',
  kept: 'deleted in Airflow; Vault had it before sync and keeps it',
  declared: 'plenum.yaml says where its value comes from: the row in Airflow is shadowed',
  'other-hub': "another hub's object has this name in Vault",
  'secret-in-vault': 'changed in Vault alone, and the change holds a secret: it is not brought back',
}

type Words = { readonly [Kind in OutcomeKind]: (outcome: Extract<Outcome, { kind: Kind }>) => string }

const WORDS: Words = {
  'in-step': () => 'in step',
  nothing: () => 'nothing to do',
  created: ({ version, project }) => `created, version ${version}, project ${project}`,
  updated: ({ version, conflict }) => `version ${version}${decided(conflict, 'Airflow')}`,
  deleted: ({ version, conflict }) => `deleted (version ${version} can be undeleted)${decided(conflict, 'Airflow')}`,
  recorded: ({ conflict }) => `in step${decided(conflict, 'Vault')}`,
  described: () => 'description or team changed',
  'carried-back': ({ version, fields }) => `version ${version} of Vault brought back to Airflow: ${fields.join(', ')}`,
  left: ({ why }) => LEFT[why],
  conflict: ({ what }) => `conflict: ${CONFLICTS[what]}`,
  raced: () => 'somebody else was quicker; looked at again in the next pass',
  failed: ({ text }) => text,
}

function decided(conflict: ConflictWhat | undefined, winner: string): string {
  return conflict === undefined ? '' : `; ${winner} wins (${CONFLICTS[conflict]})`
}

type Sign = readonly [sign: string, paint: keyof Paint]

const SIGNS: Readonly<Record<OutcomeKind, Sign>> = {
  'in-step': ['=', 'dim'],
  nothing: ['=', 'dim'],
  created: ['+', 'good'],
  updated: ['~', 'warn'],
  deleted: ['-', 'bad'],
  recorded: ['=', 'dim'],
  described: ['~', 'warn'],
  'carried-back': ['<', 'warn'],
  left: ['.', 'dim'],
  conflict: ['!', 'bad'],
  raced: ['.', 'dim'],
  failed: ['x', 'bad'],
}

export function objectLine(address: string, outcome: Outcome, paint: Paint): string {
  const [sign, color] = SIGNS[outcome.kind]
  const at = address.indexOf(':')
  const words = WORDS[outcome.kind] as (outcome: Outcome) => string
  return `  ${paint[color](sign)} ${address.slice(0, at).padEnd(11)} ${address.slice(at + 1)}  ${words(outcome)}`
}

/** What can be done about a conflict. */
export const CONFLICT_HINT =
  'save the value that is right in Airflow and in Vault, or let --on-conflict airflow-wins or vault-wins decide'

/** `1012 objects: 1000 in step, 10 created, 2 in conflict`. */
export function countWords(outcomes: Iterable<readonly [string, Outcome]>): string {
  const counts = new Map<OutcomeKind, number>()
  let all = 0
  for (const [, { kind }] of outcomes) {
    if (kind === 'nothing') continue
    const name = kind === 'recorded' ? 'in-step' : kind
    counts.set(name, (counts.get(name) ?? 0) + 1)
    all += 1
  }
  const parts = [...counts].map(([kind, count]) => `${count} ${COUNTED[kind]}`)
  return `${all} ${all === 1 ? 'object' : 'objects'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

const COUNTED: Readonly<Record<OutcomeKind, string>> = {
  'in-step': 'in step',
  nothing: 'without a row',
  created: 'created',
  updated: 'updated',
  deleted: 'deleted',
  recorded: 'recorded',
  described: 'described anew',
  'carried-back': 'brought back',
  left: 'left',
  conflict: 'in conflict',
  raced: 'to be looked at again',
  failed: 'failed',
}

export function seconds(ms: number): string {
  return ms < 950 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** One line of JSON, for `--json`. `now`: Unix ms. */
export function eventJson(event: SyncEvent, now: number): string {
  const at = new Date(now).toISOString()
  if (event.kind === 'pass') {
    // Findings were told one by one.
    const { kind, looked, findings } = event.result
    return JSON.stringify({ at, event: 'pass', kind, looked, findings: findings?.length, durationMs: event.durationMs })
  }
  const { kind, ...rest } = event
  return JSON.stringify({ at, event: kind, ...rest })
}
