/** An embedded server behind a certificate of an authority that was made for it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../../src/server/index.ts'

export interface SecureServer {
  readonly address: string
  readonly token: string
  /** Path of the authority's certificate, PEM. */
  readonly authority: string
  close(): Promise<void>
}

/** `folder`: a private one, for keys and certificates. */
export async function startSecureServer(folder: string): Promise<SecureServer> {
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe', cwd: folder })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const rights = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=interop',
    ...rights,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  openssl('req', '-new', ...key, '-subj', '/CN=127.0.0.1', '-keyout', 'own.key', '-out', 'own.csr')
  const extensions = [
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
    'authorityKeyIdentifier=keyid',
    'extendedKeyUsage=serverAuth',
  ]
  writeFileSync(at('own.ext'), extensions.join('\n'))
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'own.ext']
  openssl('x509', '-req', '-in', 'own.csr', ...signed, '-out', 'own.pem')

  const tls = { certificate: readFileSync(at('own.pem')), key: readFileSync(at('own.key')) }
  const server = await startServer({
    storage: { kind: 'memory' },
    listeners: [{ kind: 'tcp', host: '127.0.0.1', port: 0, tls }],
  })
  const { keys, rootToken } = await server.core.initialize({ shares: 1, threshold: 1 })
  for (const share of keys) await server.core.unsealWithKey(share)
  return { address: server.address, token: rootToken, authority: at('ca.pem'), close: () => server.close() }
}
