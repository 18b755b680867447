/** Where the server listens, and what each place asks of a connection. */
import type { ForwardedFor } from './forwarded.ts'

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

export interface TlsSettings {
  /** PEM: the server's certificate, then those between it and its authority. */
  readonly certificate: Buffer
  /** PEM, without a passphrase. */
  readonly key: Buffer
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion | undefined
  /** Default: the newest there is. */
  readonly maxVersion?: TlsVersion | undefined
  /**
   * Default `ask`: whoever has none, or one that nobody vouches for, still connects, and what it is worth is judged
   * where somebody logs in with it. `require` ends the handshake unless `clientAuthority` signed it.
   */
  readonly clientCertificate?: 'none' | 'ask' | 'require' | undefined
  /** PEM. */
  readonly clientAuthority?: Buffer | undefined
}

interface Limits {
  /** Largest body, in bytes. Default 32 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** For one request, in ms: to arrive, and then to be answered. Default 90,000. */
  readonly requestTimeoutMs?: number | undefined
  /** How long a connection may wait for its next request, in ms. Default 65,000. */
  readonly idleTimeoutMs?: number | undefined
}

export interface TcpListener extends Limits {
  readonly kind: 'tcp'
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Plain HTTP without it. */
  readonly tls?: TlsSettings | undefined
  /** Whether `sys/metrics` needs no token here. Default: it does. */
  readonly openMetrics?: boolean | undefined
  /** Without it the header counts for nothing: the address of the socket does. */
  readonly forwardedFor?: ForwardedFor | undefined
}

export interface UnixListener extends Limits {
  readonly kind: 'unix'
  readonly path: string
  /** Default 0600. */
  readonly mode?: number | undefined
  /** Default: this process's own. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

export type Listener = TcpListener | UnixListener

/** A listener cannot be opened. Its messages hold no piece of a key. */
export class ListenError extends Error {
  readonly code: 'listen-port-taken' | 'listen-refused' | 'listen-tls'
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** `127.0.0.1:8200`, `[::1]:8200` or the path of a socket. */
export function placeOf(listener: Listener): string {
  if (listener.kind === 'unix') return listener.path
  return `${listener.host.includes(':') ? `[${listener.host}]` : listener.host}:${listener.port}`
}
