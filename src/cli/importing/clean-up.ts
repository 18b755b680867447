/** Where a clean-up and its undoing act: the records in Vault, the files on the disk, and the question before either. */
import { readFileSync } from 'node:fs'
import { type FileAccess, FinishError, type FinishPorts, type UndoStore } from '../../finish/index.ts'
import type { AirflowDatabase } from '../../importers/index.ts'
import type { VaultClient } from '../../vault/index.ts'
import { CommandError } from '../failure.ts'
import { type OpenHub, shown } from '../hub-file.ts'
import { writePublicFile } from '../public-files.ts'
import { confirmed } from '../question.ts'
import type { Screen } from '../screen.ts'
import type { ImportOptions } from './options.ts'

export function portsOf(
  hub: OpenHub,
  client: VaultClient,
  database: AirflowDatabase | undefined,
  signal: AbortSignal,
): FinishPorts {
  return { store: storeOf(hub, client), files: DISK, database, signal }
}

export function storeOf(hub: OpenHub, client: VaultClient): UndoStore {
  return { client, mount: hub.hub.vault.mount, hub: hub.hub.name }
}

const DISK: FileAccess = {
  read: (path) => readFileSync(path),
  replace(path, before, after) {
    if (!readFileSync(path).equals(before))
      throw new FinishError('finish-file-changed', `${shown(path)} was edited at the same time`)
    writePublicFile(path, after)
  },
}

/** Asks the person at the terminal. @throws {CommandError} where nobody is and `--yes` was not given. */
export async function mayDo(what: string, { yes = false }: ImportOptions, screen: Screen): Promise<boolean> {
  if (yes) return true
  if (screen.interactive) return confirmed(`${what.charAt(0).toUpperCase()}${what.slice(1)}?`)
  throw new CommandError('apply-unconfirmed', `to ${what} needs a yes, and there is nobody to ask`, {
    hint: 'add --yes',
    status: 2,
  })
}

/** `3 rows` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** `.env, 3 rows` */
export function extentOf({ files, rows }: { readonly files: readonly string[]; readonly rows: number }): string {
  return [...files, ...(rows > 0 ? [count(rows, 'row')] : [])].join(', ')
}

export function nothingBrought(file: string): CommandError {
  return new CommandError('hub-not-found', `there is no ${file}: nothing was brought yet`, {
    hint: 'run the import without --finish first',
  })
}
