/**
 * Several places of the values that give one name -> the one that tasks get. In a container the last of equal names wins:
 * what is taken as a whole (`extraEnvFrom`), then `env`, `secret`, `extraEnv`, then the component's own. Tasks run in the
 * workers; the other components come last here.
 */
import type { Sensitive } from '../../sensitive/index.ts'
import type { Finding, Note } from '../found.ts'
import type { Given, GivenValues, GivenValue, Holder } from './given.ts'
import { type Placed, placedAt } from './merge.ts'

export interface Decision {
  readonly given: Given
  readonly value: Sensitive<string>
  readonly notes: readonly Note[]
}

export function decide({ set, held, taken }: GivenValues, findings: Finding[]): Decision[] {
  const keys = new Map(held.map((given) => [keyOf(given.holder, given.name), given]))
  const resolved = set.map((given) => resolve(given, keys))
  const used = new Set(resolved.flatMap(({ from }) => (from === undefined ? [] : [from])))
  const whole = new Set(taken.map(({ holder }) => nameOf(holder)))
  const unused = held.filter((given) => !used.has(given) || whole.has(nameOf(given.holder)))
  findings.push(...outside(taken, new Set(held.map(({ holder }) => nameOf(holder)))))
  const byName = new Map<string, Given[]>()
  for (const given of [...unused, ...resolved.map((one) => one.given)]) {
    const same = byName.get(given.name)
    if (same === undefined) byName.set(given.name, [given])
    else same.push(given)
  }
  return [...byName.values()].flatMap((all) => winner(all, findings) ?? [])
}

/** `{{ .Release.Name }}` is written with blanks and without. */
function nameOf({ kind, name }: Holder): string {
  return JSON.stringify([kind, name.replaceAll(/\s+/g, '')])
}

function keyOf(holder: Holder, key: string): string {
  return `${nameOf(holder)} ${key}`
}

interface Resolved {
  readonly given: Given
  /** What of the chart's own secrets it refers to. */
  readonly from?: Given | undefined
}

function resolve(given: Given, keys: ReadonlyMap<string, Given>): Resolved {
  const { value } = given
  const from = value.kind === 'reference' ? keys.get(keyOf(value.holder, value.key)) : undefined
  return from === undefined ? { given } : { given: { ...given, value: from.value }, from }
}

/** Secrets as a whole that other values, or somebody by hand, have made. */
function outside(taken: GivenValues['taken'], made: ReadonlySet<string>): Finding[] {
  return taken
    .filter(({ holder }) => !made.has(nameOf(holder)))
    .map(({ holder, placed }) =>
      referenceFinding(
        placed,
        undefined,
        `every key of the Kubernetes ${holder.kind} ${JSON.stringify(holder.name)} is given to the containers; its values are not in this file`,
      ),
    )
}

function referenceFinding(placed: Placed, id: string | undefined, text: string): Finding {
  return {
    severity: 'warning',
    code: 'import-helm-reference',
    where: placedAt(placed),
    id,
    text,
    hint: 'read it with kubectl get secret -o yaml, and enter it by hand',
  }
}

function winner(all: readonly Given[], findings: Finding[]): Decision | undefined {
  const given = all.toSorted((one, other) => rank(one.path) - rank(other.path)).at(-1)
  if (given === undefined) return undefined
  const others = all.filter((one) => one !== given)
  const equal = others.filter((one) => isSame(one.value, given.value))
  for (const other of others.filter((one) => !equal.includes(one))) findings.push(differs(given, other))
  const { value } = given
  if (value.kind === 'reference') {
    // A setting of Airflow itself lies where it should.
    if (given.name.startsWith('AIRFLOW__')) return undefined
    const { kind, name } = value.holder
    const text = `its value lies in the Kubernetes ${kind} ${JSON.stringify(name)}, and not in this file`
    findings.push(referenceFinding(given.placed, given.name, text))
    return undefined
  }
  const also = equal.map(
    ({ placed }): Note => ({ kind: 'dialect', text: `it also stands at ${placedAt(placed)}, with the same value` }),
  )
  return { given, value: value.value, notes: [...value.notes, ...also] }
}

/** The highest wins; of equal ones the last. */
function rank(path: string): number {
  const own = path.replace(/^airflow\./, '')
  if (/^workers\.(?:celery\.|kubernetes\.)?env$/.test(own)) return 5
  if (own === 'extraEnv') return 4
  if (own === 'secret') return 3
  if (own === 'env') return 2
  return /^extra(?:Secrets|ConfigMaps)\./.test(own) ? 1 : 0
}

function isSame(one: GivenValue, other: GivenValue): boolean {
  if (one.kind === 'text' && other.kind === 'text') return one.value.reveal() === other.value.reveal()
  if (one.kind === 'reference' && other.kind === 'reference') {
    return keyOf(one.holder, one.key) === keyOf(other.holder, other.key)
  }
  return false
}

function differs(given: Given, other: Given): Finding {
  return {
    severity: 'warning',
    code: 'import-helm-differs',
    where: placedAt(other.placed),
    id: given.name,
    text: `${other.path} has another value for it than ${given.path} at ${placedAt(given.placed)}, which tasks get and which is taken`,
    hint: 'if both are needed, give one of them another name: Vault has one value for a name',
  }
}
