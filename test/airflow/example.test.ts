/**
 * The whole way: `plenum up` on the example hub, then real Airflow with the settings it wrote and nothing else. Every
 * connection and variable is read by Airflow's own commands, every DAG runs to success, and the audit log shows the
 * Airflow role reading exactly those paths and no value in clear.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AIRFLOW_LINES, type AirflowLine, pythonOf, type Ran, run } from './airflow.case.ts'

const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'plenum-example-'))
const hub = join(work, 'hub')
const main = join(root, 'dist/cli/main.js')
const home = { HOME: join(work, 'home'), XDG_CONFIG_HOME: join(work, 'home/.config') }
const auditLog = join(hub, '.plenum/audit.log')

const CONNECTIONS = [
  'project_analytics_warehouse',
  'project_market_archive',
  'project_market_feed',
  'project_trading_broker',
  'project_trading_orders',
]
const VARIABLES = [
  'project_analytics_report_day',
  'project_analytics_thresholds',
  'project_market_feed_token',
  'project_market_watchlist',
  'project_trading_signing_key',
  'project_trading_symbols',
]
const DAGS = ['trading_orders', 'analytics_report', 'market_watch']

const plenum = (...args: string[]): Promise<Ran> => run(process.execPath, [main, ...args, '--hub', hub], { env: home })

beforeAll(async () => {
  cpSync(join(root, 'examples/hub'), hub, {
    recursive: true,
    filter: (source) => !source.includes('.plenum') && !source.endsWith('.env'),
  })
  mkdirSync(home.XDG_CONFIG_HOME, { recursive: true })
  const up = await plenum('up', '--detach', '--port', '0')
  expect(up.status, up.errors).toBe(0)
})
afterAll(async () => {
  const down = await plenum('down')
  rmSync(work, { recursive: true, force: true })
  expect(down.status, down.errors).toBe(0)
})

/** Airflow's own command line, in a shell that sourced what `plenum up` wrote. */
function airflow(line: AirflowLine, args: readonly string[], code?: string): Promise<Ran> {
  const program = code === undefined ? ['-m', 'airflow', ...args] : ['-c', code, ...args]
  return run(
    'bash',
    ['-c', 'set -a; . "$0"; set +a; exec "$@"', join(hub, '.plenum/airflow.env'), pythonOf(line), ...program],
    {
      cwd: work,
      env: {
        HOME: home.HOME,
        AIRFLOW_HOME: join(work, `airflow-${line}`),
        AIRFLOW__CORE__DAGS_FOLDER: join(hub, 'dags'),
        AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
      },
    },
  )
}

/** Calls the same command functions as `airflow …`, many in one process: starting Airflow takes seconds each time. */
const MANY = `
import contextlib, io, json, sys
from airflow.cli import cli_parser
results = {}
for command in json.loads(sys.argv[1]):
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            args = cli_parser.get_parser().parse_args(command)
            args.func(args)
        results[" ".join(command)] = out.getvalue()
    except BaseException as error:
        results[" ".join(command)] = f"FAILED {type(error).__name__}"
print("RESULTS" + json.dumps(results))
`

async function many(line: AirflowLine, commands: readonly (readonly string[])[]): Promise<Map<string, string>> {
  const ran = await airflow(line, [JSON.stringify(commands)], MANY)
  const found = /RESULTS(\{.*\})/.exec(ran.out)?.[1]
  if (found === undefined) throw new Error(`Airflow ${line} ended with ${ran.status}: ${ran.errors.slice(-2000)}`)
  return new Map(Object.entries(JSON.parse(found) as Record<string, string>))
}

interface AuditEntry {
  readonly type: string
  readonly auth?: { readonly metadata?: { readonly role_name?: string } }
  readonly request: { readonly path: string; readonly operation: string }
}

const auditEntries = (): AuditEntry[] =>
  readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEntry)

