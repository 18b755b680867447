/** The examples of docs/clients.md, as they stand there, against the example hub. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { run } from '../airflow/airflow.case.ts'
import { CACHE, PREPARE, type Prepared, shell } from './programs.case.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8')

interface Example {
  /** The mark of its block. */
  readonly language: string
  /** File name, as its language wants it. */
  readonly file: string
  readonly prepare: (program: string) => Promise<Prepared>
  readonly prints: RegExp
}

const FIELDS = /^\[ ?['"]key['"], ['"]passphrase['"] ?\]$/
const EXAMPLES: readonly Example[] = [
  { language: 'python', file: 'example.py', prepare: PREPARE.hvac, prints: FIELDS },
  { language: 'js', file: 'example.mjs', prepare: PREPARE['node-vault'], prints: FIELDS },
  { language: 'go', file: 'example.go', prepare: PREPARE['vault/api'], prints: /^2 fields$/ },
  { language: 'sh', file: 'example.sh', prepare: shell, prints: /^200$/ },
]

let server: TestServer
let folder: string
let home: string
beforeAll(async () => {
  // Below the project: Node looks for node-vault from where the program lies.
  mkdirSync(CACHE, { recursive: true })
  folder = mkdtempSync(join(CACHE, 'examples-'))
  home = mkdtempSync(join(tmpdir(), 'plenum-examples-'))
  server = await startTestServer({ hub: join(import.meta.dirname, '../../examples/hub/plenum.yaml') })
})
afterAll(async () => {
  await server.close()
  for (const made of [folder, home]) rmSync(made, { recursive: true, force: true })
})

describe('docs/clients.md', () => {
  it.for(EXAMPLES)('the example in $language', { timeout: 400_000 }, async (example, context) => {
    const blocks = [...page.matchAll(new RegExp(`^\`\`\`${example.language}\n([^]*?)^\`\`\`$`, 'gm'))]
    expect(blocks).toHaveLength(1)
    const program = join(folder, example.file)
    writeFileSync(program, blocks[0]?.[1] ?? '')
    const prepared = await example.prepare(program)
    if (prepared.kind === 'unavailable') return context.skip(prepared.reason)
    const { roleId, secretId } = await server.credentials('project-trading')
    const ran = await run(prepared.command, prepared.args, {
      cwd: home,
      env: { HOME: home, VAULT_ADDR: server.address, ROLE_ID: roleId, SECRET_ID: secretId.reveal() },
      timeoutMs: 60_000,
    })
    expect(ran.status, ran.errors.slice(-1000)).toBe(0)
    expect(ran.out.trim()).toMatch(example.prints)
  })
})
