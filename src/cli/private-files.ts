/** Folders of 0700 and files of 0600, whatever the umask says. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { writeWhole } from './whole-files.ts'

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** Whole or not at all. Leaves a file alone that already holds this text. @throws {CommandError} */
export function writePrivateFile(path: string, text: string): void {
  writeWhole(path, (beside) => {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) {
      chmodSync(path, 0o600)
      return
    }
    writeFileSync(beside, text, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, path)
  })
}
