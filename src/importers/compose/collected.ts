/**
 * Settings of services, images and dev containers -> objects. What several users take from one place is one object.
 *
 * Invariants: an object for each place and value, whoever takes it; of a name with several values none is lost, and a
 * finding says who has which; a value that is not known in full is not taken.
 */
import { environmentObject } from '../environment-object.ts'
import type { Finding, Found, Note, Origin } from '../found.ts'
import { SET_IT } from './scope.ts'
import { type Setting, whereIs } from './setting.ts'

const AIRFLOW_SETTING = /^AIRFLOW__[^_].*?__/

interface Values {
  readonly id: string
  readonly where: string
  /** By the value's text, in memory alone. */
  readonly users: Map<string, Set<string>>
}

export class Collected {
  readonly found: Found[] = []
  readonly findings: Finding[] = []
  readonly #known = new Set<string>()
  readonly #settings = new Set<string>()
  readonly #values = new Map<string, Values>()

  /** `user`: who has it in its environment, for people. */
  add(user: string, setting: Setting): void {
    const { name, written, spot } = setting
    const { file, line, lastLine } = spot
    const origin: Origin = {
      source: 'compose',
      where: whereIs(spot),
      place: { kind: 'lines', file: file.path, line, lastLine, name },
    }
    if (AIRFLOW_SETTING.test(name)) this.#settings.add(name)
    const problem = problemOf(setting)
    if (problem !== undefined) {
      if (!AIRFLOW_SETTING.test(name)) this.report({ ...problem, where: origin.where, id: name })
      return
    }
    if (written.kind === 'refused' || written.value === undefined) return
    const object = environmentObject(name, written.value, origin, notesOf(setting))
    if (object.kind === 'found') this.take(user, object.found)
    else if (object.finding !== undefined) this.report(object.finding)
  }

  take(user: string, found: Found): void {
    const { kind, id, data, origin } = found
    const value = JSON.stringify(data.reveal())
    const values = this.#values.get(`${kind}:${id}`) ?? {
      id,
      where: origin.where,
      users: new Map<string, Set<string>>(),
    }
    values.users.set(value, (values.users.get(value) ?? new Set()).add(user))
    this.#values.set(`${kind}:${id}`, values)
    if (this.#isNew(`${origin.where}\n${JSON.stringify(origin.place)}\n${kind}:${id}\n${value}`)) this.found.push(found)
  }

  /** The same from several services is said once. */
  report(finding: Finding): void {
    if (this.#isNew(JSON.stringify(finding))) this.findings.push(finding)
  }

  reportDifferences(): void {
    for (const { id, where, users } of this.#values.values()) {
      if (users.size < 2) continue
      const groups = [...users.values()].map((names) => [...names].join(', '))
      const text = `it has one value in ${groups.join(', another in ')}`
      const hint = 'give each value a name of its own, or all of them one value'
      this.report({ severity: 'warning', code: 'import-compose-differs', where, id, text, hint })
    }
  }

  get facts(): readonly string[] {
    const { size } = this.#settings
    return size === 0 ? [] : [`${size} settings of Airflow itself, left out`]
  }

  #isNew(key: string): boolean {
    if (this.#known.has(key)) return false
    this.#known.add(key)
    return true
  }
}

/** Why it is not taken. */
function problemOf({ name, written }: Setting): Omit<Finding, 'where' | 'id'> | undefined {
  if (written.kind === 'refused') {
    const { code, text, hint } = written
    return { severity: 'error', code, text, hint }
  }
  const code = 'import-compose-variable'
  if (written.kind === 'bare') {
    const text = `it is handed on from the environment, which has no ${name}`
    return written.value === undefined ? { severity: 'warning', code, text, hint: SET_IT } : undefined
  }
  if (written.missing.length === 0) return undefined
  const text = `it takes ${written.missing.join(', ')}, set nowhere; the value is not taken`
  // Nothing but the variable stands there: nothing is lost.
  const severity = written.value.reveal() === '' ? 'warning' : 'error'
  return { severity, code, text, hint: SET_IT }
}

function notesOf({ name, written, hides, whereOf }: Setting): Note[] {
  const notes: Note[] = []
  if (written.kind === 'text' && written.note !== undefined) notes.push({ kind: 'normalised', text: written.note })
  if (hides.length > 0) {
    const places = [...new Set(hides.map(whereIs))].join(', ')
    notes.push({ kind: 'dialect', text: `${places} sets it too; the last one wins` })
  }
  const used = written.kind === 'bare' ? [name] : written.kind === 'text' ? written.used : []
  for (const variable of used) {
    const where = whereOf(variable)
    const text =
      where === undefined
        ? `it holds what the environment of this command has for ${variable}`
        : `it holds ${variable} of ${where}`
    notes.push({ kind: 'dialect', text })
  }
  return notes
}
