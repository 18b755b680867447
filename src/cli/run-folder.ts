/**
 * The folder `.plenum` beside plenum.yaml: what `plenum up` leaves for Airflow, services and other commands.
 *
 *   .plenum/
 *     .gitignore                     *: the folder ignores itself
 *     vault/                         the embedded server's store, encrypted; its key is not here
 *     audit.log                      the embedded server's audit file
 *     server.json                    who is running: pid, address, store id, and for which folder
 *     server.log                     what `up --detach` prints
 *     airflow.env                    Airflow's settings in environment dev; no secret in it
 *     airflow.<env>.env              the same for every other environment
 *     credentials/<env>/<role>/      role_id, secret_id (0600); for airflow also backend_kwargs.json (0600)
 *
 * Folders are 0700 and files 0600, whatever the umask says.
 */
import { join } from 'node:path'
import { type CredentialFiles, credentialFiles } from './credential-files.ts'
import { makePrivateFolder, writePrivateFile } from './private-files.ts'

export interface RunFolder {
  readonly path: string
  readonly vault: string
  readonly auditLog: string
  readonly serverFile: string
  readonly serverLog: string
  airflowEnv(environment: string): string
  credentials(environment: string, role: string): CredentialFiles
}

export function runFolder(hubFolder: string): RunFolder {
  const path = join(hubFolder, '.plenum')
  return {
    path,
    vault: join(path, 'vault'),
    auditLog: join(path, 'audit.log'),
    serverFile: join(path, 'server.json'),
    serverLog: join(path, 'server.log'),
    airflowEnv: (environment) => join(path, environment === 'dev' ? 'airflow.env' : `airflow.${environment}.env`),
    credentials: (environment, role) => credentialFiles(join(path, 'credentials', environment, role)),
  }
}

export function prepareRunFolder(folder: RunFolder): void {
  makePrivateFolder(folder.path)
  writePrivateFile(join(folder.path, '.gitignore'), '*\n')
}
