/** `.plenum/server.json`: which process serves this hub, and where. A file whose process is gone means nothing runs. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { writePrivateFile } from './private-files.ts'
import type { RunFolder } from './run-folder.ts'

export interface RunningServer {
  readonly pid: number
  /** `http://127.0.0.1:8200` */
  readonly address: string
  /** Which store it serves: names the operator's credentials in the configuration folder. */
  readonly storeId: string
}

export function writeServerFile(folder: RunFolder, server: RunningServer): void {
  writePrivateFile(folder.serverFile, `${JSON.stringify(server, undefined, 2)}\n`)
}

export function removeServerFile(folder: RunFolder): void {
  rmSync(folder.serverFile, { force: true })
}

/** `undefined` when nothing runs, also when a crash left the file behind. */
export function readServerFile(folder: RunFolder): RunningServer | undefined {
  if (!existsSync(folder.serverFile)) return undefined
  const server = parse(readFileSync(folder.serverFile, 'utf8'))
  return server !== undefined && isAlive(server.pid) ? server : undefined
}

function parse(text: string): RunningServer | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, address, storeId } = value as Partial<Record<keyof RunningServer, unknown>>
  return typeof pid === 'number' && typeof address === 'string' && typeof storeId === 'string'
    ? { pid, address, storeId }
    : undefined
}

/** Signal 0 asks whether a process is there. EPERM: it is, and belongs to somebody else. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
