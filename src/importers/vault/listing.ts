/**
 * Every secret below a folder of another Vault, and whether it is the KV version that it is taken for.
 *
 * The two versions answer each other's requests with "nothing there", so an empty folder is asked for once more in the
 * other version's way: what has children there is of that version.
 *
 * A folder that may not be listed is a finding and the rest goes on; when it is the first one there is nothing to read.
 */
import { type Bound, mapBounded } from '../../concurrency/index.ts'
import { listPlainSecrets, listSecrets, type VaultClient, VaultError } from '../../vault/index.ts'
import { type Finding, ImportError } from '../found.ts'

export type KvVersion = 1 | 2

export interface ListingOptions {
  readonly mount: string
  /** Without slashes at its ends; empty: all of the mount. */
  readonly prefix: string
  readonly version: KvVersion
  readonly concurrency: Bound
  readonly signal: AbortSignal | undefined
}

export interface Listing {
  /** Below the mount, in code-unit order. */
  readonly paths: readonly string[]
  readonly findings: readonly Finding[]
}

/** Deeper than any hub; ends what a broken server would make endless. */
const DEEPEST = 64

/** @throws {ImportError} 'import-vault-mount', 'import-vault-denied', 'import-vault-version'; VaultError for the rest. */
export async function listSource(client: VaultClient, options: ListingOptions): Promise<Listing> {
  const { prefix, concurrency } = options
  const base = prefix === '' ? '' : `${prefix}/`
  const first = await children(client, options, options.version, prefix)
  if (first.kind !== 'keys' || first.keys.length === 0) {
    await checkVersion(client, options)
    if (first.kind === 'refused') throw refusal(options, first.error)
    return { paths: [], findings: [] }
  }
  const paths: string[] = []
  const findings: Finding[] = []
  let level = sorted(first.keys.map((key) => `${base}${key}`))
  for (let depth = 1; ; depth += 1) {
    paths.push(...level.filter((path) => !path.endsWith('/')))
    const folders = level.filter((path) => path.endsWith('/'))
    if (folders.length === 0) return { paths: sorted(paths), findings }
    if (depth > DEEPEST) {
      findings.push(
        ...folders.map((folder) => folderFinding(options, folder, `it lies deeper than ${DEEPEST} folders`)),
      )
      return { paths: sorted(paths), findings }
    }
    const listed = await mapBounded(folders, concurrency, async (folder) => {
      const answer = await children(client, options, options.version, folder)
      if (answer.kind === 'keys') return answer.keys.map((key) => `${folder}${key}`)
      findings.push(folderFinding(options, folder, 'the token may not list it'))
      return []
    })
    level = sorted(listed.flat())
  }
}

type Children = { readonly kind: 'keys'; readonly keys: readonly string[] } | Refused

interface Refused {
  readonly kind: 'refused'
  readonly error: VaultError
}

const REFUSALS: ReadonlySet<string> = new Set(['vault-denied', 'vault-not-found', 'vault-unsupported'])

async function children(
  client: VaultClient,
  { mount, signal }: ListingOptions,
  version: KvVersion,
  folder: string,
): Promise<Children> {
  try {
    const list = version === 2 ? listSecrets : listPlainSecrets
    return { kind: 'keys', keys: await list(client, mount, folder, signal) }
  } catch (error) {
    if (error instanceof VaultError && REFUSALS.has(error.code)) return { kind: 'refused', error }
    throw error
  }
}

async function checkVersion(client: VaultClient, options: ListingOptions): Promise<void> {
  const other = options.version === 2 ? 1 : 2
  const answer = await children(client, options, other, options.prefix)
  if (answer.kind === 'keys' && answer.keys.length > 0) throw otherVersion(options.mount, other)
}

export function otherVersion(mount: string, found: KvVersion): ImportError {
  const message = `the mount ${mount} is KV version ${found}, and was read as version ${found === 1 ? 2 : 1}`
  return new ImportError('import-vault-version', message, { hint: `say that it is version ${found}` })
}

function refusal({ mount, prefix }: ListingOptions, error: VaultError): ImportError {
  const folder = prefix === '' ? mount : `${mount}/${prefix}`
  if (error.code === 'vault-denied') {
    const hint = 'give the token list and read there; for KV version 2 that is on metadata/ and data/'
    return new ImportError('import-vault-denied', `the token may not list ${folder} at ${error.address}`, {
      hint,
      cause: error,
    })
  }
  const hint = '`vault secrets list` shows the mounts and their types'
  const message = `${mount} is no KV mount of the Vault at ${error.address}`
  return new ImportError('import-vault-mount', message, { hint, cause: error })
}

function folderFinding({ mount }: ListingOptions, folder: string, why: string): Finding {
  return {
    severity: 'error',
    code: 'import-vault-folder',
    where: `${mount}/${folder}`,
    id: undefined,
    text: `what lies below was not read: ${why}`,
    hint: 'read it with another token, or name it as the prefix of an import of its own',
  }
}

function sorted(paths: string[]): string[] {
  return paths.sort()
}
