/** What an application looks like in words. Pure. */
import type { Action, Application, NotDone } from './application.ts'
import type { Paint } from '../plan/index.ts'

const DONE_WORDS: Readonly<Record<Action, string>> = {
  create: 'created',
  update: 'changed',
  mark: 'marked',
  delete: 'deleted',
}

/** In the order in which they are made. */
const KINDS: readonly (readonly [kind: string, one: string, many: string])[] = [
  ['mount', 'mount', 'mounts'],
  ['auth', 'auth method', 'auth methods'],
  ['policy', 'policy', 'policies'],
  ['role', 'role', 'roles'],
  ['connection', 'connection', 'connections'],
  ['variable', 'variable', 'variables'],
  ['secret', 'secret', 'secrets'],
]

/** `26 of 26 created: 1 mount, 6 policies (0.4 s)`, `3 of 4 applied: 1 created, 2 changed (0.1 s)`, `no changes`. */
export function applySummary({ done, notDone, left, milliseconds }: Application): string {
  const total = done.length + notDone.length + left
  if (total === 0) return 'no changes'
  const share = `${done.length} of ${total}`
  const time = `(${(milliseconds / 1000).toFixed(1)} s)`
  const actions = [...new Set(done.map(({ action }) => action))]
  const [only] = actions
  if (only === undefined) return `${share} applied ${time}`
  if (actions.length === 1)
    return `${share} ${DONE_WORDS[only]}: ${countKinds(done.map(({ address }) => address))} ${time}`
  const counts = actions.map((action) => `${done.filter((one) => one.action === action).length} ${DONE_WORDS[action]}`)
  return `${share} applied: ${counts.join(', ')} ${time}`
}

/** A line for each change that was not made, with what to do below it. */
export function notDoneLines(notDone: readonly NotDone[], paint: Paint): string[] {
  const lines = notDone.slice(0, MOST_LINES).flatMap((one) => problemLines([one], MARKS[one.status](paint), paint))
  const rest = notDone.length - MOST_LINES
  return rest > 0 ? [...lines, `and ${rest} more; --json has them all`] : lines
}

const MOST_LINES = 40
const MARKS: Readonly<Record<NotDone['status'], (paint: Paint) => string>> = {
  failed: (paint) => paint.bad('x'),
  drifted: (paint) => paint.warn('!'),
  skipped: (paint) => paint.dim('-'),
}

export interface AddressProblem {
  readonly address: string
  readonly text: string
  readonly hint: string | undefined
}

const KIND_WIDTH = 'connection'.length

/** `x connection  project_trading_ibkr  text`, and the hint below the text. */
export function problemLines(problems: readonly AddressProblem[], mark: string, paint: Paint): string[] {
  return problems.flatMap(({ address, text, hint }) => {
    const name = nameOf(address)
    const line = `${mark} ${kindOf(address).padEnd(KIND_WIDTH)}  ${name}  ${text}`
    return hint === undefined ? [line] : [line, `${' '.repeat(2 + KIND_WIDTH + 2 + name.length + 2)}${paint.dim(hint)}`]
  })
}

function kindOf(address: string): string {
  return address.slice(0, address.indexOf(':'))
}

function nameOf(address: string): string {
  return address.slice(address.indexOf(':') + 1)
}

function countKinds(addresses: readonly string[]): string {
  return KINDS.flatMap(([kind, one, many]) => {
    const count = addresses.filter((address) => kindOf(address) === kind).length
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  }).join(', ')
}
