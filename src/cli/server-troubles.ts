/**
 * What goes wrong in a server that serves beside a command (`plenum up`). The client sees a bare 500; here the reason is
 * told. Every request may fail with the same reason (a full disk), so one text is told at most once a minute.
 */
import type { Report, ServerEvent } from '../server/index.ts'
import type { Screen } from './screen.ts'
import { newsOf, onceAMinute } from './serving/news.ts'

export interface ServerTroubles {
  /** The first one; undefined while all is well. */
  readonly first: unknown
  readonly report: Report
}

export function watchTroubles(screen: Pick<Screen, 'fail' | 'warn'>, now: () => number = Date.now): ServerTroubles {
  const isNew = onceAMinute(now)
  let first: unknown
  return {
    get first() {
      return first
    },
    report(event: ServerEvent) {
      if (event.kind === 'internal-error' || event.kind === 'audit-failed') first ??= event.error
      const news = newsOf(event)
      if (!isNew(news)) return
      if (news.level === 'error') screen.fail(news.text)
      if (news.level === 'warn') screen.warn(news.text)
    },
  }
}
