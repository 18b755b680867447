/**
 * The table of audit devices: which are enabled, kept across restarts, each with a salt of its own.
 *
 * Invariant: a device is served only after a test entry has been stored, unless the caller wants none. A server whose
 * table names devices of which none can be opened does not unseal: it must not run unaudited because a disk is missing.
 * When one opens, the others are reported and tried again with every entry, as in Vault.
 *
 * Files and Unix sockets may lie only in the folders that the server was started with, and lines have a prefix only where
 * it was started so: together they would let a caller write what they like where they like (D6, S13).
 *
 * A relative path lies below the first of these folders, wherever that is today: so a store moves together with it.
 */
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path'
import {
  type AuditBroker,
  type AuditDeviceStatus,
  AuditWriteError,
  BALLAST_NAME,
  createDevice,
  createDiskReserves,
  type DeviceSettings,
  type DeviceSurroundings,
  holdInFiles,
  readDeviceSettings,
} from '../audit/index.ts'
import type { AuditDeviceView, AuditPort } from '../engines/system/index.ts'
import { invalidRequest } from '../logical/index.ts'
import type { Storage } from '../storage/index.ts'
import { Turns } from '../../concurrency/index.ts'
import type { Report } from './events.ts'

/** Stored at `core/audit`: `{"version":1,"devices":[StoredDevice, ...]}`; the salt in hexadecimal. */
interface StoredDevice extends AuditDeviceView {
  readonly salt: string
}
const TABLE_KEY = 'audit'

/** What audit devices may use of the process that the server runs in. */
export interface AuditPlace {
  /** Standard output, for `file_path=stdout`. Default: it belongs to someone else, and there is no such device. */
  readonly stdout?: DeviceSurroundings['stdout']
  /** Folders in which no file may lie, though an audit folder holds them: the store's. Default: none. */
  readonly keepOut?: readonly string[]
  /** Whether a device may be enabled with a `prefix`. Default false. */
  readonly allowPrefix?: boolean
  /** Free bytes below which the disk of a log is reported. Default 64 MiB. */
  readonly reserveBytes?: number
  /** Whether the reserve is held in a file, which gives way to entries when the disk is full. Default false. */
  readonly holdReserve?: boolean
}

const DEFAULT_RESERVE_BYTES = 64 * 1024 ** 2

export interface AuditDevicesOptions {
  readonly storage: Storage
  readonly broker: AuditBroker
  /** Absolute. Empty: no file device can be enabled. */
  readonly folders: readonly string[]
  readonly place: AuditPlace
  readonly random: (bytes: number) => Buffer
  readonly now: () => number
  readonly report: Report
}

/** An audit device as `plenum server status` shows it. */
export interface AuditDeviceReport extends AuditDeviceStatus {
  readonly type: string
  /** A path, an address, or what else says where entries go. */
  readonly place: string
}

export interface AuditDevices extends AuditPort {
  /** @throws {AuditWriteError} when there are devices in the table and none of them can be opened. */
  load(): void
  reports(): readonly AuditDeviceReport[]
  /** The devices themselves are the broker's to close. */
  close(): void
}

