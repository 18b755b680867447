/**
 * Planted values on every route that the server has (docs/security-statements.md): as values of the wrong type, and as
 * secrets that are stored and answered. None of it may stand in a refusal, in the audit log or in what the server reports.
 *
 * The routes are the server's own list of them, and the fields are those that its sources read: a new one is driven here
 * without a line of this file.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startServer, type EmbeddedServer } from '../../src/server/index.ts'
import { searchFor } from './canary.case.ts'

const CANARY = 'Qk7PlantedCanary'
const SEED = Number(process.env['PLENUM_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
/** Requests to each route and verb. */
const TRIES = Number(process.env['PLENUM_FUZZ_RUNS'] ?? 150) / 15
const folder = mkdtempSync(join(tmpdir(), 'plenum-canaries-'))
const log = join(folder, 'audit.log')
const bugs: unknown[] = []

let server: EmbeddedServer
let root: string

interface Answer {
  readonly status: number
  readonly text: string
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return server.answer({ method, path: `/v1/${path}`, headers: { 'x-vault-token': root, ...headers }, body: text })
}

beforeEach(async () => {
  rmSync(log, { force: true })
  server = await startServer({
    storage: { kind: 'memory' },
    auditFolders: [folder],
    report: (event) => {
      if (event.kind === 'internal-error') bugs.push(event.error)
    },
    userLockout: false,
    port: 0,
    beforeListen: async (core) => {
      const made = await core.initialize({ shares: 1, threshold: 1 })
      root = made.rootToken
      await core.unsealWithKey(Buffer.from(made.keys[0] ?? []))
    },
  })
  await send('PUT', 'sys/audit/file', { type: 'file', options: { file_path: log } })
})
afterEach(() => server.close())
afterAll(() => rmSync(folder, { recursive: true }))

