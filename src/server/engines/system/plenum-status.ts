/**
 * `sys/plenum/status`: how the server does, for whoever runs it. Plenum's own; no Vault has it. Behind a token with `read`
 * on it, and audited, as everything else: it names files of the machine. Counts begin anew when the server is unsealed.
 */
import type { JsonObject, LogicalResponse, Route } from '../../logical/index.ts'
import { formatInstant } from '../../logical/duration.ts'
import type { AuditDeviceStatusView, SystemHost } from './host.ts'

export function statusRoutes(host: SystemHost): Route[] {
  return [
    {
      pattern: /plenum\/status/,
      about: 'How the server does. No Vault has it.',
      fields: {},
      operations: { read: () => show(host) },
    },
  ]
}

function show({ status, facts, keys, now }: SystemHost): LogicalResponse {
  const { started, version, apiVersion, storageType, listeners } = status.about()
  const { stored, expiring } = facts.tokens()
  const { term, installed, encryptions } = keys.active()
  return {
    kind: 'data',
    data: {
      version,
      api_version: apiVersion,
      storage_type: storageType,
      start_time: formatInstant(started),
      // A clock that was set back is no time before the start.
      uptime_seconds: Math.max(0, Math.floor((now() - started) / 1000)),
      listeners: [...listeners],
      key: { term, install_time: formatInstant(installed), encryptions },
      tokens: stored,
      leases: expiring,
      audit: Object.fromEntries(status.auditDevices().map((device) => [device.path, deviceOf(device)])),
    },
  }
}

function deviceOf({
  type,
  place,
  stored,
  refused,
  failingSince,
  lastFailure,
  disk,
}: AuditDeviceStatusView): JsonObject {
  return {
    type,
    place,
    entries_stored: stored,
    entries_refused: refused,
    failing_since: failingSince === undefined ? null : formatInstant(failingSince),
    last_failure:
      lastFailure === undefined ? null : { time: formatInstant(lastFailure.time), reason: lastFailure.reason },
    disk:
      disk === undefined
        ? null
        : { free_bytes: disk.free ?? null, reserve_bytes: disk.reserve, reserve_held_bytes: disk.held ?? null },
  }
}
