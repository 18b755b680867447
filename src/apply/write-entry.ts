/**
 * One entry: its data with check-and-set, then its mark.
 *
 * Invariant: nothing is written over a version that the plan did not see. The mark comes second, so a crash in between
 * leaves an entry that the next plan recognises by its value and marks; the other way round it would claim a version
 * that somebody else may write.
 *
 * When the answer to a write is lost, what Vault has decides: our value at the next version is a success.
 */
import { flattenData, mergeMarks, type ResolvedEntry } from '../hub/index.ts'
import type { Change } from '../plan/index.ts'
import { type FingerprintKey, fingerprint, type Json, type Sensitive } from '../sensitive/index.ts'
import {
  readMetadata,
  readSecret,
  type SecretData,
  VaultError,
  writeCustomMetadata,
  writeSecret,
} from '../vault/index.ts'
import type { Answers } from './prompts.ts'
import { DRIFTED_MEANWHILE, failed, type Outcome } from './report.ts'
import { entryData, type ValueSources } from './values.ts'

type CustomMetadata = Readonly<Record<string, string>>

export interface EntryWriter extends ValueSources {
  /** For comparing what was sent with what is there. */
  readonly key: FingerprintKey
  /** The custom_metadata of this entry's project, without the version. */
  readonly marksOf: (resolved: ResolvedEntry) => CustomMetadata
}

/** Creates or updates. Never rejects. */
export async function writeEntry(
  change: Change,
  resolved: ResolvedEntry,
  answers: Answers,
  writer: EntryWriter,
): Promise<Outcome> {
  try {
    if (answers.kind === 'failed') return failed(answers.error)
    const before = await readBefore(change, resolved, writer)
    if (before === 'drifted') return DRIFTED_MEANWHILE
    const data = await entryData(resolved, { present: before.present, answers: answers.byField }, writer)
    const written = await writeData(change.cas, resolved.entry.path, data, writer)
    return written.status === 'applied' ? await mark(change.cas + 1, resolved, before.metadata, writer) : written
  } catch (error) {
    return failed(error)
  }
}

/** Only the mark: the value is as declared. Never rejects. */
export async function markEntry(change: Change, resolved: ResolvedEntry, writer: EntryWriter): Promise<Outcome> {
  try {
    const metadata = await readMetadata(writer.client, writer.mount, resolved.entry.path)
    if (metadata?.currentVersion !== change.cas) return DRIFTED_MEANWHILE
    const marks = mergeMarks(metadata.customMetadata, writer.marksOf(resolved), change.cas)
    await writeCustomMetadata(writer.client, writer.mount, resolved.entry.path, marks)
    return { status: 'applied', version: change.cas }
  } catch (error) {
    return failed(error)
  }
}

interface Before {
  readonly present: ReadonlyMap<string, Sensitive<Json>>
  readonly metadata: CustomMetadata
}

/** What is to be kept of the version that the plan saw. Where there was nothing nothing is read: the write itself tells. */
async function readBefore(
  { cas, action }: Change,
  { entry }: ResolvedEntry,
  { client, mount }: EntryWriter,
): Promise<Before | 'drifted'> {
  if (cas === 0) return { present: new Map(), metadata: {} }
  const read = await readSecret(client, mount, entry.path)
  if (read.kind === 'absent' || read.version !== cas) return 'drifted'
  if ((read.kind === 'deleted') !== (action === 'create')) return 'drifted'
  const present = read.kind === 'found' ? flattenData(entry.kind, read.data) : new Map<string, Sensitive<Json>>()
  return { present, metadata: read.customMetadata }
}

async function writeData(cas: number, path: string, data: SecretData, writer: EntryWriter): Promise<Outcome> {
  try {
    const { version } = await writeSecret(writer.client, writer.mount, path, data, cas)
    return { status: 'applied', version }
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    if (error.code === 'vault-cas-mismatch') return DRIFTED_MEANWHILE
    if (error.effect === 'none') return failed(error)
    return lostAnswer(error, cas, path, data, writer)
  }
}

async function lostAnswer(
  error: VaultError,
  cas: number,
  path: string,
  data: SecretData,
  { client, mount, key }: EntryWriter,
): Promise<Outcome> {
  const reason = 'whether it was written is not known: plan again'
  try {
    const read = await readSecret(client, mount, path)
    const version = read.kind === 'absent' ? 0 : read.version
    if (version === cas) return failed(error)
    const ours = read.kind === 'found' && version === cas + 1 && fingerprint(read.data, key) === fingerprint(data, key)
    return ours ? { status: 'applied', version } : DRIFTED_MEANWHILE
  } catch (second) {
    // The first failure is the one to tell; the second says only that asking failed, too.
    if (second instanceof VaultError) return failed(error, { reason })
    throw second
  }
}

async function mark(
  version: number,
  resolved: ResolvedEntry,
  before: CustomMetadata,
  writer: EntryWriter,
): Promise<Outcome> {
  try {
    const marks = mergeMarks(before, writer.marksOf(resolved), version)
    await writeCustomMetadata(writer.client, writer.mount, resolved.entry.path, marks)
    return { status: 'applied', version }
  } catch (error) {
    const reason = `version ${version} was written and its mark was not: the next apply completes it`
    return failed(error, { version, reason })
  }
}
