/** Certificates that no public authority signed, made by `openssl`. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TestCertificate {
  readonly certificate: Buffer
  readonly key: Buffer
  /** `NAME.pem` and `NAME.key` in the folder. */
  readonly certificateFile: string
  readonly keyFile: string
}

export interface CertificateOptions {
  /** Default `localhost`. */
  readonly commonName?: string
  /** As openssl writes them. Default: `localhost` and 127.0.0.1. */
  readonly altNames?: string
}

export function certify(
  folder: string,
  name: string,
  { commonName = 'localhost', altNames = 'DNS:localhost,IP:127.0.0.1' }: CertificateOptions = {},
): TestCertificate {
  const [certificateFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)] as const
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = ['-subj', `/CN=${commonName}`, '-addext', `subjectAltName=${altNames}`]
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', keyFile, '-out', certificateFile], {
    stdio: 'ignore',
  })
  return { certificate: readFileSync(certificateFile), key: readFileSync(keyFile), certificateFile, keyFile }
}
