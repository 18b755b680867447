/**
 * What lies in storage, and how to read it back. Everything sits in the mount's own view of the barrier: encrypted, and
 * its names hidden.
 *
 *     config                   JSON  {"format":1,"max_versions":0,"cas_required":false,"delete_version_after":0}
 *
 *     meta/<path>              JSON  {"format":1,"revision":R,"current":2,"oldest":0,"created":ms,"updated":ms,
 *                                     "max_versions":0,"cas_required":false,"delete_version_after":0,
 *                                     "custom_metadata":null | [["key","value"], ...],
 *                                     "versions":[[version, created, deletion | null, destroyed, revision], ...]}
 *
 *     mark/<path>              +--------+---------------------+
 *                              | 1      | R, 8 bytes          |     big-endian
 *                              +--------+---------------------+
 *
 *     data/<path>/<version>    +--------+---------------------+---------------------------+
 *                              | 1      | its revision        | the document, JSON, UTF-8 |
 *                              +--------+---------------------+---------------------------+
 *
 * The first byte, or `format`, is the version of the format. A last segment that is always a number keeps the values of
 * `a` apart from those of `a/1`.
 *
 * Invariant (S46): whoever can write the disk cannot roll back one entry unnoticed. `meta` and `mark` must name the same
 * revision, and a value the revision that `meta` has for its version. All are written in one atomic commit.
 */
import type { KeyMetadata, MountConfig, VersionMetadata } from './versions.ts'

/** What is stored contradicts itself, or is of a format that this server does not know. */
export class KvStorageError extends Error {
  readonly code = 'kv-storage'
}

const FORMAT = 1
const HEADER_BYTES = 9

export const CONFIG_KEY = 'config'

export function metaKey(path: string): string {
  return `meta/${path}`
}
export function markKey(path: string): string {
  return `mark/${path}`
}
export function valueKey(path: string, version: number): string {
  return `data/${path}/${version}`
}

type StoredVersion = readonly [
  version: number,
  created: number,
  deletion: number | null,
  destroyed: boolean,
  revision: number,
]

interface StoredKey {
  readonly format: typeof FORMAT
  readonly revision: number
  readonly current: number
  readonly oldest: number
  readonly created: number
  readonly updated: number
  readonly max_versions: number
  readonly cas_required: boolean
  readonly delete_version_after: number
  readonly custom_metadata: readonly (readonly [string, string])[] | null
  readonly versions: readonly StoredVersion[]
}

interface StoredConfig {
  readonly format: typeof FORMAT
  readonly max_versions: number
  readonly cas_required: boolean
  readonly delete_version_after: number
}

export function encodeMetadata(meta: KeyMetadata): Uint8Array {
  const stored: StoredKey = {
    format: FORMAT,
    revision: meta.revision,
    current: meta.currentVersion,
    oldest: meta.oldestVersion,
    created: meta.createdTime,
    updated: meta.updatedTime,
    max_versions: meta.maxVersions,
    cas_required: meta.casRequired,
    delete_version_after: meta.deleteVersionAfter,
    custom_metadata: meta.customMetadata === null ? null : [...meta.customMetadata],
    versions: Array.from(meta.versions, ([version, { createdTime, deletionTime, destroyed, revision }]) => [
      version,
      createdTime,
      deletionTime ?? null,
      destroyed,
      revision,
    ]),
  }
  return Buffer.from(JSON.stringify(stored))
}

/** @throws {KvStorageError} */
export function decodeMetadata(bytes: Uint8Array): KeyMetadata {
  const stored = parseStored(bytes, 'metadata of a key') as StoredKey
  return {
    revision: stored.revision,
    currentVersion: stored.current,
    oldestVersion: stored.oldest,
    createdTime: stored.created,
    updatedTime: stored.updated,
    maxVersions: stored.max_versions,
    casRequired: stored.cas_required,
    deleteVersionAfter: stored.delete_version_after,
    customMetadata: stored.custom_metadata === null ? null : new Map(stored.custom_metadata),
    versions: new Map(stored.versions.map(decodeVersion)),
  }
}

function decodeVersion([version, created, deletion, destroyed, revision]: StoredVersion): [number, VersionMetadata] {
  return [version, { createdTime: created, deletionTime: deletion ?? undefined, destroyed, revision }]
}

export function encodeConfig(config: MountConfig): Uint8Array {
  const stored: StoredConfig = {
    format: FORMAT,
    max_versions: config.maxVersions,
    cas_required: config.casRequired,
    delete_version_after: config.deleteVersionAfter,
  }
  return Buffer.from(JSON.stringify(stored))
}

/** @throws {KvStorageError} */
export function decodeConfig(bytes: Uint8Array): MountConfig {
  const stored = parseStored(bytes, 'configuration of a mount') as StoredConfig
  return {
    maxVersions: stored.max_versions,
    casRequired: stored.cas_required,
    deleteVersionAfter: stored.delete_version_after,
  }
}

export function encodeMark(revision: number): Uint8Array {
  return header(revision, HEADER_BYTES)
}

/** @throws {KvStorageError} */
export function decodeMark(bytes: Uint8Array): number {
  return readHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 'mark of a key')
}

export function encodeValue(revision: number, document: string): Uint8Array {
  const bytes = header(revision, HEADER_BYTES + Buffer.byteLength(document))
  bytes.write(document, HEADER_BYTES, 'utf8')
  return bytes
}

/** The document's text. @throws {KvStorageError} */
export function decodeValue(bytes: Uint8Array): { readonly revision: number; readonly document: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { revision: readHeader(buffer, 'value of a version'), document: buffer.toString('utf8', HEADER_BYTES) }
}

function header(revision: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt8(FORMAT, 0)
  bytes.writeBigUInt64BE(BigInt(revision), 1)
  return bytes
}

function readHeader(bytes: Buffer, what: string): number {
  if (bytes.length < HEADER_BYTES || bytes.readUInt8(0) !== FORMAT) throw unknownFormat(what)
  return Number(bytes.readBigUInt64BE(1))
}

/** The barrier has proved that these are the bytes that were written: only the format is in question. */
function parseStored(bytes: Uint8Array, what: string): object {
  const stored = JSON.parse(Buffer.from(bytes).toString('utf8')) as { readonly format?: unknown }
  if (stored.format !== FORMAT) throw unknownFormat(what)
  return stored
}

function unknownFormat(what: string): KvStorageError {
  return new KvStorageError(`the stored ${what} is not of format ${FORMAT}: a newer server wrote it, run that one`)
}
