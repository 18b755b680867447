/**
 * The room that is to stay free on the disk of audit logs, folder by folder. A full disk refuses every request, so it is
 * told before: once when the room falls below the reserve, and once when it is back. Where the server holds the reserve in
 * a file (`ballast.ts`), that gives way to entries once the disk is full, and whoever runs the server is told loudly.
 *
 * Entries are written to the last byte, because a refusal before that would be the outage it warns of.
 */
import { freeBytes } from '../storage/index.ts'
import { type Ballast, BALLAST_NAME, ballastFile, createBallast } from './ballast.ts'
import { type DiskRoom, reasonOf } from './line-sink.ts'

/** Something that whoever runs the server must know, in words. */
export interface Notice {
  readonly severity: 'info' | 'warn' | 'error'
  readonly text: string
}

export interface DiskReserveOptions {
  /** Bytes that are to stay free for a process that is not root. */
  readonly bytes: number
  /** Unix milliseconds. */
  readonly now: () => number
  /** Told of each change. */
  readonly report: (notice: Notice) => void
  /** Free bytes of the disk a folder lies on. Default: the system's answer. */
  readonly free?: (folder: string) => number
  /** Makes the file that holds the reserve of a folder. Default: nothing is held. */
  readonly hold?: ((folder: string, bytes: number) => Ballast) | undefined
}

/** The reserve of one folder. */
export interface DiskReserve {
  /** Looks, at most once a second. Never throws. */
  look(): void
  /** Does what needs room, giving up the reserve for as long as the disk refuses it. @throws what `work` throws at last. */
  giveWay<T>(work: () => T): T
  room(): DiskRoom
  close(): void
  /** Nobody writes there any more. */
  remove(): void
}

/** Between two looks: what a server writes meanwhile is far less than a reserve. */
const LOOK_EVERY_MS = 1000

type Room = 'enough' | 'short' | 'unknown'

export function createDiskReserve(
  folder: string,
  { bytes, now, report, free = freeBytes, hold }: DiskReserveOptions,
): DiskReserve {
  let looked = Number.NEGATIVE_INFINITY
  let last: Room = 'enough'
  let ballast = hold?.(folder, bytes)
  let given = false

  /** Without it the server goes on as one that holds no reserve. */
  function withoutBallast(cause: unknown): void {
    ballast?.close()
    ballast = undefined
    report({
      severity: 'error',
      text: `the reserve for the audit logs in ${folder} cannot be held: ${reasonOf(cause)}`,
    })
  }

  function look(): { readonly room: Room; readonly notice: Notice; readonly left: number } {
    try {
      const left = free(folder)
      const text = `${inMebibytes(left)} MiB are free on the disk of the audit logs in ${folder}`
      return left < bytes
        ? {
            room: 'short',
            notice: { severity: 'warn', text: `only ${text}: make room, a full disk refuses every request` },
            left,
          }
        : { room: 'enough', notice: { severity: 'info', text: `${text} again` }, left }
    } catch (cause) {
      const text = `cannot tell how much room the audit logs in ${folder} have: ${reasonOf(cause)}`
      return { room: 'unknown', notice: { severity: 'warn', text }, left: 0 }
    }
  }

  async function grow(left: number): Promise<void> {
    try {
      if ((await ballast?.grow(left)) !== true || !given) return
      given = false
      report({ severity: 'info', text: `the reserve for the audit logs in ${folder} is held again` })
    } catch (cause) {
      withoutBallast(cause)
    }
  }

  /** Whether there is room now that was not there before. */
  function release(): boolean {
    if (ballast === undefined) return false
    try {
      const released = ballast.release()
      if (released && !given) {
        given = true
        report({
          severity: 'error',
          text: `the disk of the audit logs in ${folder} is full: entries use the reserve, of which ${inMebibytes(ballast.held())} MiB are left. Make room now: without it every request is refused`,
        })
      }
      return released
    } catch (cause) {
      withoutBallast(cause)
      return false
    }
  }

  return {
    look() {
      const time = now()
      // A clock that was set back must not stop the looking.
      if (time >= looked && time - looked < LOOK_EVERY_MS) return
      looked = time
      const { room, notice, left } = look()
      if (room !== last) report(notice)
      last = room
      if (room === 'enough') void grow(left)
    },
    giveWay(work) {
      for (;;) {
        try {
          return work()
        } catch (error) {
          if (!isNoRoom(error) || !release()) throw error
        }
      }
    },
    room() {
      return { free: quietly(() => free(folder)), reserve: bytes, held: quietly(() => ballast?.held()) }
    },
    close: () => ballast?.close(),
    remove() {
      try {
        ballast?.remove()
      } catch (cause) {
        withoutBallast(cause)
      }
    },
  }
}

/** One of each folder, made when the first log there asks for it. */
export interface DiskReserves {
  of(folder: string): DiskReserve
  /** Gives back what is held for folders that are not among these. */
  keepOnly(folders: ReadonlySet<string>): void
  close(): void
}

export function createDiskReserves(options: DiskReserveOptions): DiskReserves {
  const reserves = new Map<string, DiskReserve>()
  return {
    of(folder) {
      const known = reserves.get(folder)
      if (known !== undefined) return known
      const made = createDiskReserve(folder, options)
      reserves.set(folder, made)
      return made
    },
    keepOnly(folders) {
      for (const [folder, reserve] of reserves) {
        if (folders.has(folder)) continue
        reserves.delete(folder)
        reserve.remove()
      }
    },
    close() {
      for (const reserve of reserves.values()) reserve.close()
    },
  }
}

/** Holds reserves in files. */
export function holdInFiles(random: (bytes: number) => Buffer): NonNullable<DiskReserveOptions['hold']> {
  return (folder, bytes) => createBallast(ballastFile(folder, random), bytes)
}

const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

function isNoRoom(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NO_ROOM.has(error.code)
}

/** For a display: what cannot be told is left out. */
function quietly<T>(ask: () => T | undefined): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}

function inMebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1)
}

export { BALLAST_NAME }
