/**
 * Clients that others wrote, from the registries, against the embedded server or, with PLENUM_TEST_VAULT_ADDR and
 * PLENUM_TEST_VAULT_TOKEN, any Vault or OpenBao (whose audit files must be makeable over the API). Each program prints a
 * JSON line for each case; a case that is expected and not reported fails. What is not here (Python, Go, the module proxy)
 * skips its cases, with the reason in their names.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/server/index.ts'
import { certify, type TestCertificate } from '../integration/certificate.case.ts'
import { openTarget, type Target } from '../integration/target.case.ts'
import { CASES, CLIENTS, type Found } from './clients.case.ts'

interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

const folder = mkdtempSync(join(tmpdir(), 'plenum-interop-'))
let target: Target
let secure: EmbeddedServer
let tls: TestCertificate

beforeAll(async () => {
  target = await openTarget({ auditFolder: folder })
  tls = certify(folder, 'tls')
  secure = await startServer({
    storage: { kind: 'memory' },
    listeners: [{ kind: 'tcp', host: '127.0.0.1', port: 0, tls }],
  })
  for (const share of (await secure.core.initialize({ shares: 1, threshold: 1 })).keys)
    await secure.core.unsealWithKey(share)
})
afterAll(async () => {
  await Promise.all([target.close(), secure.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** What the program said, case by case, and how it ended. */
function play({ command, args }: Extract<Found, { kind: 'here' }>): Promise<{ outcomes: Outcome[]; ended: string }> {
  const { PATH, HOME } = process.env
  const env = {
    PATH,
    HOME,
    INTEROP_ADDRESS: target.address,
    INTEROP_TOKEN: target.token,
    INTEROP_RUN: target.unique('run').slice('run-'.length),
    INTEROP_AUDIT_FOLDER: folder,
    INTEROP_TLS_ADDRESS: secure.address,
    INTEROP_CA: tls.certificateFile,
    // A KV version 2 mount of another server is upgraded in the background: it refuses writes for a moment.
    INTEROP_SETTLE: target.embedded ? '0' : '1',
  }
  return new Promise((resolve) => {
    execFile(command, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
      const ended = error === null ? '' : `ended badly: ${stderr.trim().slice(0, 600)}`
      resolve({ outcomes: lines.map((line) => JSON.parse(line) as Outcome), ended })
    })
  })
}

// One after the other: the second Go program finds the standard library compiled by the first.
const clients: { readonly title: string; readonly here: Found; readonly names: readonly string[] }[] = []
for (const { name, more, find } of CLIENTS) {
  const here = await find()
  const why = here.kind === 'missing' ? ` (skipped: ${here.why})` : ''
  if (here.kind === 'missing') process.stderr.write(`skipped: ${name}: ${here.why}\n`)
  clients.push({ title: `${name}${why}`, here, names: [...CASES, ...more] })
}

describe.each(clients)('$title', ({ here, names }) => {
  let said: Awaited<ReturnType<typeof play>> = { outcomes: [], ended: '' }
  beforeAll(async () => {
    if (here.kind === 'here') said = await play(here)
  })

  it.skipIf(here.kind === 'missing').each(names)('%s', (name) => {
    const outcome = said.outcomes.find((one) => one.name === name)
    expect(outcome ?? `not reported; the program ${said.ended}`).toMatchObject({ ok: true, detail: '' })
  })

  it.skipIf(here.kind === 'missing')('reports what is expected, and ends well', () => {
    expect(said.outcomes.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(said.ended).toBe('')
  })
})
