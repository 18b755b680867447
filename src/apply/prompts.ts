/**
 * Questions before the first write, one after another: whoever calls it off has changed nothing, and no question comes
 * up between the lines of a progress bar.
 *
 * Which values are needed stands in the plan: all of a new entry's, and those that an update adds.
 */
import type { ResolvedEntry } from '../hub/index.ts'
import type { Address, Change } from '../plan/index.ts'
import type { Sensitive } from '../sensitive/index.ts'
import { ApplyError } from './errors.ts'

export type Prompt = (question: string) => Promise<Sensitive<string>>

/** What was said for one entry, or why nothing was. */
export type Answers =
  | { readonly kind: 'answers'; readonly byField: ReadonlyMap<string, Sensitive<string>> }
  | { readonly kind: 'failed'; readonly error: unknown }

const NO_QUESTIONS: Answers = { kind: 'answers', byField: new Map() }

export class AnswerBook {
  readonly #answers: ReadonlyMap<Address, Answers>

  constructor(answers: ReadonlyMap<Address, Answers>) {
    this.#answers = answers
  }

  of(address: Address): Answers {
    return this.#answers.get(address) ?? NO_QUESTIONS
  }
}

export async function askForAnswers(
  changes: readonly Change[],
  resolved: ReadonlyMap<Address, ResolvedEntry>,
  prompt: Prompt | undefined,
  signal: AbortSignal | undefined,
): Promise<AnswerBook> {
  const answers = new Map<Address, Answers>()
  for (const change of changes) {
    const questions = questionsOf(change, resolved.get(change.address))
    if (questions.length === 0 || signal?.aborted === true) continue
    answers.set(change.address, await ask(questions, prompt))
  }
  return new AnswerBook(answers)
}

interface Question {
  readonly field: string
  readonly text: string
}

function questionsOf(change: Change, resolved: ResolvedEntry | undefined): Question[] {
  if (resolved === undefined || (change.action !== 'create' && change.action !== 'update')) return []
  const added = new Set(change.fields.filter((one) => one.change === 'added').map(({ field }) => field))
  return [...resolved.fields].flatMap(([field, how]): Question[] => {
    if (how.kind !== 'keep' || how.make.kind !== 'prompt') return []
    return change.action === 'create' || added.has(field) ? [{ field, text: how.make.question }] : []
  })
}

async function ask(questions: readonly Question[], prompt: Prompt | undefined): Promise<Answers> {
  const byField = new Map<string, Sensitive<string>>()
  try {
    for (const { field, text } of questions) {
      if (prompt === undefined) {
        throw new ApplyError(
          'apply-no-prompt',
          `${field} has to be asked for, and nobody can be asked: run it on a terminal`,
        )
      }
      const answer = await prompt(text)
      if (answer.reveal() === '')
        throw new ApplyError('apply-empty-answer', `the answer for ${field} is empty: it needs a value`)
      byField.set(field, answer)
    }
    return { kind: 'answers', byField }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
