/** What is worth saying: each change once, and each trouble when it begins or becomes another one. */
import type { Finding } from '../importers/found.ts'
import { isChange, type Outcome } from './outcome.ts'

export class News {
  readonly #standing = new Map<string, string>()
  #findings: ReadonlySet<string> = new Set()

  isNews(address: string, outcome: Outcome): boolean {
    if (isChange(outcome)) {
      this.#standing.delete(address)
      return true
    }
    const isQuiet = outcome.kind === 'in-step' || outcome.kind === 'nothing' || outcome.kind === 'raced'
    if (isQuiet) {
      this.#standing.delete(address)
      return false
    }
    const text = JSON.stringify(outcome)
    if (this.#standing.get(address) === text) return false
    this.#standing.set(address, text)
    return true
  }

  /** Those that were not there the last time. */
  newFindings(findings: readonly Finding[]): readonly Finding[] {
    const before = this.#findings
    this.#findings = new Set(findings.map(nameOf))
    return findings.filter((finding) => !before.has(nameOf(finding)))
  }
}

function nameOf({ code, where, id, text }: Finding): string {
  return JSON.stringify([code, where, id, text])
}
