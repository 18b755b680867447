/**
 * `.plenum/server.json`: which process serves this hub, and where. A file whose process is gone means nothing runs, and so
 * does one that was copied here with its folder: it tells of the other folder's server.
 */
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { writePrivateFile } from './private-files.ts'
import type { RunFolder } from './run-folder.ts'

export interface RunningServer {
  readonly pid: number
  /** `http://127.0.0.1:8200` */
  readonly address: string
  /** Which store it serves: names the operator's credentials in the configuration folder. */
  readonly storeId: string
}

/** As it is in the file. */
interface WrittenServer extends RunningServer {
  /** The `.plenum` that the process serves. */
  readonly folder: string
}

export function writeServerFile(folder: RunFolder, server: RunningServer): void {
  const written: WrittenServer = { ...server, folder: realpathSync(folder.path) }
  writePrivateFile(folder.serverFile, `${JSON.stringify(written, undefined, 2)}\n`)
}

export function removeServerFile(folder: RunFolder): void {
  rmSync(folder.serverFile, { force: true })
}

/** `undefined` when nothing runs, also when a crash left the file behind. */
export function readServerFile(folder: RunFolder): RunningServer | undefined {
  if (!existsSync(folder.serverFile)) return undefined
  const written = parse(readFileSync(folder.serverFile, 'utf8'))
  if (written === undefined) return undefined
  const { folder: home, ...server } = written
  return home === realpathSync(folder.path) && isAlive(server.pid) ? server : undefined
}

function parse(text: string): WrittenServer | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, address, storeId, folder } = value as Partial<Record<keyof WrittenServer, unknown>>
  return typeof pid === 'number' &&
    typeof address === 'string' &&
    URL.canParse(address) &&
    typeof storeId === 'string' &&
    typeof folder === 'string'
    ? { pid, address, storeId, folder }
    : undefined
}

/** Signal 0 asks whether a process is there. EPERM: it is, and belongs to somebody else. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * A process that ended and that nobody has collected answers to signals still: for good in a container whose first
 * process collects none. Where there is no /proc nothing is known of it.
 */
function isZombie(pid: number): boolean {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return false
  const stat = readFileSync(file, 'utf8')
  // The command's name stands in parentheses and may hold anything; the state follows.
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}
