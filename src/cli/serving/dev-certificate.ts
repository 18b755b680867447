/**
 * An authority and a certificate of its own for `plenum server --dev-tls`, in memory. X.509 is the library's business.
 *
 * Invariant: the authority's key is gone when this returns, so that it signs nothing else.
 */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** All PEM. */
export interface DevPair {
  readonly authority: string
  readonly certificate: string
  /** PKCS #8. */
  readonly key: string
}

export interface DevPairOptions {
  /** DNS names and addresses. */
  readonly names: readonly string[]
  readonly commonName: string
  /** Unix milliseconds. */
  readonly now: number
  /** So many bytes. */
  readonly random: (bytes: number) => Buffer
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const MINUTE_MS = 60_000
/** A dev server forgets everything long before. */
const VALID_MS = 365 * 24 * 60 * MINUTE_MS
const AUTHORITY = named('Plenum dev CA')

export async function issueDevPair({ names, commonName, now, random }: DevPairOptions): Promise<DevPair> {
  const [authority, server] = await Promise.all([newKeys(), newKeys()])
  const span = { notBefore: new Date(now - MINUTE_MS), notAfter: new Date(now + VALID_MS) }
  const generate = (subject: Name, of: webcrypto.CryptoKeyPair, extensions: Extension[]) =>
    X509CertificateGenerator.create(
      {
        ...span,
        serialNumber: serial(random),
        subject,
        issuer: AUTHORITY,
        publicKey: of.publicKey,
        signingKey: authority.privateKey,
        signingAlgorithm: EC,
        extensions,
      },
      webcrypto,
    )
  const ca = await generate(AUTHORITY, authority, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    await SubjectKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
  ])
  const own = await generate(named(commonName), server, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
    ),
    await AuthorityKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
    await SubjectKeyIdentifierExtension.create(server.publicKey, false, webcrypto),
  ])
  return {
    authority: `${ca.toString('pem')}\n`,
    certificate: `${own.toString('pem')}\n`,
    key: `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', server.privateKey), 'PRIVATE KEY')}\n`,
  }
}

function named(commonName: string): Name {
  return new Name([{ CN: [commonName] }])
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])
}

/** Positive, and of 16 bytes whatever they are. */
function serial(random: (bytes: number) => Buffer): string {
  return `01${random(15).toString('hex')}`
}
