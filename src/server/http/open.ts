/**
 * A listener -> a bound server of Node. Nothing here reads a request.
 *
 * Invariant: a socket file of a server that is gone is replaced; one that somebody answers on, and any other file, is
 * left alone.
 */
import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import { connect } from 'node:net'
import { createSecureContext } from 'node:tls'
import {
  ListenError,
  type Listener,
  placeOf,
  type TcpListener,
  type TlsSettings,
  type UnixListener,
} from './listener.ts'

const ALPN_PROTOCOLS = ['h2', 'http/1.1']
/** 1 MiB of headers, as Go allows (vault-api 1.1). */
const MAX_HEADER_BYTES = 1024 * 1024
export const REQUEST_TIMEOUT_MS = 90_000
export const IDLE_TIMEOUT_MS = 65_000

/** Not bound yet. @throws {ListenError} when the certificate or the key cannot be used */
export function createHttpServer(listener: Listener): Server {
  const requestTimeout = listener.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout,
    headersTimeout: Math.min(60_000, requestTimeout),
    connectionsCheckingInterval: Math.min(10_000, requestTimeout),
    keepAliveTimeout: listener.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
  }
  if (listener.kind === 'unix' || listener.tls === undefined) return createServer(options)
  const { tls } = listener
  return withPair(listener, () => createSecureServer({ ...options, ...secureOptions(tls) }))
}

/**
 * Another certificate, key and client authority for new connections; those that are open keep what they have.
 * @throws {ListenError} when they cannot be used; the server then keeps what it has
 */
export function renewPair(server: SecureServer, listener: TcpListener, tls: TlsSettings): void {
  withPair(listener, () => {
    const { cert, key, ...rest } = secureOptions(tls)
    // Tried first: the server would forget its old pair before it looks at the new one.
    createSecureContext({ ...rest, cert, key })
    server.setSecureContext({ ...rest, cert, key })
  })
}

function withPair<T>(listener: Listener, use: () => T): T {
  try {
    return use()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ListenError(
      'listen-tls',
      `the certificate and key for ${placeOf(listener)} cannot be used (${reason}): both must be PEM, belong together and have no passphrase`,
      { cause },
    )
  }
}

function secureOptions(tls: TlsSettings) {
  const { clientCertificate = 'ask', clientAuthority } = tls
  return {
    ALPNProtocols: ALPN_PROTOCOLS,
    cert: tls.certificate,
    key: tls.key,
    minVersion: tls.minVersion ?? ('TLSv1.2' as const),
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    requestCert: clientCertificate !== 'none',
    rejectUnauthorized: clientCertificate === 'require',
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority }),
  }
}

/** @throws {ListenError} */
export async function bind(server: Server, listener: Listener): Promise<void> {
  const place = placeOf(listener)
  try {
    if (listener.kind === 'tcp') await listening(server, { host: listener.host, port: listener.port })
    else await bindSocketFile(server, listener)
  } catch (cause) {
    if (cause instanceof ListenError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw code === 'EADDRINUSE'
      ? new ListenError('listen-port-taken', takenText(listener), { cause })
      : new ListenError(
          'listen-refused',
          `cannot listen on ${place} (${code ?? message}): choose another address or port`,
          { cause },
        )
  }
}

function takenText(listener: Listener): string {
  const place = placeOf(listener)
  return listener.kind === 'tcp'
    ? `${place} is taken by another process: stop it, or choose another port with --port`
    : `${place} is there and is no socket that a server left behind: remove it, stop its server, or choose another path`
}

async function bindSocketFile(server: Server, { path, mode = 0o600, uid, gid }: UnixListener): Promise<void> {
  try {
    await listening(server, { path })
  } catch (error) {
    if (!(await isLeftBehind(error, path))) throw error
    unlinkSync(path)
    await listening(server, { path })
  }
  try {
    chmodSync(path, mode)
    if (uid !== undefined || gid !== undefined) chownSync(path, uid ?? -1, gid ?? -1)
  } catch (error) {
    server.close()
    throw error
  }
}

function listening(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function isLeftBehind(error: unknown, path: string): Promise<boolean> {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return false
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code === 'ECONNREFUSED'))
  })
}
