/**
 * The files of `plenum server --dev-tls`, under the names that `vault server -dev-tls` gives them: `vault-ca.pem` for
 * clients, `vault-cert.pem` and `vault-key.pem` for the server. Made anew at each start, removed when it ends.
 *
 * Invariants: the key lies in a file that is this user's alone; no file that was there before is written to or removed.
 */
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CommandError } from '../failure.ts'

export interface DevTls {
  readonly authorityFile: string
  readonly certificateFile: string
  readonly keyFile: string
  remove(): void
}

export interface DevTlsOptions {
  /** Made where it is not there, and left. Default: a new one in the system's folder for temporary files. */
  readonly folder: string | undefined
  /** What the certificate is for beside this machine's own names. */
  readonly names: readonly string[]
  readonly hostname: string
  /** Unix milliseconds. */
  readonly now: number
  readonly random: (bytes: number) => Buffer
}

/** @throws {CommandError} when one of the files is there already; the system's error when they cannot be written */
export async function makeDevTls({ folder, names, hostname, now, random }: DevTlsOptions): Promise<DevTls> {
  // Loaded here: a quarter of a second that no other server waits for.
  const { issueDevPair } = await import('./dev-certificate.ts')
  const pair = await issueDevPair({ names: namesFor(hostname, names), commonName: hostname, now, random })
  const place = folder === undefined ? mkdtempSync(join(tmpdir(), 'vault-tls')) : resolve(folder)
  if (folder !== undefined) mkdirSync(place, { recursive: true, mode: 0o700 })
  const files = {
    authorityFile: join(place, 'vault-ca.pem'),
    certificateFile: join(place, 'vault-cert.pem'),
    keyFile: join(place, 'vault-key.pem'),
  }
  const written: string[] = []
  const write = (file: string, text: string, mode: number): void => {
    writeFileSync(file, text, { mode, flag: 'wx' })
    written.push(file)
  }
  const remove = (): void => {
    for (const file of written) rmSync(file, { force: true })
    if (folder === undefined) rmdirSync(place)
  }
  try {
    write(files.authorityFile, pair.authority, 0o644)
    write(files.certificateFile, pair.certificate, 0o644)
    write(files.keyFile, pair.key, 0o600)
  } catch (error) {
    remove()
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw isThere(error, place)
    throw error
  }
  return { ...files, remove }
}

function isThere(cause: Error, folder: string): CommandError {
  return new CommandError('server-dev-tls', `${folder} holds a vault-ca.pem, vault-cert.pem or vault-key.pem already`, {
    hint: 'remove what a server that was killed left there, or choose another folder with --dev-tls-cert-dir',
    cause,
  })
}

function namesFor(hostname: string, more: readonly string[]): string[] {
  const local = ['localhost', 'localhost4', 'localhost6', 'localhost.localdomain', '127.0.0.1', '::1']
  return [...new Set([...local, ...(hostname === '' ? [] : [hostname]), ...more])]
}
