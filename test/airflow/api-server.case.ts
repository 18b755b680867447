/**
 * The REST API of a real Airflow on a database that has its tables: `airflow api-server` of 3.3 and `airflow webserver`
 * of 2.11, on loopback, on a free port, with one worker and everybody an administrator. What it writes is what the
 * forms of the user interface write: they have no other way.
 *
 * It leads a process group of its own, which ends with `stop()` and with the test's process (child.case.ts).
 */
import { writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { Json } from '../../src/sensitive/index.ts'
import { type AirflowLine, environmentOf, pythonOf } from './airflow.case.ts'
import { freePort, startChild, until } from './child.case.ts'
import type { Editor, Entered } from './entered.case.ts'

interface Program {
  readonly arguments: (port: number) => readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where the API lies. */
  readonly api: string
  readonly prepare: (home: string) => void
  /** The headers that a request needs. */
  readonly logIn: (address: string) => Promise<Readonly<Record<string, string>>>
}

const PROGRAMS: Readonly<Record<AirflowLine, Program>> = {
  '3.3': {
    arguments: (port) => ['api-server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
    env: { AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True' },
    api: '/api/v2',
    prepare: () => undefined,
    async logIn(address) {
      const { access_token: token } = (await answerOf(await fetch(`${address}/auth/token`))) as Record<string, Json>
      return { authorization: `Bearer ${String(token)}` }
    },
  },
  '2.11': {
    arguments: (port) => ['webserver', '--hostname', '127.0.0.1', '--port', String(port), '--workers', '1'],
    env: {},
    api: '/api/v1',
    prepare: (home) => writeFileSync(join(home, 'webserver_config.py'), 'AUTH_ROLE_PUBLIC = "Admin"\n'),
    logIn: () => Promise.resolve({}),
  },
}

const PATIENCE_MS = 90_000
const COLLECTIONS: Readonly<Record<Entered['kind'], string>> = { connection: 'connections', variable: 'variables' }

export async function startApiServer(line: AirflowLine, home: string): Promise<Editor> {
  const program = PROGRAMS[line]
  const [port, python] = [await freePort(), pythonOf(line)]
  program.prepare(home)
  const child = startChild(python, ['-m', 'airflow', ...program.arguments(port)], {
    cwd: home,
    env: {
      ...environmentOf(home),
      ...program.env,
      // The webserver looks for gunicorn there.
      PATH: [dirname(python), process.env['PATH'] ?? ''].join(delimiter),
    },
  })
  const address = `http://127.0.0.1:${port}`
  const answers = async (): Promise<true | undefined> => {
    if (child.process.exitCode !== null) throw new Error('it ended')
    try {
      return (await fetch(`${address}${program.api}/version`)).ok ? true : undefined
    } catch {
      // Not listening yet.
      return undefined
    }
  }
  let headers: Readonly<Record<string, string>>
  try {
    if ((await until(answers, { everyMs: 100, timeoutMs: PATIENCE_MS })) === undefined) throw new Error('no answer')
    headers = await program.logIn(address)
  } catch (cause) {
    await child.stop()
    throw new Error(`the API of Airflow ${line} does not come up:\n${child.said().slice(-4000)}`, { cause })
  }
  const request = async (method: string, path: string, body?: Json): Promise<void> => {
    const answer = await fetch(`${address}${program.api}/${path}`, {
      method,
      ...(body === undefined
        ? { headers }
        : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    await answerOf(answer)
  }
  return {
    create: (entered) => request('POST', COLLECTIONS[entered.kind], bodyOf(entered)),
    edit: (entered) => request('PATCH', pathOf(entered), bodyOf(entered)),
    remove: (entered) => request('DELETE', pathOf(entered)),
    async stop() {
      await child.stop()
    },
  }
}

const pathOf = ({ kind, id }: Pick<Entered, 'kind' | 'id'>): string => `${COLLECTIONS[kind]}/${encodeURIComponent(id)}`

function bodyOf(entered: Entered): Json {
  if (entered.kind === 'variable') {
    const body = { key: entered.id, value: entered.value }
    // 2.11 takes no null for it.
    return entered.description === null ? body : { ...body, description: entered.description }
  }
  const { id, connType, description, host, login, password, schema, port, extra } = entered
  return {
    connection_id: id,
    conn_type: connType,
    description,
    host,
    login,
    password,
    schema,
    port,
    extra: extra?.text ?? null,
  }
}

async function answerOf(answer: Response): Promise<unknown> {
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Airflow answers ${answer.status} to ${answer.url}: ${text.slice(0, 1000)}`)
  return text === '' ? undefined : JSON.parse(text)
}
