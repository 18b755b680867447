/**
 * The unseal key of a store from its shares: out of files, a pipe, or asked for at the terminal, where what is typed is
 * not shown. Never from the command line, which every user of the machine can read.
 *
 * Invariant: a share counts once; what is no share is told by its place, never by its text.
 */
import { readFileSync } from 'node:fs'
import { decodeShare, Quorum } from '../../server/index.ts'
import { CommandError, systemHint } from '../failure.ts'
import { askSecret } from '../question.ts'
import type { Screen } from '../screen.ts'

const STDIN = '-'

/**
 * One share a line, in hexadecimal or base64; `-` is standard input. What is not needed is not looked at.
 * @throws {CommandError} when there are too few, or a line is none
 */
export async function keyFromFiles(paths: readonly string[], threshold: number): Promise<Buffer> {
  const given = new Quorum()
  try {
    for (const path of paths) {
      const name = path === STDIN ? 'standard input' : path
      for (const [at, line] of (await linesOf(path)).entries()) {
        if (given.progress === threshold || line === '') continue
        given.add(shareOf(line, `${name}, line ${at + 1}`))
      }
    }
    if (given.progress < threshold)
      throw wrongShares(`${threshold} different unseal shares are needed, and ${given.progress} were given`)
    return await combined(given)
  } finally {
    given.forget()
  }
}

/** Asks until there are enough. @throws {CommandError} when the person gives up */
export async function keyFromTerminal(threshold: number, screen: Screen): Promise<Buffer> {
  const given = new Quorum()
  try {
    while (given.progress < threshold) {
      const number = given.progress + 1
      const text = await askSecret(`Unseal share ${number} of ${threshold} (not shown)`)
      try {
        if (!given.add(shareOf(text.reveal().trim(), `share ${number}`))) screen.warn('that share was given before')
      } catch (error) {
        if (!(error instanceof CommandError)) throw error
        screen.warn(error.message)
      }
    }
    return await combined(given)
  } finally {
    given.forget()
  }
}

/** @throws {CommandError} for shares that do not make this store's key */
export function wrongShares(message: string, cause?: unknown): CommandError {
  return new CommandError('unseal-shares', message, {
    hint: 'give the shares that `operator init` or the last rekey answered (--shares), in hexadecimal or base64, one a line',
    cause,
  })
}

async function combined(given: Quorum): Promise<Buffer> {
  const key = await given.combine()
  if (key === undefined) throw wrongShares('these unseal shares do not belong together')
  return key
}

function shareOf(text: string, where: string): Buffer {
  try {
    return decodeShare(text)
  } catch (cause) {
    throw wrongShares(`${where}: this is no unseal share`, cause)
  }
}

async function linesOf(path: string): Promise<string[]> {
  const bytes = path === STDIN ? await readStdin() : readShareFile(path)
  const lines = bytes.toString('latin1').split(/\r?\n/)
  bytes.fill(0)
  return lines.map((line) => line.trim())
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  for (const chunk of chunks) chunk.fill(0)
  return bytes
}

function readShareFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const hint = systemHint(cause)
    throw new CommandError('unseal-shares', `the file of unseal shares cannot be read: ${why}`, {
      ...(hint === undefined ? {} : { hint }),
      cause,
    })
  }
}
