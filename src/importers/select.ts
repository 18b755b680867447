/**
 * What of the sources is brought in. Pure.
 *
 *   judge each      asked for? a default? of a wanted class? an id that Vault and Airflow take? small enough?
 *   settle by id    the same value from several places is one entry; different values are a collision
 *   gather          environment variables of a project become the fields of one secret
 *   make way        ids that plenum.yaml cannot hold side by side
 *
 * Invariant: every Found comes out exactly once, as an origin of an entry or as left out.
 */
import { projectAssigner } from './assign.ts'
import { byteLength, type Candidate, isAsked, judge, MOST_BYTES, type NameClassifier, tooLarge } from './candidate.ts'
import { classifyName } from './classify.ts'
import { addressOf, type Obstacle, obstaclesOf, type Settled, settle } from './collisions.ts'
import { duplicatesOf, type Named } from './duplicates.ts'
import type { Finding, Found, Reading } from './found.ts'
import type { Collision, EntryKind, LeftOut, LeftOutReason, SelectOptions, Selection } from './selection.ts'
import { entryOf, gathered, joined, nameOf, placesOf, type Unit, unitOf } from './unit.ts'

/** @throws {ImportError} 'import-project-name' for a rule whose project no hub can declare. */
export function selectObjects(
  readings: readonly Reading[],
  options: SelectOptions,
  classify: NameClassifier = classifyName,
): Selection {
  return new Selector(options, classify).select(readings)
}

type CollisionCode = 'import-collision' | 'import-case-twins' | 'import-path-below'

/** Fields named in one message. */
const MOST_FIELDS = 6

class Selector {
  readonly #options: SelectOptions
  readonly #classify: NameClassifier
  readonly #leftOut: LeftOut[] = []
  readonly #collisions: Collision[] = []
  readonly #findings: Finding[] = []
  /** Names that do not come along: their values may be those of others that do. */
  readonly #otherNames: Named[] = []

  constructor(options: SelectOptions, classify: NameClassifier) {
    this.#options = options
    this.#classify = classify
  }

  select(readings: readonly Reading[]): Selection {
    const candidates = this.#judge(readings.flatMap(({ found }) => found))
    const settled = this.#settle(candidates.map(unitOf))
    const whole = this.#settle(gathered(settled)).filter((unit) => this.#fits(unit))
    const kept = this.#makeWay(whole)
    const findings = readings.flatMap((reading) => reading.findings)
    const isOurs = (finding: Finding): boolean => isAbout(finding, this.#options)
    return {
      entries: inOrder(kept).map(entryOf),
      leftOut: this.#leftOut,
      duplicates:
        this.#options.findDuplicates === false ? [] : duplicatesOf([...kept, ...this.#otherNames], this.#options.key),
      collisions: this.#collisions,
      findings: [...findings.filter(isOurs), ...this.#findings],
      otherFindings: findings.filter((finding) => !isOurs(finding)),
    }
  }

  #judge(found: readonly Found[]): Candidate[] {
    const options = { ...this.#options, assign: projectAssigner(this.#options.rules), classify: this.#classify }
    return found.flatMap((one): Candidate[] => {
      const judgement = judge(one, options)
      this.#findings.push(...judgement.findings)
      if (judgement.kind === 'candidate') return [judgement.candidate]
      this.#leftOut.push(judgement.leftOut)
      if (judgement.leftOut.reason === 'name-class') this.#otherNames.push(one)
      return []
    })
  }

  /** One unit a name: those with one value are joined, those with several left out. */
  #settle(units: readonly Unit[]): Unit[] {
    const groups = new Map<string, [Unit, ...Unit[]]>()
    for (const unit of units) {
      const name = nameOf(unit)
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [unit])
      else group.push(unit)
    }
    return [...groups.values()].flatMap((group): Unit[] => {
      const settled = settle(group, this.#options.prefer, this.#options.key)
      if (settled.kind === 'different') this.#collide(group, settled.fields)
      else if (settled.kind === 'preferred') this.#prefer(group, settled)
      const [first, ...rest] = settled.kind === 'different' ? [] : settled.kept
      return first === undefined ? [] : [joined(first, rest)]
    })
  }

  #prefer(group: readonly Unit[], { left, source }: Extract<Settled<Unit>, { kind: 'preferred' }>): void {
    for (const unit of left) this.#leave(unit, 'not-preferred', `has another value in ${source}, which is preferred`)
    this.#record('value', group, source)
  }

