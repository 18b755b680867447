/** Files and folders that an import was given by name: what the system says when one cannot be read becomes one message. */
import { ImportError } from '../../importers/index.ts'
import { systemHint } from '../failure.ts'

/** `path` as it was given. What `read` throws of its own goes through. @throws {ImportError} 'import-unreadable' */
export function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new ImportError('import-unreadable', `${path} cannot be read: ${cause.message}`, {
      hint: systemHint(cause) ?? 'is the path right?',
      cause,
    })
  }
}
