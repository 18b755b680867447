/** `sys/plenum/status` of Plenum's own server: how it does. No other Vault has it. */
import { ask } from './ask.ts'
import type { VaultClient } from './client.ts'
import type { Field } from './decode.ts'

/** Moments are unix milliseconds. */
export interface ServerStatus {
  /** Of Plenum. */
  readonly version: string
  readonly started: number
  readonly uptimeSeconds: number
  readonly listeners: readonly string[]
  readonly key: { readonly term: number; readonly installed: number; readonly encryptions: number }
  readonly tokens: number
  readonly leases: number
  /** Sorted by path. */
  readonly audit: readonly AuditDeviceHealth[]
}

export interface AuditDeviceHealth {
  readonly path: string
  readonly type: string
  readonly place: string
  readonly stored: number
  readonly refused: number
  /** `undefined` while it takes entries. */
  readonly failingSince: number | undefined
  /** Also of a device that takes entries again. */
  readonly lastFailure: { readonly time: number; readonly reason: string } | undefined
  /** In bytes; `undefined` for a device without a disk, and for what is not known. */
  readonly disk:
    | { readonly free: number | undefined; readonly reserve: number; readonly held: number | undefined }
    | undefined
}

/** @throws {VaultError} 'vault-denied' without the right to, 'vault-not-found' where the server is none of Plenum's */
export async function serverStatus(client: VaultClient, signal?: AbortSignal): Promise<ServerStatus> {
  const reply = await ask(client, 'GET', 'sys/plenum/status', { signal })
  const data = reply.body.at('data')
  const audit = data.at('audit')
  const key = data.at('key')
  return {
    version: data.at('version').string(),
    started: data.at('start_time').time(),
    uptimeSeconds: data.at('uptime_seconds').count(),
    listeners: data.at('listeners').strings(),
    key: {
      term: key.at('term').count(),
      installed: key.at('install_time').time(),
      encryptions: key.at('encryptions').count(),
    },
    tokens: data.at('tokens').count(),
    leases: data.at('leases').count(),
    audit: Object.keys(audit.record())
      .sort()
      .map((path) => deviceOf(path, audit.at(path))),
  }
}

function deviceOf(path: string, device: Field): AuditDeviceHealth {
  const failure = device.at('last_failure').optional()
  const disk = device.at('disk').optional()
  return {
    path,
    type: device.at('type').string(),
    place: device.at('place').string(),
    stored: device.at('entries_stored').count(),
    refused: device.at('entries_refused').count(),
    failingSince: device.at('failing_since').optional()?.time(),
    lastFailure: failure && { time: failure.at('time').time(), reason: failure.at('reason').string() },
    disk: disk && {
      free: disk.at('free_bytes').optional()?.count(),
      reserve: disk.at('reserve_bytes').count(),
      held: disk.at('reserve_held_bytes').optional()?.count(),
    },
  }
}