/** Something behind every path that has a name in it, so that requests get past "there is none". */
async function furnish(): Promise<void> {
  await send('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  await send('POST', 'sys/mounts/plain', { type: 'kv', options: { version: '1' } })
  await send('POST', 'sys/auth/approle', { type: 'approle' })
  await send('POST', 'sys/auth/userpass', { type: 'userpass' })
  await send('POST', 'auth/approle/role/r', {})
  await send('POST', 'auth/userpass/users/r', { password: 'p' })
  await send('POST', 'auth/token/roles/r', {})
  for (const path of ['secret/data/r', 'secret/metadata/r', 'plain/r', 'cubbyhole/r'])
    await send('POST', path, { data: { a: 1 } })
}

interface Fields {
  /** Every name that stands in quotes somewhere: those of fields are among them. */
  readonly all: readonly string[]
  /** Those that no text by itself fits: numbers, durations, objects; and those whose text is a secret. */
  readonly noText: readonly string[]
}

const SECRETS: readonly string[] = ['password', 'token', 'secret_id', 'role_id', 'key', 'otp', 'input', 'data', 'value']

function fieldsInSources(): Fields {
  const text = readdirSync(join(import.meta.dirname, '../../src/server'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test|\.case)\.ts$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
  const names = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '')
  const typed = names(/\b(?:int|bool|duration|signedDuration|number|object|stringMap)Field\(\w+, '(\w+)'/g)
  return { all: [...new Set(names(/'([a-z][a-z0-9_]{1,40})'/g))], noText: [...new Set([...typed, ...SECRETS])] }
}

/** Never a text or a number by itself: those are of the right type somewhere. Not in keys: the log has those in clear, as in Vault. */
const WRONG: readonly unknown[] = [
  [{ a: CANARY }],
  [[CANARY]],
  { a: { b: CANARY } },
  { a: [CANARY] },
  { a: { b: { c: CANARY } } },
  [1, [CANARY]],
  [CANARY, null, { a: CANARY }],
]
const RIGHT: readonly unknown[] = ['1', '60s', 1, true, ['a'], { a: 'b' }, null, '']

interface Verb {
  readonly method: 'POST' | 'PATCH' | 'PUT'
  readonly path: string
}

async function routes(): Promise<Verb[]> {
  const { paths } = JSON.parse((await send('GET', 'sys/internal/specs/openapi')).text) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  // Sealing would end the test; what takes a mount away would make it a test of less.
  const out = /^sys\/(?:seal|step-down|remount)$/
  return Object.entries(paths).flatMap(([template, item]) => {
    const path = template.slice(1).replaceAll(/\{\w+\}/g, 'r')
    if (out.test(path)) return []
    return [
      ...('post' in item ? [{ method: 'POST', path } as const, { method: 'PUT', path } as const] : []),
      ...('patch' in item ? [{ method: 'PATCH', path } as const] : []),
    ]
  })
}

describe('values of the wrong type', () => {
  it(`S10, S34: stand in no refusal, log or report, on no route, and nothing breaks (seed ${SEED})`, async () => {
    const { all: fields, noText } = fieldsInSources()
    const verbs = await routes().then((found) => [...found, { method: 'PUT', path: 'sys/unseal' } as const])
    expect([fields.length > 150, noText.length > 40, verbs.length > 120]).toEqual([true, true, true])
    const bodies = fc.tuple(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...fields), fc.constantFrom(...RIGHT)), {
        maxLength: 60,
        selector: ([name]) => name,
      }),
      fc.uniqueArray(fc.tuple(fc.constantFrom(...fields), fc.constantFrom(...WRONG)), {
        minLength: 1,
        maxLength: fields.length,
        selector: ([name]) => name,
      }),
      fc.subarray([...noText]),
    )
    const search = searchFor([CANARY])
    const found: string[] = []
    let refused = 0
    for (const { method, path } of verbs) {
      await furnish()
      for (const [right, wrong, text] of fc.sample(bodies, { numRuns: TRIES, seed: SEED })) {
        const body = Object.fromEntries([...right, ...wrong, ...text.map((name) => [name, `${CANARY}=1`])])
        const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}
        const answer = await send(method, path, body, headers)
        const { status } = answer
        refused += status === 400 ? 1 : 0
        // What was asked for and done may be answered: a secret, a wrapped text.
        if (status >= 400) found.push(...search(`${method} ${path} ${status}`, answer.text))
        expect([method, path, status < 500 || /does not exist|no migration seal/.test(answer.text)]).toEqual([
          method,
          path,
          true,
        ])
      }
    }
    expect(refused).toBeGreaterThan(verbs.length)
    expect([...found, ...search('the audit log', readFileSync(log))]).toEqual([])
    expect(bugs).toEqual([])
    expect((await send('GET', 'sys/health')).status).toBe(200)
  })

  it('S10: headers are refused without their text', async () => {
    for (const value of [CANARY, `60${CANARY}`, `-5${CANARY}`]) {
      const { status, text } = await send('GET', 'auth/token/lookup-self', undefined, { 'x-vault-wrap-ttl': value })
      expect([status, text.includes(CANARY)]).toEqual([400, false])
    }
  })
})

