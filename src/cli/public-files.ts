/** Files that people keep: plenum.yaml, reports, `.env` and compose files that are edited. */
import { chmodSync, chownSync, existsSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { writeWhole } from './whole-files.ts'

/** Whole or not at all; mode and owner of what was there stay, and a link stays a link. @throws {CommandError} */
export function writePublicFile(path: string, content: string | Uint8Array): void {
  const target = existsSync(path) ? realpathSync(path) : path
  const write = (beside: string): void => {
    const before = existsSync(target) ? statSync(target) : undefined
    // As private as what it replaces, from its first byte on.
    writeFileSync(beside, content, before === undefined ? {} : { mode: before.mode & 0o777 })
    if (before !== undefined) {
      chmodSync(beside, before.mode & 0o7777)
      if (process.getuid?.() === 0) chownSync(beside, before.uid, before.gid)
    }
    renameSync(beside, target)
  }
  writeWhole(target, write, path)
}
