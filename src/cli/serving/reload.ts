/**
 * What SIGHUP does to a server beside opening its audit logs anew: certificates, keys and the log level are read again.
 *
 * Invariant: what cannot be read or used changes nothing, and is told; the server goes on with what it had.
 */
import type { EmbeddedServer, Listener } from '../../server/index.ts'
import { describeFailure } from '../failure.ts'
import type { ServerLog } from './log.ts'
import type { Serving } from './settings.ts'

export interface Reloaded {
  readonly server: Pick<EmbeddedServer, 'renewTls'>
  readonly log: ServerLog
  /** What it was started with. */
  readonly serving: Serving
  /** Reads flags, configuration and the files that it names. */
  readonly settle: () => Serving
}

export function reload({ server, log, serving, settle }: Reloaded): void {
  let fresh: Serving
  try {
    fresh = settle()
  } catch (error) {
    for (const { message } of describeFailure(error).problems) log.tell({ kind: 'configuration-kept', reason: message })
    return
  }
  log.setLevel(fresh.logLevel)
  for (const what of changedForGood(serving, fresh)) log.tell({ kind: 'restart-needed', what })
  for (const renewal of server.renewTls(fresh.listeners)) {
    const { address } = renewal
    if (renewal.kind === 'kept') log.tell({ kind: 'tls-kept', address, reason: renewal.error.message })
    else log.tell({ kind: 'tls-renewed', address })
  }
}

/** What the configuration says now and only a restart does. */
function changedForGood(before: Serving, now: Serving): string[] {
  const parts: readonly (readonly [string, (serving: Serving) => unknown])[] = [
    ['the storage', ({ storage }) => storage],
    ['where the server listens', ({ listeners }) => listeners.map(placeOf)],
    ['the lifetime of leases', ({ leaseTtl }) => leaseTtl],
    ['user lockout', ({ userLockout }) => userLockout],
    ['the file of the process id', ({ pidFile }) => pidFile],
    ['where audit logs may lie', ({ auditFolders }) => auditFolders],
    ['the reserve for audit logs', ({ auditReserve }) => auditReserve],
    ['the format of the log', ({ logFormat }) => logFormat],
  ]
  return parts.filter(([, of]) => JSON.stringify(of(before)) !== JSON.stringify(of(now))).map(([what]) => what)
}

function placeOf(listener: Listener): unknown {
  return listener.kind === 'unix' ? listener.path : [listener.host, listener.port, listener.tls !== undefined]
}
