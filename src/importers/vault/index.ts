/**
 * `plenum import vault`: what lies in another path, mount, KV version or Vault, with its versions and custom metadata.
 *
 * Connections and variables are known by the folders in which Airflow's backend looks for them and are brought into
 * Plenum's form; everything else is a secret and stays as it is. Nothing is written.
 *
 * Invariant: `found` holds the newest version of each; `history` has, under the same path, those that stood before it
 * in the order in which they were written, so that writing them one after the other ends with the value.
 *
 * Left out: when versions were written (Vault gives every new version its own time), and the marks of another Plenum.
 */
import type { JsonObject } from '../../airflow/index.ts'
import { type Bound, mapBounded } from '../../concurrency/index.ts'
import { type CustomMetadata, isMarked, OWN_KEYS } from '../../hub/index.ts'
import type { Sensitive } from '../../sensitive/index.ts'
import type { VaultClient } from '../../vault/index.ts'
import type { Finding, Found, Note, Origin, Reading } from '../found.ts'
import { type KvVersion, listSource } from './listing.ts'
import { type RawSecret, readRawSecret } from './read-secret.ts'
import { recognise, type Recognised, type SourceLayout, trimSlashes } from './recognise.ts'
import { storedForm } from './stored-form.ts'

export type { KvVersion } from './listing.ts'
export type { SourceFolders, SourceLayout } from './recognise.ts'

