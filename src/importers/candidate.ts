/**
 * One found object: where it would go in Vault, or why it is left out before it is compared with any other.
 *
 * Invariant: what is refused here is a finding too, so that it cannot be overlooked.
 */
import { checkConnectionId, checkVariableKey, type IdFinding, type JsonObject } from '../airflow/index.ts'
import { isProjectName } from '../hub/index.ts'
import type { Sensitive } from '../sensitive/index.ts'
import type { Assigner, Assignment } from './assign.ts'
import { isUntouchedDefault } from './default-connections.ts'
import type { Finding, Found } from './found.ts'
import { isExact, matches, splitPattern } from './patterns.ts'
import {
  type Because,
  ENV_SECRET,
  type EntryKind,
  type LeftOut,
  type NameClass,
  type SelectOptions,
} from './selection.ts'

export interface Candidate {
  readonly kind: EntryKind
  /** Of the entry. */
  readonly id: string
  /** An environment variable that becomes one field of the entry. */
  readonly field: string | undefined
  readonly project: string
  readonly because: Because
  readonly reason: string
  /** Of the entry; of a field `{"value": "<text>"}`. */
  readonly data: Sensitive<JsonObject>
  readonly found: Found
}

type RefusalCode = 'import-id' | 'import-project-name' | 'import-too-large'

interface Refusal {
  readonly kind: 'left-out'
  readonly leftOut: LeftOut
  readonly findings: readonly Finding[]
}

export type Judgement =
  | { readonly kind: 'candidate'; readonly candidate: Candidate; readonly findings: readonly Finding[] }
  | Refusal

/** Vault takes 1 MiB an entry, its own share of that included. */
export const MOST_BYTES = 1_000_000

export type NameClassifier = (
  name: string,
  value: Sensitive<string>,
) => { readonly kind: NameClass; readonly because: string }

export interface JudgeOptions extends SelectOptions {
  readonly assign: Assigner
  readonly classify: NameClassifier
}

export function judge(found: Found, options: JudgeOptions): Judgement {
  if (!isAsked(found.id, found.kind, options)) return leave(found, 'not-asked', 'was not asked for', undefined)
  const early = found.kind === 'name' ? judgeClass(found, options) : undefined
  if (early !== undefined) return early
  const placed = place(found, options)
  if (placed.kind === 'left-out') return placed
  const { candidate } = placed
  const declared = options.declared.get(`${candidate.kind}:${candidate.id}`)
  if (declared?.external === false) {
    return leave(
      found,
      'declared',
      'plenum.yaml says where its value comes from',
      'declare it as external to import it',
    )
  }
  if (declared === undefined && !options.withDefaults && !isNamed(found, options.only) && isUntouchedDefault(found)) {
    return leave(found, 'default', "one of Airflow's own default connections, never edited", '--with-defaults takes it')
  }
  if (byteLength(found.data) > MOST_BYTES) return tooLarge(found)
  return placed
}

export function isAsked(
  id: string,
  kind: Found['kind'],
  { only, except }: Pick<SelectOptions, 'only' | 'except'>,
): boolean {
  const isWanted = only.length === 0 || only.some((pattern) => matches(pattern, id, kind))
  return isWanted && !except.some((pattern) => matches(pattern, id, kind))
}

export function byteLength(data: Sensitive<JsonObject>): number {
  return Buffer.byteLength(JSON.stringify(data.reveal()))
}

export function tooLarge(found: Found): Refusal {
  const text = `is larger than ${MOST_BYTES.toLocaleString('en-US')} bytes, which is more than an entry in Vault may have`
  return refuse(found, 'import-too-large', text, 'keep it in a file or an object store, and the path to it here')
}

/** An id that stands in `only` as it is. */
function isNamed({ id, kind }: Found, only: readonly string[]): boolean {
  return only.some((pattern) => isExact(pattern) && splitPattern(pattern).text === id && matches(pattern, id, kind))
}

function judgeClass(found: Found, { names, classes, classify }: JudgeOptions): Judgement | undefined {
  const { kind, because } = classify(
    found.id,
    found.data.map(({ value }) => (typeof value === 'string' ? value : '')),
  )
  const text = `${CLASS_WORDS[kind]} (${because})`
  if (names === 'none') return leave(found, 'name-class', text, '--names secrets or --names variables takes it')
  return classes.includes(kind) ? undefined : leave(found, 'name-class', text, `--class ${kind} takes it`)
}

const CLASS_WORDS = {
  secret: 'looks like a secret',
  configuration: 'looks like configuration',
  unknown: 'may be a secret or not',
} as const

