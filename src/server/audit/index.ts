/**
 * Audit: who asked for what, and what the answer was, without one secret in clear. `broker.ts` keeps the rule that
 * nothing happens unrecorded; `entry.ts` writes Vault's lines; `hash.ts` hides values; `device-settings.ts` reads what a
 * device is to be, `device.ts` makes it: a file, standard output, a socket, the system's log.
 */
export { AuditBroker, type AuditDeviceStatus, type AuditEvent } from './broker.ts'
export { createDevice, type DeviceSurroundings } from './device.ts'
export { type DeviceSettings, readDeviceSettings } from './device-settings.ts'
export { BALLAST_NAME, createDiskReserves, holdInFiles, type Notice } from './disk-reserve.ts'
export type { AuditedRequest, AuditedResponse } from './entry.ts'
export { AuditWriteError } from './line-sink.ts'
