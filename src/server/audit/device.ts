/** From settings to a device. Nothing is opened yet: `reopen` does it where that can fail early, otherwise the first line. */
import { dirname } from 'node:path'
import type { DeviceTarget } from './device-settings.ts'
import type { DiskReserves } from './disk-reserve.ts'
import { createFileDevice } from './file-device.ts'
import { type AuditSink, AuditWriteError } from './line-sink.ts'
import { createSocketDevice } from './socket-device.ts'
import { createDiscardDevice, createStdoutDevice, type WriteText } from './special-files.ts'
import { createSyslogDevice } from './syslog-device.ts'

/** What the server that a device runs in gives it. */
export interface DeviceSurroundings {
  /** Standard output. `undefined` where it belongs to someone else: the device cannot be enabled. */
  readonly stdout: WriteText | undefined
  readonly reserves: DiskReserves
}

/** @throws {AuditWriteError} when there can be no such device here. */
export function createDevice(target: DeviceTarget, { stdout, reserves }: DeviceSurroundings): AuditSink {
  switch (target.kind) {
    case 'file':
      return createFileDevice({
        path: target.path,
        reserve: reserves.of(dirname(target.path)),
        ...(target.mode === undefined ? {} : { mode: target.mode }),
      })
    case 'stdout':
      if (stdout === undefined)
        throw new AuditWriteError('the standard output of this server is used for something else')
      return createStdoutDevice(stdout)
    case 'discard':
      return createDiscardDevice()
    case 'socket':
      return createSocketDevice(target)
    case 'syslog':
      return createSyslogDevice(target)
  }
}
