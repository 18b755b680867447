/**
 * Clients that other people wrote, from their registries, against a Vault: the embedded server, or any other by
 * PLENUM_TEST_VAULT_ADDR and PLENUM_TEST_VAULT_TOKEN. Each client's program performs the cases and reports them; here each
 * becomes a test.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../airflow/airflow.case.ts'
import { openTarget, type Target } from '../integration/target.case.ts'
import { CLIENT_NAMES, EVERY_CLIENT, OVER_TLS, OWN } from './cases.case.ts'
import { PREPARE, type Prepared } from './programs.case.ts'
import { type SecureServer, startSecureServer } from './tls.case.ts'

/** A line of a program's output. */
interface Report {
  readonly name: string
  readonly ok: boolean
  /** What went wrong. */
  readonly detail: string
}

let target: Target
let secure: SecureServer | undefined
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-interop-'))
  target = await openTarget({ auditFolder: folder })
  if (target.embedded) secure = await startSecureServer(folder)
})
afterAll(async () => {
  await secure?.close()
  await target.close()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(CLIENT_NAMES)('%s', (client) => {
  let prepared: Prepared
  let reports: ReadonlyMap<string, Report> = new Map()
  beforeAll(async () => {
    prepared = await PREPARE[client]()
    if (prepared.kind === 'ready') reports = await perform(prepared)
    else process.stderr.write(`skip  interop ${client}: ${prepared.reason}\n`)
  })

  const expected = [...EVERY_CLIENT, ...OVER_TLS, ...OWN[client]]
  it.for(expected)('%s', (name, context) => {
    if (prepared.kind === 'unavailable') return context.skip(prepared.reason)
    if (OVER_TLS.includes(name) && !target.embedded) return context.skip('not a server of ours')
    const report = reports.get(name)
    expect(report, 'the program says nothing of this case').toBeDefined()
    expect(report?.ok, report?.detail).toBe(true)
  })

  it('reports no other case', (context) => {
    if (prepared.kind === 'unavailable') return context.skip(prepared.reason)
    expect([...reports.keys()].filter((name) => !expected.includes(name))).toEqual([])
  })
})

/** Runs a program to its end. Everything that it must know comes by standard input: there are tokens in it. */
async function perform({ command, args }: Extract<Prepared, { kind: 'ready' }>): Promise<ReadonlyMap<string, Report>> {
  const settings = {
    address: target.address,
    token: target.token,
    run: target.unique('interop'),
    auditFolder: folder,
    embedded: target.embedded,
    ...(secure === undefined
      ? {}
      : { tls: { address: secure.address, token: secure.token, authority: secure.authority } }),
  }
  const { status, out, errors } = await run(command, args, {
    cwd: folder,
    env: { HOME: folder, PYTHONDONTWRITEBYTECODE: '1' },
    input: JSON.stringify(settings),
    timeoutMs: 60_000,
  })
  expect(status, `${out.slice(-500)}\n${errors.slice(-3000)}`).toBe(0)
  const lines = out.split('\n').filter((line) => line.startsWith('{'))
  const reports = lines.map((line) => JSON.parse(line) as Report)
  expect(new Set(reports.map(({ name }) => name)).size, 'a case is reported twice').toBe(reports.length)
  return new Map(reports.map((report) => [report.name, report]))
}
