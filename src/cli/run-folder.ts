/**
 * The folder `.plenum` beside plenum.yaml: what `plenum up` leaves for Airflow, services and other commands.
 *
 *   .plenum/
 *     .gitignore                     *: the folder ignores itself
 *     vault/                         the embedded server's store, encrypted; its key is not here
 *     audit.log                      the embedded server's audit file
 *     server.json                    who is running: pid, address, store id
 *     server.log                     what `up --detach` prints
 *     airflow.env                    Airflow's settings; no secret in it
 *     credentials/<env>/<role>/      role_id, secret_id (0600); for airflow also backend_kwargs.json (0600)
 *
 * Folders are 0700 and files 0600, whatever the umask says.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RunFolder {
  readonly path: string
  readonly vault: string
  readonly auditLog: string
  readonly serverFile: string
  readonly serverLog: string
  readonly airflowEnv: string
  credentials(environment: string, role: string): { readonly folder: string; readonly roleId: string; readonly secretId: string; readonly kwargs: string }
}

export function runFolder(hubFolder: string): RunFolder {
  const path = join(hubFolder, '.plenum')
  return {
    path,
    vault: join(path, 'vault'),
    auditLog: join(path, 'audit.log'),
    serverFile: join(path, 'server.json'),
    serverLog: join(path, 'server.log'),
    airflowEnv: join(path, 'airflow.env'),
    credentials(environment, role) {
      const folder = join(path, 'credentials', environment, role)
      return { folder, roleId: join(folder, 'role_id'), secretId: join(folder, 'secret_id'), kwargs: join(folder, 'backend_kwargs.json') }
    },
  }
}

export function prepareRunFolder(folder: RunFolder): void {
  makePrivateFolder(folder.path)
  writePrivateFile(join(folder.path, '.gitignore'), '*\n')
}

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** Whole or not at all: written beside and renamed. Leaves a file alone that already holds this text. */
export function writePrivateFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) {
    chmodSync(path, 0o600)
    return
  }
  const beside = `${path}.${process.pid}.new`
  try {
    writeFileSync(beside, text, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, path)
  } finally {
    rmSync(beside, { force: true })
  }
}
