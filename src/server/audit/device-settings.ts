/**
 * The options of an audit device, as `sys/audit` takes them, read once into settings that cannot be wrong (vault-api 4.3
 * and 12). Pure: whether a path or a prefix is allowed here is decided by whoever knows how the server was started.
 */
import { parseDurationSeconds } from '../logical/duration.ts'
import { boolField } from '../logical/fields.ts'
import { invalidRequest } from '../logical/index.ts'
import type { EntryOptions } from './entry.ts'
import type { SocketAddress } from './socket-device.ts'
import { SYSLOG_FACILITIES, type SyslogFacility } from './syslog-device.ts'

export type DeviceTarget =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number | undefined }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'discard' }
  | { readonly kind: 'socket'; readonly address: SocketAddress; readonly timeoutMs: number }
  | { readonly kind: 'syslog'; readonly facility: SyslogFacility; readonly tag: string }

export interface DeviceSettings {
  readonly target: DeviceTarget
  readonly entries: EntryOptions
  /** Enable it without writing a test entry. */
  readonly skipTest: boolean
}

type Options = Readonly<Record<string, string>>

/**
 * What the devices of other versions of Vault take as well is ignored, as there.
 * @throws {LogicalError} `invalid-request`; the text names the option, never its value.
 */
export function readDeviceSettings(type: string, options: Options): DeviceSettings {
  const target = readTarget(type, options)
  if ((options['format'] ?? 'json') !== 'json') throw invalidRequest('only the format json is supported')
  return {
    target,
    entries: {
      hmacAccessor: boolField(options, 'hmac_accessor') ?? true,
      elideListResponses: boolField(options, 'elide_list_responses') ?? false,
      logRaw: boolField(options, 'log_raw') ?? false,
      prefix: options['prefix'] ?? '',
    },
    skipTest: boolField(options, 'skip_test') ?? false,
  }
}

function readTarget(type: string, options: Options): DeviceTarget {
  switch (type) {
    case 'file':
      return readFile(options)
    case 'socket':
      return readSocket(options)
    case 'syslog':
      return readSyslog(options)
    default:
      throw invalidRequest(`unknown backend type: ${JSON.stringify(type)}`)
  }
}

function readFile(options: Options): DeviceTarget {
  const path = options['file_path'] ?? options['path'] ?? ''
  if (path === '') throw invalidRequest('file_path is required')
  const special = path.toLowerCase()
  if (special === 'stdout' || special === 'discard') return { kind: special }
  const { mode } = options
  if (mode !== undefined && mode !== '' && !/^0*[0-7]{1,3}$/.test(mode))
    throw invalidRequest('mode must be octal permission bits, for example 0600')
  return { kind: 'file', path, mode: mode === undefined || mode === '' ? undefined : Number.parseInt(mode, 8) }
}

const DEFAULT_TIMEOUT_SECONDS = 2

function readSocket(options: Options): DeviceTarget {
  const address = options['address'] ?? ''
  if (address === '') throw invalidRequest('address is required')
  const seconds = parseDurationSeconds(options['write_timeout'] ?? String(DEFAULT_TIMEOUT_SECONDS))
  // No limit would be what Vault makes of 0: one collector that hangs would then hold up every request.
  if (seconds === undefined || seconds <= 0) throw invalidRequest('write_timeout must be a duration above 0')
  return {
    kind: 'socket',
    address: readAddress(options['socket_type'] ?? 'tcp', address),
    timeoutMs: seconds * 1000,
  }
}

function readAddress(type: string, address: string): SocketAddress {
  switch (type) {
    case 'unix':
      return { kind: 'unix', path: address }
    case 'tcp':
    case 'udp': {
      const found = /^(?:\[(?<six>[^\]]+)\]|(?<name>[^:[\]]*)):(?<port>\d{1,5})$/.exec(address)?.groups
      const port = Number(found?.['port'])
      if (found === undefined || port < 1 || port > 65_535)
        throw invalidRequest('address must be a host and a port, for example localhost:9090')
      return { kind: type, host: found['six'] ?? (found['name'] || 'localhost'), port }
    }
    default:
      throw invalidRequest('socket_type must be tcp, udp or unix')
  }
}

function readSyslog(options: Options): DeviceTarget {
  const wanted = (options['facility'] ?? 'AUTH').toLowerCase()
  const facility = SYSLOG_FACILITIES.find((known) => known === wanted)
  if (facility === undefined) throw invalidRequest('facility must be one of syslog, for example AUTH or LOCAL0')
  const tag = options['tag'] ?? 'vault'
  if (!/^[\w.:/-]{1,64}$/.test(tag)) throw invalidRequest('tag must be 1 to 64 letters, digits and -_.:/')
  return { kind: 'syslog', facility, tag }
}
