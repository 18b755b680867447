/**
 * What goes wrong in a server of this process while it serves. The client sees a bare 500; here the reason is told.
 *
 * Every request may fail with the same reason (a full disk), so one text is told at most once a minute.
 */
import type { ServerOptions } from '../server/index.ts'
import type { Screen } from './screen.ts'

export interface ServerTroubles {
  /** The first one; undefined while all is well. */
  readonly first: unknown
  readonly options: Pick<ServerOptions, 'onInternalError' | 'onAuditFailure'>
}

const QUIET_MS = 60_000

export function watchTroubles(screen: Pick<Screen, 'fail'>, now: () => number = Date.now): ServerTroubles {
  const told = new Map<string, number>()
  let first: unknown
  const tell = (what: string, error: unknown): void => {
    first ??= error
    const text = `${what}: ${error instanceof Error ? error.message : String(error)}`
    const time = now()
    if (time - (told.get(text) ?? -QUIET_MS) < QUIET_MS) return
    // Texts that come and go, with a request's path in them for example, do not pile up.
    for (const [old, at] of told) if (time - at >= QUIET_MS) told.delete(old)
    told.set(text, time)
    screen.fail(text)
  }
  return {
    get first() {
      return first
    },
    options: {
      onInternalError: (error) => tell('internal error in the server', error),
      onAuditFailure: (error, device) =>
        tell(`the audit device ${device} failed, requests that no other device records are refused`, error),
    },
  }
}
