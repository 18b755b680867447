/**
 * The room that is to stay free on the disk of an audit log. A full disk refuses every request, so it is told before: once
 * when the room falls below the reserve, and once when it is back.
 *
 * It only tells: entries are written to the last byte, because a refusal before that would be the outage it warns of.
 */
import { statfsSync } from 'node:fs'
import { reasonOf } from './line-sink.ts'

export interface DiskReserve {
  /** Bytes that are to stay free for a process that is not root. */
  readonly bytes: number
  /** Unix milliseconds. */
  readonly now: () => number
  /** Told of each change, in words. */
  readonly report: (text: string) => void
  /** Free bytes of the disk a folder lies on. Default: the system's answer. */
  readonly free?: (folder: string) => number
}

/** Between two looks: what a server writes meanwhile is far less than a reserve. */
const LOOK_EVERY_MS = 1000

type Room = 'enough' | 'short' | 'unknown'

/** The returned function looks, at most once a second. It never throws. */
export function watchDiskReserve(folder: string, { bytes, now, report, free = freeBytes }: DiskReserve): () => void {
  let looked = Number.NEGATIVE_INFINITY
  let last: Room = 'enough'

  function look(): { readonly room: Room; readonly text: string } {
    try {
      const left = free(folder)
      const text = `${inMebibytes(left)} MiB are free on the disk of the audit logs in ${folder}`
      return left < bytes
        ? { room: 'short', text: `only ${text}: make room, a full disk refuses every request` }
        : { room: 'enough', text: `${text} again` }
    } catch (cause) {
      return { room: 'unknown', text: `cannot tell how much room the audit logs in ${folder} have: ${reasonOf(cause)}` }
    }
  }

  return () => {
    const time = now()
    // A clock that was set back must not stop the looking.
    if (time >= looked && time - looked < LOOK_EVERY_MS) return
    looked = time
    const { room, text } = look()
    if (room !== last) report(text)
    last = room
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function inMebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1)
}