const readBy = (role: string): Set<string> =>
  new Set(
    auditEntries()
      .filter(
        ({ type, auth, request }) =>
          type === 'response' && auth?.metadata?.role_name === role && request.operation === 'read',
      )
      .map(({ request }) => request.path),
  )

const declaredPaths = [
  ...CONNECTIONS.map((id) => `secret/data/airflow/connections/${id}`),
  ...VARIABLES.map((key) => `secret/data/airflow/variables/${key}`),
]

describe.each(AIRFLOW_LINES)('Airflow %s with the settings of plenum up', (line) => {
  let readBefore: Set<string>

  beforeAll(async () => {
    const migrated = await airflow(line, ['db', 'migrate'])
    expect(migrated.status, migrated.errors.slice(-2000)).toBe(0)
    readBefore = readBy('plenum-example-hub-airflow')
  })

  it('finds every connection and variable of the example', async () => {
    const results = await many(line, [
      ...CONNECTIONS.map((id) => ['connections', 'get', id, '-o', 'json']),
      ...VARIABLES.map((key) => ['variables', 'get', key]),
    ])
    expect(results.size).toBe(CONNECTIONS.length + VARIABLES.length)
    expect([...results.entries()].filter(([, out]) => out.startsWith('FAILED'))).toEqual([])
    const [broker] = JSON.parse(results.get('connections get project_trading_broker -o json') ?? '[]') as Record<
      string,
      unknown
    >[]
    expect(broker).toMatchObject({
      conn_type: 'http',
      host: 'https://broker.example.com',
      login: 'DU0000000',
      password: 'not-a-real-broker-password',
    })
    expect(results.get('variables get project_market_feed_token')?.trim()).toBe('not-a-real-feed-token')
    expect(JSON.parse(results.get('variables get project_analytics_thresholds') ?? '')).toEqual({
      warn: 0.8,
      fail: 0.95,
    })
  })

  it('answers through the airflow command itself', async () => {
    const one = await airflow(line, ['connections', 'get', 'project_analytics_warehouse', '-o', 'json'])
    expect(one.status, one.errors.slice(-2000)).toBe(0)
    expect(one.out).toContain('not-a-real-warehouse-password')
    const missing = await airflow(line, ['variables', 'get', 'nobody_declared_this'])
    expect(missing.status).not.toBe(0)
  })

  it.each(DAGS)('runs the DAG %s to success', async (dag) => {
    const ran = await airflow(line, ['dags', 'test', dag])
    expect(ran.status, `${ran.out}\n${ran.errors}`.slice(-4000)).toBe(0)
    expect(ran.out + ran.errors).toMatch(/state=success|DagRun Finished|Marking run .* success/i)
    expect(ran.out + ran.errors).not.toMatch(/Marking run .* failed/i)
  })

  it('left a trail in the audit log: exactly the declared paths, and the one that is missing', () => {
    const read = readBy('plenum-example-hub-airflow')
    const asked = [...read].filter((path) => path.startsWith('secret/'))
    for (const path of declaredPaths) expect(asked).toContain(path)
    const others = asked.filter((path) => !declaredPaths.includes(path) && !readBefore.has(path))
    expect(others.filter((path) => path !== 'secret/data/airflow/variables/nobody_declared_this')).toEqual([])
  })
})

describe('the audit log', () => {
  it('holds no value in clear', () => {
    const log = readFileSync(auditLog, 'utf8')
    const values = readFileSync(join(hub, '.env.example'), 'utf8')
      .split('\n')
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => line.slice(line.indexOf('=') + 1))
    expect(values.length).toBeGreaterThan(5)
    for (const value of [...values, 'AAPL,MSFT,NVDA']) expect(log.includes(value)).toBe(false)
  })

  it('shows each project reading its own secrets and nothing of Airflow', () => {
    for (const [project, name] of [
      ['trading', 'exchange'],
      ['analytics', 'dashboards'],
      ['market-analysis', 'models'],
    ]) {
      expect([...readBy(`plenum-example-hub-project-${project}`)]).toContain(`secret/data/projects/${project}/${name}`)
    }
  })
})
