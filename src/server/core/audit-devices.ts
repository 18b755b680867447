/**
 * The table of audit devices: which are enabled, kept across restarts, each with a salt of its own.
 *
 * Invariant: a device is served only after a test entry has been stored, and a server whose table names a device that
 * cannot be opened does not unseal: it must not run unaudited because a disk is missing. Files may lie only in the
 * folders that the server was started with (D6, S13).
 *
 * A relative path lies below the first of these folders, wherever that is today: so a store moves together with it.
 */
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { type AuditBroker, AuditWriteError, openFileDevice } from '../audit/index.ts'
import type { AuditDeviceView, AuditPort } from '../engines/system/index.ts'
import { invalidRequest } from '../logical/index.ts'
import type { Storage } from '../storage/index.ts'
import { Turns } from '../../concurrency/index.ts'

/** Stored at `core/audit`: `{"version":1,"devices":[StoredDevice, ...]}`; the salt in hexadecimal. */
interface StoredDevice extends AuditDeviceView {
  readonly salt: string
}
const TABLE_KEY = 'audit'

export interface AuditDevicesOptions {
  readonly storage: Storage
  readonly broker: AuditBroker
  /** Absolute. Empty: no file device can be enabled. */
  readonly folders: readonly string[]
  readonly random: (bytes: number) => Buffer
  readonly now: () => number
}

export function createAuditDevices({
  storage,
  broker,
  folders,
  random,
  now,
}: AuditDevicesOptions): AuditPort & { load(): void } {
  const devices = new Map<string, StoredDevice>()
  // The table is one document: changes of it wait for each other.
  const turns = new Turns()

  function start(device: StoredDevice): void {
    const { options } = device
    const path = locate(options['file_path'] ?? options['path'] ?? '', folders)
    const mode = options['mode'] === undefined ? undefined : Number.parseInt(options['mode'], 8)
    const sink = openFileDevice({ path, ...(mode === undefined || Number.isNaN(mode) ? {} : { mode }) })
    broker.add(device.path, sink, Buffer.from(device.salt, 'hex'), {
      hmacAccessor: options['hmac_accessor'] !== 'false',
      elideListResponses: options['elide_list_responses'] === 'true',
    })
  }

  function save(): Promise<void> {
    const value = Buffer.from(JSON.stringify({ version: 1, devices: [...devices.values()] }))
    return storage.commit([{ kind: 'put', key: TABLE_KEY, value }])
  }

  return {
    /** @throws {AuditWriteError} when a device of the table cannot be opened. */
    load() {
      const bytes = storage.get(TABLE_KEY)
      if (bytes === undefined) return
      const table = JSON.parse(Buffer.from(bytes).toString('utf8')) as { devices: StoredDevice[] }
      for (const device of table.devices) {
        devices.set(device.path, device)
        start(device)
      }
    },
    list: () =>
      [...devices.values()].map(({ path, type, description, options }) => ({ path, type, description, options })),
    enable: (device) => turns.run(TABLE_KEY, () => enable(device)),
    disable: (path) => turns.run(TABLE_KEY, () => disable(path)),
    hash: (path, input) => broker.hash(path, input),
  }

  async function enable(device: AuditDeviceView): Promise<void> {
    const { path, options } = device
    if (devices.has(path)) throw invalidRequest('path already in use')
    if (options['log_raw'] === 'true') throw invalidRequest('log_raw is not supported: it would write secrets in clear')
    if (options['prefix'] !== undefined) throw invalidRequest('prefix is not supported')
    if ((options['format'] ?? 'json') !== 'json') throw invalidRequest('only the format json is supported')
    confine(options['file_path'] ?? options['path'] ?? '', folders)
    const stored: StoredDevice = { ...device, salt: random(32).toString('hex') }
    try {
      start(stored)
      await broker.test(path, now())
    } catch (error) {
      broker.remove(path)
      if (error instanceof AuditWriteError)
        throw invalidRequest(`sanity check failed; unable to open or write the audit file: ${error.message}`)
      throw error
    }
    devices.set(path, stored)
    await save()
  }

  async function disable(path: string): Promise<void> {
    if (!devices.delete(path)) return
    await save()
    broker.remove(path)
  }
}

function locate(path: string, [first]: readonly string[]): string {
  return first === undefined ? path : resolve(first, path)
}

function confine(path: string, folders: readonly string[]): void {
  const folder = dirname(locate(path, folders))
  const inside = folders.some((allowed) => {
    const way = relative(allowed, folder)
    return way === '' || (!way.startsWith('..') && !isAbsolute(way))
  })
  if (!inside) throw invalidRequest('file_path is outside the folders this server may write audit logs to')
}
