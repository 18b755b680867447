/** Questions to the person at the terminal, on stderr so that stdout stays data. Loaded only when one is asked. */
import { type Sensitive, sensitive } from '../sensitive/index.ts'
import { CommandError } from './failure.ts'

/** False also for Ctrl-C. */
export async function confirmed(question: string): Promise<boolean> {
  const { confirm } = await import('@clack/prompts')
  return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true
}

/** What is typed is not shown. @throws {CommandError} when the person gives up. */
export async function askSecret(question: string): Promise<Sensitive<string>> {
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message: question, output: process.stderr })
  if (isCancel(answer))
    throw new CommandError('interrupted', 'interrupted', { hint: 'run it again: it goes on where it stopped' })
  return sensitive(answer)
}
