/**
 * How the program of each client is made and started. What a machine does not have (Python with hvac, a Go that is new
 * enough, Go's modules) is said with its name and version, and the client's cases are skipped; a program that does not
 * build is a failure.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Ran, run, type RunOptions } from '../airflow/airflow.case.ts'
import type { ClientName } from './cases.case.ts'

const root = join(import.meta.dirname, '../..')
const environments = join(root, '.cache')
/** Where programs are built. */
export const CACHE: string = join(root, '.cache', 'interop')
const sources = join(import.meta.dirname, 'go')

export type Prepared =
  | { readonly kind: 'ready'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'unavailable'; readonly reason: string }

/**
 * `program`: another one in the client's language. Default: the client's cases.
 *
 * @throws Error when it is there and cannot be built.
 */
type Prepare = (program?: string) => Promise<Prepared>

export const PREPARE: Readonly<Record<ClientName, Prepare>> = {
  hvac: prepareHvac,
  'node-vault': async (program = join(import.meta.dirname, 'node_vault_cases.mjs')) => ready(process.execPath, program),
  'vault/api': (program) => prepareGo('go', 'vault', program),
  'openbao/api': (program) => prepareGo('openbao', 'openbao', program),
}

/** What a command of the machine says; `undefined` when there is no such command. */
async function ask(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran | undefined> {
  try {
    return await run(command, args, options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const ready = (command: string, ...args: readonly string[]): Prepared => ({ kind: 'ready', command, args })
const unavailable = (reason: string): Prepared => ({ kind: 'unavailable', reason })

/** The Python environment of the Airflow suite: hvac is the client that Airflow's provider uses. */
async function prepareHvac(program = join(import.meta.dirname, 'hvac_cases.py')): Promise<Prepared> {
  const python = join(environments, 'airflow-3.3', 'bin', 'python')
  if (!existsSync(python))
    return unavailable('needs hvac in the Python environment .cache/airflow-3.3, which `npm test` makes')
  const { status, errors } = await run(python, ['-c', 'import hvac'])
  if (status !== 0) return unavailable(`needs hvac in .cache/airflow-3.3: ${lastLine(errors)}`)
  return ready(python, program)
}

/** Shell and curl. */
export async function shell(program: string): Promise<Prepared> {
  const curl = await ask('curl', ['--version'])
  return curl?.status === 0 ? ready('sh', program) : unavailable('needs curl')
}

/**
 * One source, two clients: `go.mod` names Vault's, `openbao.mod` OpenBao's, each with its own oldest Go.
 *
 * `mod`: the name of the module file. `tag`: the build tag that picks the client.
 */
async function prepareGo(mod: string, tag: string, source = '.'): Promise<Prepared> {
  const env = { ...environment(), GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' }
  const go = (args: readonly string[], timeoutMs: number) => run('go', args, { cwd: sources, env, timeoutMs })
  const version = await ask('go', ['env', 'GOVERSION'], { cwd: sources, env })
  const wanted = /^go (\d+)\.(\d+)/m.exec(readFileSync(join(sources, `${mod}.mod`), 'utf8'))
  if (wanted === null) throw new Error(`${mod}.mod does not name its Go`)
  const need = `Go ${wanted[1]}.${wanted[2]} or newer`
  if (version?.status !== 0) return unavailable(`needs ${need} (go on PATH)`)
  const own = /^go(\d+)\.(\d+)/.exec(version.out)
  if (own !== null && older(own, wanted)) return unavailable(`needs ${need}; this is ${version.out.trim()}`)

  const modfile = `-modfile=${join(sources, `${mod}.mod`)}`
  const fetched = await go(['mod', 'download', modfile], 60_000)
  if (fetched.status !== 0) {
    if (/SECURITY ERROR|checksum mismatch/.test(fetched.errors)) throw new Error(fetched.errors)
    return unavailable(
      `needs the Go modules of ${mod}.mod, and Go's module proxy does not give them: ${lastLine(fetched.errors)}`,
    )
  }
  mkdirSync(CACHE, { recursive: true })
  const program = join(CACHE, source === '.' ? `${tag}-cases` : `${tag}-${basename(source, '.go')}`)
  const flags = ['-trimpath', '-buildvcs=false', '-tags', tag, modfile]
  const built = await go(['build', ...flags, '-o', program, source], 240_000)
  if (built.status !== 0) throw new Error(`the program for ${tag} does not build:\n${built.errors}`)
  return ready(program)
}

/** Go finds its caches and its proxy through the environment, and needs a home for them. No C compiler is needed, and none is asked. */
function environment(): Record<string, string> {
  const all = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { HOME: CACHE, ...Object.fromEntries(all), CGO_ENABLED: '0' }
}

function older(own: RegExpExecArray, wanted: RegExpExecArray): boolean {
  const [major, minor, wantedMajor, wantedMinor] = [own[1], own[2], wanted[1], wanted[2]].map(Number)
  return major !== wantedMajor ? Number(major) < Number(wantedMajor) : Number(minor) < Number(wantedMinor)
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