export interface VaultSourceOptions {
  readonly mount: string
  /** Folder to read; empty: all of the mount. */
  readonly prefix: string
  readonly version: KvVersion
  /** Folders below the mount, not below the prefix. */
  readonly layout: SourceLayout
  /** Requests under way at once. */
  readonly concurrency: Bound
  /** Also what stood before the newest version. Default true. */
  readonly withVersions?: boolean | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface OlderVersion {
  readonly version: number
  /** Unix ms. */
  readonly createdAt: number
  /** In the form of `Found`. */
  readonly data: Sensitive<JsonObject>
}

export interface VaultReading extends Reading {
  /** By the path below the mount that stands in the origin. Only for objects that have older versions. */
  readonly history: ReadonlyMap<string, readonly OlderVersion[]>
}

/**
 * @throws {ImportError} 'import-vault-mount', 'import-vault-denied', 'import-vault-version': nothing can be read.
 * A VaultError where Vault itself fails.
 */
export async function readVaultSource(client: VaultClient, options: VaultSourceOptions): Promise<VaultReading> {
  const { version, concurrency, withVersions = true, onProgress, signal } = options
  const mount = trimSlashes(options.mount)
  const prefix = trimSlashes(options.prefix)
  const listing = await listSource(client, { mount, prefix, version, concurrency, signal })
  // The folder may be a secret itself.
  const paths = listing.paths.length === 0 && prefix !== '' ? [prefix] : listing.paths
  let done = 0
  const secrets = await mapBounded(paths, concurrency, async (path) => {
    const raw = await readRawSecret(client, path, { mount, version, withVersions, signal })
    done += 1
    onProgress?.(done, paths.length)
    return { path, raw, recognised: recognise(path, { mount, prefix, layout: options.layout }) }
  })
  const isEmpty = listing.paths.length === 0 && secrets.every(({ raw }) => raw.kind === 'absent')
  const results = isEmpty ? [] : secrets.map((secret) => objectOf(mount, secret))
  const found = results.flatMap((one) => (one.kind === 'found' ? [one.found] : []))
  const older = results.flatMap((one) => (one.kind === 'found' && one.older.length > 0 ? [one] : []))
  const folder = prefix === '' ? mount : `${mount}/${prefix}`
  const empty = isEmpty && listing.findings.length === 0 ? [nothingThere(folder)] : []
  return {
    source: 'vault',
    label: `${folder} of the Vault at ${client.address}`,
    facts: factsOf(
      version,
      secrets.map(({ raw }) => raw),
    ),
    found,
    findings: [...empty, ...listing.findings, ...results.flatMap((one) => one.findings)],
    history: new Map(older.map((one) => [one.path, one.older])),
  }
}

interface Secret {
  readonly path: string
  readonly raw: RawSecret
  readonly recognised: Recognised
}

type Result =
  | {
      readonly kind: 'found'
      readonly path: string
      readonly found: Found
      readonly older: readonly OlderVersion[]
      readonly findings: readonly Finding[]
    }
  | { readonly kind: 'nothing'; readonly findings: readonly Finding[] }

function objectOf(mount: string, { path, raw, recognised }: Secret): Result {
  const where = `${mount}/${path}`
  const { kind, id } = recognised
  const nothing = (finding: Pick<Finding, 'severity' | 'code' | 'text' | 'hint'>): Result => ({
    kind: 'nothing',
    findings: [{ ...finding, where, id }],
  })
  if (raw.kind === 'absent') {
    const text = 'it was deleted while the rest was read'
    return nothing({ severity: 'warning', code: 'import-vault-gone', text, hint: undefined })
  }
  if (raw.kind === 'deleted') {
    return nothing({ severity: 'warning', code: 'import-vault-deleted', text: deletedText(raw), hint: UNDELETE })
  }
  if (raw.kind === 'unreadable') {
    return nothing({ severity: 'error', code: raw.code, text: raw.text, hint: undefined })
  }
  const form = storedForm(kind, id, raw.newest.data)
  if (form.kind === 'refused') {
    return nothing({ severity: 'error', code: 'import-vault-form', text: form.reason, hint: form.hint })
  }
  const older = raw.older.flatMap(({ version, createdAt = 0, data }) => {
    const past = storedForm(kind, id, data)
    return past.kind === 'stored' ? [{ version, createdAt, data: past.data }] : []
  })
  const unreadable = raw.older
    .map(({ version }) => version)
    .filter((version) => !older.some((one) => one.version === version))
  const origin: Origin = { source: 'vault', where, place: { kind: 'vault', path, version: raw.newest.version } }
  const { customMetadata, notes: metadataNotes } = foreignMetadata(raw.customMetadata)
  const found: Found = {
    kind,
    id,
    data: form.data,
    description: form.description ?? customMetadata['description'],
    team: undefined,
    origin,
    notes: [
      ...placeNotes(where, recognised),
      ...form.notes,
      ...metadataNotes,
      ...versionNotes(raw.gone, 'deleted or destroyed'),
      ...versionNotes(unreadable, 'nothing that Airflow could read'),
    ],
    customMetadata,
  }
  return { kind: 'found', path, found, older, findings: [] }
}

const UNDELETE = 'undelete the version in the source if it is to be brought'

function deletedText({ version, destroyed, standing }: Extract<RawSecret, { kind: 'deleted' }>): string {
  const older = standing === 0 ? '' : `; ${standing} older ${standing === 1 ? 'one still stands' : 'ones still stand'}`
  return `its newest version (${version}) is ${destroyed ? 'destroyed' : 'deleted'}, so there is no value${older}`
}

function placeNotes(where: string, { kind, superfluous }: Recognised): Note[] {
  if (superfluous === undefined) return []
  const right = kind === 'secret' ? 'nobody looks' : "Airflow's backend never asks"
  const text = `it lies at ${where}, with ${JSON.stringify(superfluous)} in its path once too often, where ${right}; it is brought to the right path`
  return [{ kind: 'normalised', text }]
}

function versionNotes(versions: readonly number[], what: string): Note[] {
  if (versions.length === 0) return []
  const [noun, verb] = versions.length === 1 ? ['version', 'is'] : ['versions', 'are']
  return [{ kind: 'lossy', text: `${noun} ${versions.join(', ')} ${verb} ${what}, and not brought` }]
}

/** Plenum's keys name the hub that manages a secret, and its sync's state: of another hub they are no business here. */
function foreignMetadata(metadata: CustomMetadata): { customMetadata: CustomMetadata; notes: readonly Note[] } {
  const isOurs = (key: string): boolean => OWN_KEYS.includes(key) || key.startsWith('plenum-')
  const customMetadata = Object.fromEntries(Object.entries(metadata).filter(([key]) => !isOurs(key)))
  const taken = Object.keys(metadata).filter(isOurs)
  if (taken.length === 0 || isMarked(metadata)) return { customMetadata, notes: [] }
  const names = taken.map((key) => JSON.stringify(key)).join(', ')
  const text = `its custom metadata ${names} means something else to Plenum and is not brought`
  return { customMetadata, notes: [{ kind: 'kept-aside', text }] }
}

function factsOf(version: KvVersion, secrets: readonly RawSecret[]): string[] {
  const found = secrets.flatMap((raw) => (raw.kind === 'found' ? [raw] : []))
  const older = found.reduce((sum, raw) => sum + raw.older.length, 0)
  const newestOnly = found.filter(({ isNewestOnly }) => isNewestOnly).length
  return [
    `KV version ${version}`,
    `${found.length} secrets${version === 2 ? ` and ${older} older versions that stand` : ''}`,
    ...(newestOnly === 0
      ? []
      : [
          `the token may not read the metadata of ${newestOnly}: their older versions and custom metadata are not known`,
        ]),
  ]
}

function nothingThere(folder: string): Finding {
  const text = 'nothing lies there'
  const hint = 'is it the right mount and folder? `vault kv list` shows what there is'
  return { severity: 'warning', code: 'import-vault-empty', where: folder, id: undefined, text, hint }
}
