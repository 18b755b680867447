/**
 * Airflow's own command functions as a way into its database: `connections add|import|delete` and `variables set|delete`,
 * in a process that stays. A connection is edited by an import over it: there is no other command for that.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Json } from '../../src/sensitive/index.ts'
import { type AirflowLine, environmentOf, pythonOf } from './airflow.case.ts'
import { startChild } from './child.case.ts'
import type { Editor, EnteredConnection, EnteredVariable } from './entered.case.ts'

/** One command at a time. */
export async function startCommands(line: AirflowLine, home: string): Promise<Editor> {
  const child = startChild(pythonOf(line), [join(import.meta.dirname, 'run_commands.py')], {
    cwd: home,
    reads: true,
    env: environmentOf(home),
  })
  const lines = createInterface({ input: child.process.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Json> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`the commands of Airflow ${line} ended: ${child.said().slice(-2000)}`)
    return JSON.parse(value) as Json
  }
  const command = async (...words: readonly string[]): Promise<void> => {
    child.process.stdin.write(`${JSON.stringify(words)}\n`)
    const { failed } = (await next()) as { readonly failed: string | null }
    if (failed !== null) throw new Error(`airflow ${words.slice(0, 3).join(' ')}: ${failed}`)
  }
  const setVariable = ({ id, value, description }: EnteredVariable): Promise<void> =>
    command('variables', 'set', id, value, ...(description === null ? [] : ['--description', description]))
  const importOver = async (entered: EnteredConnection): Promise<void> => {
    const file = join(home, 'edited.json')
    writeFileSync(file, JSON.stringify({ [entered.id]: fieldsOf(entered) }), { mode: 0o600 })
    await command('connections', 'import', file, '--overwrite')
  }
  await next()
  return {
    create: (entered) =>
      entered.kind === 'variable'
        ? setVariable(entered)
        : command('connections', 'add', entered.id, '--conn-json', JSON.stringify(fieldsOf(entered))),
    edit: (entered) => (entered.kind === 'variable' ? setVariable(entered) : importOver(entered)),
    remove: ({ kind, id }) => command(kind === 'variable' ? 'variables' : 'connections', 'delete', id),
    async stop() {
      await child.stop()
    },
  }
}

function fieldsOf({ connType, extra, kind: _kind, id: _id, ...fields }: EnteredConnection): Json {
  return { conn_type: connType, ...fields, extra: extra?.text ?? null }
}