  #collide(group: readonly [Unit, ...Unit[]], fields: readonly string[]): void {
    const [first] = group
    const named = [...fields.slice(0, MOST_FIELDS), ...(fields.length > MOST_FIELDS ? ['others'] : [])]
    const difference = first.kind === 'connection' && named.length > 0 ? ` (${named.join(', ')})` : ''
    const text = `has different values${difference}: ${placesOf(group).join(', ')}`
    const sources = [...new Set(group.flatMap(({ origins }) => origins.map(({ source }) => source)))]
    const hint =
      sources.length > 1
        ? `--prefer ${sources.join(' or --prefer ')} says which is right`
        : 'remove all but one of them in the source, or leave it out with --except'
    for (const unit of group) this.#leave(unit, 'collision', 'has different values in the sources', hint)
    this.#record('value', group, undefined)
    this.#error('import-collision', first, text, hint)
  }

  #fits(unit: Unit): boolean {
    if (byteLength(unit.data) <= MOST_BYTES) return true
    for (const { found } of unit.members) {
      const { leftOut, findings } = tooLarge(found)
      this.#leftOut.push(leftOut)
      this.#findings.push(...findings)
    }
    return false
  }

  #makeWay(units: readonly Unit[]): Unit[] {
    const obstacles = obstaclesOf(units, this.#options.declared)
    const recorded = new Set<string>()
    return units.filter((unit) => {
      const obstacle = obstacles.get(addressOf(unit))
      if (obstacle === undefined) return true
      const { code, text, hint } = obstacleWords(obstacle)
      this.#leave(unit, 'collision', text, hint)
      this.#error(code, unit, text, hint)
      // Twins meet each other's obstacle: one record for all of them.
      const group = obstacle.kind === 'case' ? addressOf(unit).toLowerCase() : addressOf(unit)
      const ids = [unit.id, ...obstacle.others]
      if (!recorded.has(group)) {
        const involved = units.filter(({ kind, id }) => kind === unit.kind && ids.includes(id))
        this.#record(obstacle.kind, involved, undefined, ids)
      }
      recorded.add(group)
      return false
    })
  }

  #leave({ members }: Unit, reason: LeftOutReason, text: string, hint?: string): void {
    for (const { found } of members) {
      this.#leftOut.push({ kind: found.kind, id: found.id, where: found.origin.where, reason, text, hint })
    }
  }

  #record(
    kind: Collision['kind'],
    group: readonly Unit[],
    decided: Collision['decided'],
    ids: readonly string[] = [...new Set(group.map(({ id }) => id))],
  ): void {
    const object: EntryKind = group[0]?.kind ?? 'variable'
    this.#collisions.push({ kind, object, ids, where: placesOf(group), decided })
  }

  #error(code: CollisionCode, unit: Unit, text: string, hint: string): void {
    const [where = ''] = placesOf([unit])
    this.#findings.push({ severity: 'error', code, where, id: unit.field ?? unit.id, text, hint })
  }
}

function obstacleWords({ kind, others }: Obstacle): {
  readonly code: CollisionCode
  readonly text: string
  readonly hint: string
} {
  if (kind === 'case') {
    return {
      code: 'import-case-twins',
      text: `differs only in case from ${others.join(', ')}: one environment variable and, in MySQL, one row for all`,
      hint: 'rename all but one, or leave them out with --except',
    }
  }
  return {
    code: 'import-path-below',
    text: `one of it and ${others.join(', ')} would lie below the other, and Airflow takes the upper one for a team`,
    hint: 'use _ instead of / in the key',
  }
}

const ORDER: Readonly<Record<EntryKind, number>> = { connection: 0, variable: 1, secret: 2 }

function inOrder(units: readonly Unit[]): Unit[] {
  return [...units].sort((a, b) => ORDER[a.kind] - ORDER[b.kind])
}

const KINDS = ['connection', 'variable', 'secret', 'name'] as const
const ENV_FORM = /^AIRFLOW_(?:CONN|VAR)_/

/** A finding names an object of a kind that is not known, or the environment variable that it stands in. */
function isAbout({ id }: Finding, options: SelectOptions): boolean {
  if (id === undefined) return true
  const ids = [id, ...(ENV_FORM.test(id) ? [id.replace(ENV_FORM, '').toLowerCase()] : [])]
  return ids.some((one) => KINDS.some((kind) => isAsked(one, kind, options)))
}
