/** Files that people keep: plenum.yaml, reports, `.env` and compose files that are edited. Whole or not at all. */
import { chmodSync, chownSync, existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { CommandError, systemHint } from './failure.ts'

/** Written beside and renamed; mode and owner of what was there stay, and a link stays a link. */
export function writePublicFile(path: string, content: string | Uint8Array): void {
  const target = existsSync(path) ? realpathSync(path) : path
  const beside = `${target}.${process.pid}.new`
  try {
    const before = existsSync(target) ? statSync(target) : undefined
    // As private as what it replaces, from its first byte on.
    writeFileSync(beside, content, before === undefined ? {} : { mode: before.mode & 0o777 })
    if (before !== undefined) {
      chmodSync(beside, before.mode & 0o7777)
      if (process.getuid?.() === 0) chownSync(beside, before.uid, before.gid)
    }
    renameSync(beside, target)
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
