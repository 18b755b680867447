/** What an import came to, as plain data and in words: of each object whether it is in Vault, declared and proved. Pure. */
import type { ImportedEntry } from '../../importers/index.ts'
import type { Paint } from '../../plan/index.ts'
import type { ArrivalFinding, ArrivalOutcome } from '../../verify/index.ts'
import type { Application } from '../application.ts'
import { type AddressProblem, problemLines } from '../apply-words.ts'
import type { LeftAlone } from '../up-report.ts'

export interface ImportOutcome {
  readonly application: Application
  /** What the plan left alone: drifted, blocked. */
  readonly leftAlone: readonly LeftAlone[]
  /** Of what is in Vault now. */
  readonly proof: readonly ArrivalFinding[]
}

/** What is in Vault as the source has it, after the application: what was not refused, left alone or interrupted. */
export function arrivedEntries(
  entries: readonly ImportedEntry[],
  { application, leftAlone, planned }: { readonly planned: readonly string[] } & Omit<ImportOutcome, 'proof'>,
): ImportedEntry[] {
  const done = new Set(application.done.map(({ address }) => address))
  const waiting = new Set(planned.filter((address) => !done.has(address)))
  const alone = new Set(leftAlone.map(({ address }) => address))
  return entries.filter(({ kind, id }) => !waiting.has(`${kind}:${id}`) && !alone.has(`${kind}:${id}`))
}

export function isProved(proof: readonly ArrivalFinding[]): boolean {
  return proof.every(({ outcome }) => outcome.kind === 'equal')
}

/** `1012 of 1012 objects arrive as their readers read them, field by field`. */
export function proofSummary(proof: readonly ArrivalFinding[]): string {
  const equal = proof.filter(({ outcome }) => outcome.kind === 'equal').length
  return `${equal} of ${proof.length} ${proof.length === 1 ? 'object arrives' : 'objects arrive'} as the source has ${proof.length === 1 ? 'it' : 'them'}, field by field`
}

export function proofLines(proof: readonly ArrivalFinding[], paint: Paint): string[] {
  const problems = proof.flatMap(({ kind, id, outcome }): AddressProblem[] => {
    const words = WORDS[outcome.kind] as (outcome: ArrivalOutcome) => Words | undefined
    const said = words(outcome)
    return said === undefined ? [] : [{ address: `${kind}:${id}`, ...said }]
  })
  return problemLines(problems, paint.bad('x'), paint)
}

interface Words {
  readonly text: string
  readonly hint: string | undefined
}

const WORDS: {
  readonly [Kind in ArrivalOutcome['kind']]: (outcome: Extract<ArrivalOutcome, { kind: Kind }>) => Words | undefined
} = {
  equal: () => undefined,
  different: ({ fields }) => ({
    text: `differs from the source: ${fields.join(', ')}`,
    hint: 'one of the two was changed since; import again to take what the source has (--overwrite where Vault is newer)',
  }),
  unreadable: ({ reason }) => ({ text: `Airflow could not read it: ${reason}`, hint: 'mend it in the source first' }),
  missing: ({ deleted }) => ({
    text: deleted ? 'its newest version in Vault is deleted' : 'is not in Vault',
    hint: 'import it again',
  }),
  denied: () => ({ text: 'its reader may not read it', hint: '`plenum plan` shows what policy and role should say' }),
  lost: ({ reason }) => ({ text: `Airflow would lose it: ${reason}`, hint: undefined }),
  failed: ({ text }) => ({ text, hint: undefined }),
}