export function createAuditDevices({
  storage,
  broker,
  folders,
  place,
  random,
  now,
  report,
}: AuditDevicesOptions): AuditDevices {
  const { stdout, allowPrefix = false, keepOut = [] } = place
  const { reserveBytes = DEFAULT_RESERVE_BYTES, holdReserve = false } = place
  const reserves = createDiskReserves({
    bytes: reserveBytes,
    now,
    report: (notice) => report({ kind: 'audit-notice', ...notice }),
    hold: holdReserve ? holdInFiles(random) : undefined,
  })
  const surroundings: DeviceSurroundings = { stdout, reserves }
  const devices = new Map<string, StoredDevice>()
  // The table is one document: changes of it wait for each other.
  const turns = new Turns()

  /** Puts a device into service. @throws {AuditWriteError} when it cannot be opened; it is in service all the same. */
  function start({ path, salt }: StoredDevice, { target, entries }: DeviceSettings): void {
    const sink = createDevice(located(target, folders), surroundings)
    broker.add(path, sink, Buffer.from(salt, 'hex'), entries)
    sink.reopen()
  }

  function settingsOf({ type, options }: AuditDeviceView): DeviceSettings {
    const settings = readDeviceSettings(type, options)
    const { prefix } = settings.entries
    if (prefix !== '' && !allowPrefix) throw invalidRequest('prefix is not allowed on this server')
    if (/[\r\n]/.test(prefix)) throw invalidRequest('prefix must stay on one line')
    return settings
  }

  /** Puts a device of the stored table into service, failing or not. */
  function restart(device: StoredDevice): AuditWriteError | undefined {
    try {
      start(device, settingsOf(device))
      return undefined
    } catch (cause) {
      const error = cause instanceof AuditWriteError ? cause : unusable(device.path, cause)
      // Without settings there is no device to try again, but the table names one: it counts, as one that fails.
      if (!broker.has(device.path)) broker.addRefusing(device.path, error)
      return error
    }
  }

  function save(): Promise<void> {
    const value = Buffer.from(JSON.stringify({ version: 1, devices: [...devices.values()] }))
    return storage.commit([{ kind: 'put', key: TABLE_KEY, value }])
  }

  /** Folders in which no log lies any more get their room back. */
  function tidyReserves(): void {
    const targets = [...devices.values()].flatMap(({ type, options }) => {
      const path = options['file_path'] ?? options['path']
      return type === 'file' && path !== undefined ? [dirname(locate(path, folders))] : []
    })
    reserves.keepOnly(new Set(targets))
  }

  return {
    load() {
      const bytes = storage.get(TABLE_KEY)
      if (bytes === undefined) return
      const table = JSON.parse(Buffer.from(bytes).toString('utf8')) as { devices: StoredDevice[] }
      for (const device of table.devices) devices.set(device.path, device)
      const outcomes = table.devices.map((device) => ({ path: device.path, type: device.type, error: restart(device) }))
      const [first] = outcomes
      if (first?.error !== undefined && outcomes.every(({ error }) => error !== undefined)) {
        broker.close()
        throw first.error
      }
      for (const { path, type, error } of outcomes) {
        if (error === undefined) report({ kind: 'audit-opened', path, type })
        else broker.failed(path, error)
      }
    },
    reports() {
      return broker.status().flatMap((status): AuditDeviceReport[] => {
        const device = devices.get(status.path)
        return device === undefined ? [] : [{ ...status, type: device.type, place: shownPlace(device, folders) }]
      })
    },
    close: () => reserves.close(),
    list: () =>
      [...devices.values()].map(({ path, type, description, options, local = false }) => ({
        path,
        type,
        description,
        options,
        local,
      })),
    enable: (device) => turns.run(TABLE_KEY, () => enable(device)),
    disable: (path) => turns.run(TABLE_KEY, () => disable(path)),
    hash: (path, input) => broker.hash(path, input),
  }

  async function enable(device: AuditDeviceView): Promise<readonly string[]> {
    const { path } = device
    if (devices.has(path)) throw invalidRequest('path already in use')
    const settings = settingsOf(device)
    confine(settings.target, folders, keepOut)
    const stored: StoredDevice = { ...device, salt: random(32).toString('hex') }
    try {
      start(stored, settings)
      if (!settings.skipTest) await broker.test(path)
    } catch (error) {
      broker.remove(path)
      tidyReserves()
      if (error instanceof AuditWriteError)
        throw invalidRequest(`sanity check failed; unable to open or write the audit device: ${error.message}`)
      throw error
    }
    devices.set(path, stored)
    try {
      await save()
    } catch (error) {
      devices.delete(path)
      broker.remove(path)
      tidyReserves()
      throw error
    }
    report({ kind: 'audit-enabled', path, type: device.type })
    if (!settings.entries.logRaw) return []
    const warning = `the audit device ${path} writes every secret, token and password in clear (log_raw)`
    report({ kind: 'audit-notice', severity: 'warn', text: warning })
    return [warning]
  }

  async function disable(path: string): Promise<void> {
    const device = devices.get(path)
    if (device === undefined) return
    devices.delete(path)
    try {
      await save()
    } catch (error) {
      // It is still in the stored table, so it still gets every entry.
      devices.set(path, device)
      throw error
    }
    broker.remove(path)
    tidyReserves()
    report({ kind: 'audit-disabled', path, type: device.type })
  }
}

/** Where a device of the table writes, as far as its options say it. */
function shownPlace({ type, options }: AuditDeviceView, folders: readonly string[]): string {
  const { file_path: path = options['path'] ?? '', address = '', socket_type: kind = 'tcp' } = options
  switch (type) {
    case 'file':
      return /^(?:stdout|discard)$/i.test(path) ? path.toLowerCase() : locate(path, folders)
    case 'socket':
      return kind === 'unix' ? locate(address, folders) : `${kind} ${address}`
    default:
      return `${options['facility'] ?? 'AUTH'} as ${options['tag'] ?? 'vault'}`
  }
}

function unusable(path: string, cause: unknown): AuditWriteError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AuditWriteError(`cannot use the audit device ${path}: ${reason}`, { cause })
}

type DeviceTarget = DeviceSettings['target']

/** With paths as they are on this machine. */
function located(target: DeviceTarget, folders: readonly string[]): DeviceTarget {
  if (target.kind === 'file') return { ...target, path: locate(target.path, folders) }
  if (target.kind === 'socket' && target.address.kind === 'unix')
    return { ...target, address: { kind: 'unix', path: locate(target.address.path, folders) } }
  return target
}

function locate(path: string, [first]: readonly string[]): string {
  return first === undefined ? path : resolve(first, path)
}

function confine(target: DeviceTarget, folders: readonly string[], keepOut: readonly string[]): void {
  switch (target.kind) {
    case 'file':
      return confinePath('file_path', target.path, folders, keepOut)
    case 'socket':
      return target.address.kind === 'unix' ? confinePath('address', target.address.path, folders, keepOut) : undefined
    case 'stdout':
    case 'discard':
    case 'syslog':
      return undefined
  }
}

function confinePath(option: string, path: string, folders: readonly string[], keepOut: readonly string[]): void {
  const located = locate(path, folders)
  if (basename(located) === BALLAST_NAME) throw invalidRequest(`${option} is the name of the reserve's own file`)
  const folder = dirname(located)
  const inside = (allowed: string): boolean => {
    const way = relative(allowed, folder)
    return way === '' || (!way.startsWith('..') && !isAbsolute(way))
  }
  if (!folders.some(inside))
    throw invalidRequest(`${option} is outside the folders this server may write audit logs to`)
  // A line in the store's own file would be the end of the store.
  if (keepOut.some(inside)) throw invalidRequest(`${option} is inside the folder of the server's store`)
}
