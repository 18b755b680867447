/** Folders of 0700 and files of 0600, whatever the umask says. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** Whole or not at all: written beside and renamed. Leaves a file alone that already holds this text. */
export function writePrivateFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) {
    chmodSync(path, 0o600)
    return
  }
  const beside = `${path}.${process.pid}.new`
  try {
    writeFileSync(beside, text, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, path)
  } finally {
    rmSync(beside, { force: true })
  }
}
