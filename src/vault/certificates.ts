/**
 * The PEM files that VAULT_CACERT, VAULT_CAPATH, VAULT_CLIENT_CERT and VAULT_CLIENT_KEY name, read into text for
 * `VaultClientOptions`. Checks that they look like PEM; TLS checks the rest when it connects.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VaultEnvironment } from './environment.ts'
import { VaultUsageError } from './errors.ts'

export interface ClientCertificates {
  readonly caCert: string | undefined
  readonly clientCert: string | undefined
  readonly clientKey: string | undefined
}

export type CertificateFiles = Pick<
  VaultEnvironment,
  'caCertFile' | 'caCertText' | 'caCertFolder' | 'clientCertFile' | 'clientKeyFile'
>

/** The CA comes from the file, else the text, else every file below the folder, as in the Vault CLI. */
export async function readCertificates(files: CertificateFiles): Promise<ClientCertificates> {
  return {
    caCert: await readAuthorities(files),
    clientCert:
      files.clientCertFile === undefined ? undefined : await readPem('VAULT_CLIENT_CERT', files.clientCertFile),
    clientKey: files.clientKeyFile === undefined ? undefined : await readPem('VAULT_CLIENT_KEY', files.clientKeyFile),
  }
}

async function readAuthorities(files: CertificateFiles): Promise<string | undefined> {
  if (files.caCertFile !== undefined) return readPem('VAULT_CACERT', files.caCertFile)
  if (files.caCertText !== undefined) return files.caCertText
  if (files.caCertFolder === undefined) return undefined
  const folder = files.caCertFolder
  const found = await reading('VAULT_CAPATH', folder, () => readdir(folder, { recursive: true, withFileTypes: true }))
  const paths = found.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  if (paths.length === 0) throw unusable('VAULT_CAPATH', folder, 'holds no files')
  const texts = await Promise.all(paths.sort().map((path) => readPem('VAULT_CAPATH', path)))
  return texts.join('\n')
}

async function readPem(variable: string, path: string): Promise<string> {
  const text = await reading(variable, path, () => readFile(path, 'utf8'))
  if (!text.includes('-----BEGIN ')) throw unusable(variable, path, 'is not in PEM form')
  return text
}

async function reading<T>(variable: string, path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw unusable(variable, path, 'cannot be read; check its path and permissions', error)
  }
}

function unusable(variable: string, path: string, why: string, cause?: unknown): VaultUsageError {
  return new VaultUsageError('vault-setting', variable, `${variable}: ${path} ${why}`, cause)
}