function place(found: Found, options: JudgeOptions): Judgement {
  switch (found.kind) {
    case 'connection':
      return checked(found, checkConnectionId(found.id), entryOf(found, found.kind, found.id, options))
    case 'variable':
      return checked(found, checkVariableKey(found.id), entryOf(found, found.kind, found.id, options))
    case 'secret':
      return placeSecret(found, options)
    case 'name':
      return placeName(found, options)
  }
}

/** `<project>/<name>`: the source names the project, unless a rule of the call or the map says otherwise. */
function placeSecret(found: Found, { assign }: JudgeOptions): Judgement {
  const slash = found.id.indexOf('/')
  const own = slash === -1 ? undefined : found.id.slice(0, slash)
  const name = found.id.slice(slash + 1)
  const assigned = assign(found.id, 'secret')
  const isRuled = assigned.because === 'rule' || assigned.because === 'map'
  const home =
    own === undefined || isRuled
      ? homeOf(assigned)
      : ({ project: own, because: 'source', reason: 'the source names it' } as const)
  if (!isProjectName(home.project)) {
    const text = `${JSON.stringify(home.project)} cannot be the name of a project`
    return refuse(found, 'import-project-name', text, `--project 'secret:${found.id}=PROJECT' brings it to another one`)
  }
  const id = `${home.project}/${name}`
  return checked(found, secretFinding(name), { ...home, kind: 'secret', id, field: undefined, data: found.data, found })
}

function placeName(found: Found, options: JudgeOptions): Judgement {
  if (options.names === 'variables') {
    const key = found.id.toLowerCase()
    return checked(found, checkVariableKey(key), entryOf(found, 'variable', key, options))
  }
  const home = homeOf(options.assign(found.id, 'name'))
  const id = `${home.project}/${ENV_SECRET}`
  const field = { ...home, kind: 'secret', id, field: found.id, data: found.data, found } as const
  return { kind: 'candidate', candidate: field, findings: [] }
}

function entryOf(
  found: Found,
  kind: 'connection' | 'variable',
  id: string,
  { assign, declared }: JudgeOptions,
): Candidate {
  const known = declared.get(`${kind}:${id}`)
  const home =
    known === undefined
      ? homeOf(assign(found.id, found.kind))
      : ({ project: known.project, because: 'declared', reason: 'declared in plenum.yaml' } as const)
  return { ...home, kind, id, field: undefined, data: found.data, found }
}

type Home = Pick<Candidate, 'project' | 'because' | 'reason'>

function homeOf(assignment: Assignment): Home {
  const { project, because } = assignment
  return { project, because, reason: reasonOf(assignment) }
}

function reasonOf(assignment: Assignment): string {
  switch (assignment.because) {
    case 'rule':
      return `rule ${assignment.pattern}`
    case 'map':
      return `map file: ${assignment.pattern}`
    case 'name':
      return 'named in it'
    case 'dags':
      return `only DAGs in ${assignment.folder} mention it`
    case 'holding':
      return assignment.candidates.length === 0
        ? 'nothing says where it belongs'
        : `names ${assignment.candidates.join(' and ')}`
  }
}

/** JavaScript gives this key of an object a meaning of its own, and plenum.yaml takes none of it. */
const PROTO = '__proto__'

function secretFinding(name: string): IdFinding | undefined {
  if (/^[A-Za-z0-9_.-]{1,200}$/.test(name) && !/^\.{1,2}$/.test(name)) return undefined
  const text = 'the name of a secret has 1 to 200 letters, digits, "_", "." and "-", and is not . or ..'
  return { severity: 'error', text, hint: 'rename it in the source, or leave it out with --except' }
}

function checked(found: Found, finding: IdFinding | undefined, candidate: Candidate): Judgement {
  if (candidate.id.split('/').includes(PROTO))
    return refuse(found, 'import-id', `${PROTO} cannot be an id`, 'rename it in the source')
  if (finding?.severity === 'error') return refuse(found, 'import-id', finding.text, finding.hint)
  const findings = finding === undefined ? [] : [findingOf(found, 'warning', 'import-id', finding.text, finding.hint)]
  return { kind: 'candidate', candidate, findings }
}

function refuse(found: Found, code: RefusalCode, text: string, hint: string): Refusal {
  const findings = [findingOf(found, 'error', code, text, hint)]
  return { ...leave(found, 'refused', text, hint), findings }
}

function leave(
  { kind, id, origin }: Found,
  reason: LeftOut['reason'],
  text: string,
  hint: string | undefined,
): Refusal {
  return { kind: 'left-out', leftOut: { kind, id, where: origin.where, reason, text, hint }, findings: [] }
}

function findingOf(
  { id, origin }: Found,
  severity: Finding['severity'],
  code: RefusalCode,
  text: string,
  hint: string,
): Finding {
  return { severity, code, where: origin.where, id, text, hint }
}
