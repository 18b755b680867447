/** Files are written beside and renamed: whole or not at all. What the system refuses is said with the file's name. */
import { rmSync } from 'node:fs'
import { CommandError, systemHint } from './failure.ts'

/**
 * `write` gets the path beside `path` and puts it in its place. When it fails nothing is left beside.
 * @throws {CommandError} 'file-unwritable' naming `named`: the system's own error of a full disk does not.
 */
export function writeWhole(path: string, write: (beside: string) => void, named: string = path): void {
  const beside = `${path}.${process.pid}.new`
  try {
    write(beside)
  } catch (cause) {
    rmSync(beside, { force: true })
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = systemHint(cause)
    throw new CommandError('file-unwritable', `${named} cannot be written: ${why}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}
