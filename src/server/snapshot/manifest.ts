/**
 * `meta.json`: what the archive holds, in clear; and `SHA256SUMS`, in the form that `sha256sum -c` checks.
 *
 *     {"format":"plenum-snapshot","version":1,"created":"<RFC 3339>","store":{"version":3,"id":"<uuid>"},"entries":n}
 */
import { parseRecord } from '../json/index.ts'
import { OLDEST_STORE_VERSION, STORE_VERSION } from '../storage/index.ts'
import { damaged, SnapshotError } from './errors.ts'

export const META = 'meta.json'
export const STATE = 'state.bin'
export const SUMS = 'SHA256SUMS'
export const SEALED_SUMS = 'SHA256SUMS.sealed'

const FORMAT = 'plenum-snapshot'
const VERSION = 1

export interface Manifest {
  readonly storeVersion: number
  readonly entries: number
}

/** `created` in unix milliseconds. */
export function encodeManifest(storeId: string, entries: number, created: number): Buffer {
  const stored = {
    format: FORMAT,
    version: VERSION,
    created: new Date(created).toISOString(),
    store: { version: STORE_VERSION, id: storeId },
    entries,
  }
  return Buffer.from(`${JSON.stringify(stored)}\n`)
}

/** @throws {SnapshotError} */
export function decodeManifest(bytes: Buffer): Manifest {
  const value = parseRecord(bytes.toString('utf8'))
  if (value?.['format'] !== FORMAT) {
    // Raft's own has Index and Term.
    if (typeof value?.['Index'] === 'number') throw foreign()
    throw damaged(`${META} is not that of a snapshot of Plenum`)
  }
  const store = value['store'] as Readonly<Record<string, unknown>> | null | undefined
  const storeVersion = store?.['version']
  const { version, entries } = value
  if (!isCount(version) || !isCount(storeVersion) || !isCount(entries) || storeVersion < OLDEST_STORE_VERSION)
    throw damaged(`${META} has fields that are missing or wrong`)
  if (version > VERSION || storeVersion > STORE_VERSION) {
    throw new SnapshotError(
      'snapshot-version',
      'the snapshot was written by a later Plenum; nothing was changed; restore it with that one, or a later one still',
    )
  }
  return { storeVersion, entries }
}

export function sumsText(sums: Readonly<Record<typeof META | typeof STATE, string>>): string {
  return `${sums[META]}  ${META}\n${sums[STATE]}  ${STATE}\n`
}

function foreign(): SnapshotError {
  return new SnapshotError(
    'snapshot-foreign',
    'this is a snapshot of a Vault or OpenBao cluster, which only such a cluster can restore; nothing was changed; bring its secrets over with `plenum import vault`',
  )
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
