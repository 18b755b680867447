/** Folders of 0700 and files of 0600, whatever the umask says. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { CommandError, systemHint } from './failure.ts'

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/**
 * Whole or not at all: written beside and renamed. Leaves a file alone that already holds this text.
 * @throws {CommandError} naming the file: the system's own error of a full disk does not.
 */
export function writePrivateFile(path: string, text: string): void {
  const beside = `${path}.${process.pid}.new`
  try {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) {
      chmodSync(path, 0o600)
      return
    }
    writeFileSync(beside, text, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, path)
  } catch (cause) {
    rmSync(beside, { force: true })
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = systemHint(cause)
    throw new CommandError('file-unwritable', `${path} cannot be written: ${why}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}
