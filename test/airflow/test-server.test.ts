/** What `plenum/testing` puts into a process of Airflow: real Airflow reads a hub with placeholders, and what a test gave. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../../src/testing/index.ts'
import { AIRFLOW_LINES, environmentOf, pythonOf, run } from './airflow.case.ts'

const home = mkdtempSync(join(tmpdir(), 'plenum-test-server-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const PROGRAM = `
import json
from airflow.configuration import ensure_secrets_loaded
backend = ensure_secrets_loaded()[0]
broker = backend.get_connection("project_trading_broker")
print("ANSWER" + json.dumps([
    type(backend).__name__, broker.host, broker.password, backend.get_connection("project_trading_orders").host,
    backend.get_variable("project_trading_symbols"), backend.get_variable("project_trading_unknown"),
    backend.get_config("planned"),
]))
`

describe.each(AIRFLOW_LINES)('Airflow %s', (line) => {
  it('reads a test server by the environment that it gives', async () => {
    await using server = await startTestServer({
      hub: join(import.meta.dirname, '../../examples/hub'),
      secrets: {
        connections: { project_trading_orders: 'postgres://u:p@127.0.0.1/x' },
        configs: { planned: 'a value' },
      },
    })
    const env = { ...environmentOf(home), ...(await server.env('airflow')) }
    const { status, out, errors } = await run(pythonOf(line), ['-c', PROGRAM], { cwd: home, env })
    expect({ status, errors: status === 0 ? '' : errors.slice(-2000) }).toEqual({ status: 0, errors: '' })
    expect(JSON.parse(/^ANSWER(.*)$/m.exec(out)?.[1] ?? '')).toEqual([
      'VaultBackend',
      'https://broker.example.com',
      'placeholder-BROKER_PASSWORD',
      '127.0.0.1',
      'AAPL,MSFT,NVDA',
      null,
      'a value',
    ])
    const readers = server.auditEntries({ path: 'secret/data/*', type: 'response' })
    expect(new Set(readers.map(({ auth }) => auth?.metadata?.['role_name']))).toEqual(
      new Set(['plenum-example-hub-airflow']),
    )
  })
})