describe('secrets', () => {
  // Metadata of tokens stands in clear, as in Vault: who did what is what the log is for.
  it('S11, S12: values, tokens and accessors stand in clear nowhere in the audit log, however deep they lie', async () => {
    await furnish()
    const planted: string[] = []
    const plant = (name: string): string => {
      planted.push(`${CANARY}-${name}`)
      return `${CANARY}-${name}`
    }
    const auth = async (method: string, path: string, body: unknown = {}) => {
      const answer = await send(method, path, body)
      const { auth: block, data } = JSON.parse(answer.text) as {
        auth: { client_token: string; accessor: string } | null
        data: Record<string, string> | null
      }
      if (block !== null) planted.push(...[block.client_token, block.accessor].filter((text) => text !== ''))
      for (const name of ['secret_id', 'secret_id_accessor', 'role_id'])
        if (data?.[name] !== undefined) planted.push(data[name])
      return { token: block?.client_token ?? '', accessor: block?.accessor ?? '', data: data ?? {} }
    }
    const made = await auth('POST', 'auth/token/create', { policies: ['root'], ttl: '1h' })
    await auth('POST', 'auth/token/create', { type: 'batch', policies: ['default'] })
    for (const [method, path, body] of [
      // A token inside of a secret, of metadata, of what is wrapped.
      ['POST', 'secret/data/deep', { data: { a: [{ b: [{ token: made.token, accessor: made.accessor }] }] } }],
      ['GET', 'secret/data/deep'],
      ['POST', 'secret/metadata/deep', { custom_metadata: { t: made.token, note: plant('custom') } }],
      ['GET', 'secret/metadata/deep'],
      ['POST', 'plain/deep', { value: plant('plain'), list: [[plant('nested')]] }],
      ['GET', 'plain/deep'],
      ['POST', 'cubbyhole/deep', { value: plant('cubbyhole') }],
      ['GET', 'cubbyhole/deep'],
      ['POST', 'auth/token/lookup', { token: made.token }],
      ['POST', 'auth/token/lookup-accessor', { accessor: made.accessor }],
      ['GET', 'auth/token/accessors?list=true'],
      ['POST', 'auth/token/renew', { token: made.token }],
      ['POST', 'sys/capabilities', { token: made.token, path: 'secret/data/deep' }],
      ['POST', 'sys/capabilities-accessor', { accessor: made.accessor, path: 'secret/data/deep' }],
      ['POST', 'sys/tools/hash', { input: Buffer.from(plant('hash')).toString('base64') }],
      ['POST', 'auth/userpass/users/ann', { password: plant('password') }],
      ['POST', 'auth/userpass/login/ann', { password: plant('guess') }],
      ['GET', `secret/data/deep?token=${made.token}`],
      ['POST', 'auth/token/revoke', { token: 'not-there', note: plant('unknown field') }],
    ] as const) {
      const { status } = await send(method, path, body)
      expect([path, status < 500]).toEqual([path, true])
    }
    await auth('POST', 'auth/userpass/login/ann', { password: `${CANARY}-password` })
    const { data: role } = await auth('GET', 'auth/approle/role/r/role-id', undefined)
    const { data: secret } = await auth('POST', 'auth/approle/role/r/secret-id')
    await auth('POST', 'auth/approle/login', { role_id: role['role_id'], secret_id: secret['secret_id'] })
    for (const [path, body] of [
      ['auth/approle/login', { role_id: role['role_id'], secret_id: plant('secret-id') }],
      ['auth/approle/role/r/secret-id/lookup', { secret_id: secret['secret_id'] }],
      ['auth/approle/role/r/secret-id-accessor/lookup', { secret_id_accessor: secret['secret_id_accessor'] }],
      ['auth/token/revoke-accessor', { accessor: made.accessor }],
    ] as const)
      await send('POST', path, body)
    // A body that is no text, one that is no JSON, and a form.
    for (const body of [`\u0000=${plant('raw')}`, `{"a":"${plant('broken')}"`, `a=${plant('form')}`]) {
      await fetch(`${server.address}/v1/secret/data/raw`, {
        method: 'POST',
        headers: { 'X-Vault-Token': root, 'Content-Type': 'application/x-www-form-urlencoded' },
        body,
      })
    }
    await fetch(`${server.address}/v1/secret/data/raw`, {
      method: 'POST',
      headers: { 'X-Vault-Token': root },
      body: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(plant('binary'))]),
    })
    expect(planted.length).toBeGreaterThan(20)
    const text = readFileSync(log, 'utf8')
    // The search does find: what a role is called stands there in clear, and the hash of a value.
    expect(searchFor(['auth/approle/role/r/role-id'])('the audit log', text)).not.toEqual([])
    const { hash } = (
      JSON.parse((await send('POST', 'sys/audit-hash/file', { input: made.accessor })).text) as {
        data: { hash: string }
      }
    ).data
    expect(text).toContain(hash)
    expect(searchFor([CANARY, root, ...planted])('the audit log', text)).toEqual([])
    expect(bugs).toEqual([])
  })
})
