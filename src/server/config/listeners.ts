/** The `listener` blocks. Keys, defaults and meaning are Vault's. */
import { isIP } from 'node:net'
import type { ForwardedFor, TcpListener, TlsSettings, UnixListener } from '../http/index.ts'
import type { Section } from './section.ts'

/** Where certificate and key lie; paths as written. */
export interface TlsFiles extends Omit<TlsSettings, 'certificate' | 'key' | 'clientAuthority'> {
  readonly certificateFile: string
  readonly keyFile: string
  readonly clientAuthorityFile: string | undefined
}

export type ConfiguredListener = UnixListener | (Omit<TcpListener, 'tls'> & { readonly tls: TlsFiles | undefined })

const DEFAULT_ADDRESS = '127.0.0.1:8200'
const ANY = { least: 0, most: Number.MAX_SAFE_INTEGER }

export function readListener(label: string, section: Section): readonly ConfiguredListener[] {
  if (label === 'tcp') return [readTcp(section)]
  if (label === 'unix') return [readUnix(section)]
  section.refuse('there are listeners of type tcp and unix')
  return []
}

function readTcp(section: Section): ConfiguredListener {
  const address = section.text('address') ?? DEFAULT_ADDRESS
  const place = parseAddress(address)
  if (place === undefined) section.refuse('address must be HOST:PORT', section.placeOf('address'))
  // One node has no other to talk to.
  section.accept('cluster_address')
  const listener: ConfiguredListener = {
    kind: 'tcp',
    ...(place ?? { host: '', port: 0 }),
    tls: readTls(section),
    forwardedFor: readForwardedFor(section),
    openMetrics: readTelemetry(section),
    ...readLimits(section),
  }
  section.end()
  return listener
}

function readUnix(section: Section): ConfiguredListener {
  const path = section.text('address')
  if (path === undefined) section.refuse('address must be the path of the socket')
  const mode = section.text('socket_mode')
  if (mode !== undefined && !/^0?[0-7]{3}$/.test(mode))
    section.refuse('socket_mode must be three octal digits: "600"', section.placeOf('socket_mode'))
  // HTTP without TLS is all that a socket file speaks; Vault's own examples say so.
  if (section.flag('tls_disable') === false) section.refuse('a Unix socket has no TLS', section.placeOf('tls_disable'))
  const id = { least: 0, most: 2 ** 32 - 2 }
  const listener: UnixListener = {
    kind: 'unix',
    path: path ?? '',
    mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
    uid: section.whole('socket_user', id),
    gid: section.whole('socket_group', id),
    ...readLimits(section),
  }
  section.end()
  return listener
}

/** `127.0.0.1:8200`, `[::1]:8200`; without a host, every interface. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const { bracketed, host, port } =
    /^(?:\[(?<bracketed>[^\]\s]+)\]|(?<host>[^:\s[\]]*)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port === undefined || Number(port) > 65_535) return undefined
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined
  return { host: bracketed ?? (host === undefined || host === '' ? '0.0.0.0' : host), port: Number(port) }
}

function readTls(section: Section): TlsFiles | undefined {
  const off = section.flag('tls_disable') ?? false
  const certificateFile = section.text('tls_cert_file')
  const keyFile = section.text('tls_key_file')
  const minVersion = readVersion(section, 'tls_min_version')
  const maxVersion = readVersion(section, 'tls_max_version')
  const required = section.flag('tls_require_and_verify_client_cert') ?? false
  const none = section.flag('tls_disable_client_certs') ?? false
  const clientAuthorityFile = section.text('tls_client_ca_file')
  // The order is not a choice any more.
  section.accept('tls_prefer_server_cipher_suites')
  if (off) return undefined
  if (certificateFile === undefined || keyFile === undefined) {
    const missing = certificateFile === undefined ? 'tls_cert_file' : 'tls_key_file'
    return section.refuse(`${missing} is missing: name it, or say tls_disable = true for plain HTTP`)
  }
  if (minVersion !== undefined && maxVersion !== undefined && minVersion > maxVersion)
    section.refuse('tls_min_version is newer than tls_max_version', section.placeOf('tls_min_version'))
  if (required && none)
    section.refuse('client certificates are both required and disabled', section.placeOf('tls_disable_client_certs'))
  if (required && clientAuthorityFile === undefined)
    section.refuse(
      'tls_client_ca_file is missing: whose client certificates are to be required?',
      section.placeOf('tls_require_and_verify_client_cert'),
    )
  return {
    certificateFile,
    keyFile,
    clientAuthorityFile,
    minVersion,
    maxVersion,
    clientCertificate: required ? 'require' : none ? 'none' : 'ask',
  }
}

function readVersion(section: Section, key: string): TlsSettings['minVersion'] {
  const version = section.choice(key, ['tls12', 'tls13'])
  if (version === undefined) return undefined
  return version === 'tls12' ? 'TLSv1.2' : 'TLSv1.3'
}

function readTelemetry(section: Section): boolean {
  const telemetry = section.block('telemetry')
  const open = telemetry?.flag('unauthenticated_metrics_access') ?? false
  telemetry?.end()
  return open
}

function readForwardedFor(section: Section): ForwardedFor | undefined {
  const trusted = section.texts('x_forwarded_for_authorized_addrs')
  const skipHops = section.whole('x_forwarded_for_hop_skips', { least: 0, most: 100 }) ?? 0
  // Off unless asked for, as Vault does; its documentation says otherwise.
  const untrusted = section.flag('x_forwarded_for_reject_not_authorized') ? 'reject' : 'ignore'
  const absent = section.flag('x_forwarded_for_reject_not_present') ? 'reject' : 'ignore'
  if (trusted === undefined) return undefined
  if (!trusted.every(isNetwork)) {
    return section.refuse(
      'x_forwarded_for_authorized_addrs must hold addresses and networks: "10.0.0.0/8"',
      section.placeOf('x_forwarded_for_authorized_addrs'),
    )
  }
  return { trusted, skipHops, untrusted, absent }
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, more] = text.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return (
    bits > 0 && more === undefined && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  )
}

function readLimits(section: Section): Pick<TcpListener, 'maxBodyBytes' | 'requestTimeoutMs' | 'idleTimeoutMs'> {
  const size = section.whole('max_request_size', ANY)
  const duration = section.duration('max_request_duration')
  const idle = section.duration('http_idle_timeout')
  // 0 means the default, as in Vault.
  return {
    maxBodyBytes: size === 0 ? undefined : size,
    requestTimeoutMs: milliseconds(duration),
    idleTimeoutMs: milliseconds(idle),
  }
}

/** Node's timers hold 31 bits. */
function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds === 0 ? undefined : Math.min(Math.ceil(seconds * 1000), 2 ** 31 - 1)
}
