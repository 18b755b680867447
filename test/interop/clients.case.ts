/** The clients of `interop.test.ts`: where each is found or built, and the cases that its program reports. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `why` names the tool that is not there. */
export type Found =
  | { readonly kind: 'here'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'missing'; readonly why: string }

export interface Client {
  readonly name: string
  /** Cases that this client has beyond `CASES`. */
  readonly more: readonly string[]
  readonly find: () => Promise<Found>
}

export const CASES: readonly string[] = [
  'kv1: write, read, list, delete',
  'kv2: put with cas, get, versions',
  'kv2: wrong cas is refused',
  'kv2: what is missing is 404',
  'kv2: patch',
  'kv2: delete, undelete, destroy',
  'kv2: metadata, custom metadata, list',
  'token: create, lookup, self, accessor',
  'token: renew, revoke',
  'token: roles',
  'token: batch',
  'approle: role, role_id, secret_id, login',
  'approle: wrapped secret_id',
  'approle: wrong secret_id',
  'userpass: user, login, wrong password, new password',
  'policy: write, read, list, delete',
  'policy: capabilities-self and a refusal',
  'wrapping: a read, lookup, unwrap, twice',
  'wrapping: a login',
  'lease: lookup, list, revoke-prefix',
  'audit: enable, hash, list, disable; no secret in the file',
  'sys: health, seal-status',
  'sys: mounts, tune, remount',
  'namespace: refused',
  'tls: with the CA, refused without',
]

const at = (name: string): string => join(import.meta.dirname, name)
const VAULT_API = 'github.com/hashicorp/vault/api'
const OPENBAO_API = 'github.com/openbao/openbao/api/v2'
const WATCHED: readonly string[] = ['lifetime watcher: a short token is renewed']

export const CLIENTS: readonly Client[] = [
  { name: 'hvac', more: [], find: async () => python() },
  {
    name: 'node-vault',
    more: [],
    find: async () => ({ kind: 'here', command: process.execPath, args: [at('node-vault.mjs')] }),
  },
  { name: VAULT_API, more: WATCHED, find: () => go('go-vault', VAULT_API) },
  { name: OPENBAO_API, more: WATCHED, find: () => go('go-openbao', OPENBAO_API) },
]

function python(): Found {
  const command = ['3.3', '2.11']
    .map((line) => at(`../../.cache/airflow-${line}/bin/python`))
    .find((path) => existsSync(path))
  if (command === undefined) return { kind: 'missing', why: 'needs Python 3.11 to 3.13 with hvac (scripts/python.mjs)' }
  return { kind: 'here', command, args: [at('hvac_cases.py')] }
}

/** Both Go clients play one program, `go-vault/main.go`; only the module that it imports differs. */
async function go(folder: string, module: string): Promise<Found> {
  const version = await execute('go', ['version'], at('.'))
  const [, minor = '0'] = /go1\.(\d+)/.exec(version.output) ?? []
  if (!version.ok || Number(minor) < 19)
    return { kind: 'missing', why: `needs Go 1.19 or later; here: ${version.ok ? version.output.trim() : 'none'}` }
  const place = join(at('../../.cache/interop'), folder)
  mkdirSync(place, { recursive: true })
  for (const name of ['go.mod', 'go.sum']) writeFileSync(join(place, name), readFileSync(at(`${folder}/${name}`)))
  const source = readFileSync(at('go-vault/main.go'), 'utf8').replace(`"${VAULT_API}"`, `"${module}"`)
  writeFileSync(join(place, 'main.go'), source)
  // Told apart: a proxy that cannot be reached skips; other modules than go.sum says, or a program that does not compile, fail.
  const loaded = await execute('go', ['mod', 'download'], place)
  if (/checksum|SECURITY|go\.sum/.test(loaded.output)) throw new Error(`${folder}: ${loaded.output}`)
  if (!loaded.ok) return { kind: 'missing', why: `the Go modules cannot be had: ${loaded.output.split('\n')[0]}` }
  const command = join(place, 'cases')
  const built = await execute('go', ['build', '-trimpath', '-o', command, '.'], place)
  if (!built.ok) throw new Error(`${folder} does not build: ${built.output}`)
  return { kind: 'here', command, args: [] }
}

function execute(command: string, args: readonly string[], cwd: string): Promise<{ ok: boolean; output: string }> {
  const env = { ...process.env, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' }
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, timeout: 300_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}` || (error?.message ?? '') }),
    )
  })
}
