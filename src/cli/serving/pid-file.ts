/**
 * `pid_file` of the configuration: the number of the server's process and no newline, as Vault writes it.
 *
 * Invariants: what was there is replaced and never written into, so that a link that somebody laid into a shared folder
 * leads nowhere (Vault follows it); what another server has put there since is not removed.
 */
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CommandError } from '../failure.ts'
import { writeWhole } from '../whole-files.ts'

export interface PidFile {
  readonly path: string
  /** Nothing when it is gone, or no longer this process's. @throws the system's error when it cannot be removed */
  remove(): void
}

/**
 * For when the store and the addresses are this process's: a second server that does not get them leaves the file of the
 * first alone. Mode 0644, less what the umask takes.
 * @throws {CommandError} 'server-pid-file' when there is no such folder, 'file-unwritable'
 */
export function writePidFile(path: string, pid: number): PidFile {
  const folder = dirname(path)
  if (!existsSync(folder)) {
    throw new CommandError('server-pid-file', `pid_file ${path}: there is no folder ${folder}`, {
      hint: 'make the folder for the user that the server runs as (systemd: RuntimeDirectory=), or name another file',
    })
  }
  const text = String(pid)
  writeWhole(path, (beside) => {
    // What a killed server of the same number left there.
    rmSync(beside, { force: true })
    writeFileSync(beside, text, { mode: 0o644, flag: 'wx' })
    renameSync(beside, path)
  })
  return {
    path,
    remove() {
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found?.isFile() === true && readFileSync(path, 'utf8') === text) rmSync(path, { force: true })
    },
  }
}
