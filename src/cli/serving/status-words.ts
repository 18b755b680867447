/**
 * What `plenum server status` prints, and its document for `--json`. Pure.
 *
 * Text that came from the server cannot steer the terminal.
 */
import type { Paint } from '../../plan/index.ts'
import { visible } from '../../sensitive/index.ts'
import type { AuditDeviceHealth, SealStatus, ServerStatus } from '../../vault/index.ts'

/** What needs a token, or why it is not there. */
export type Details =
  | { readonly kind: 'known'; readonly status: ServerStatus }
  | { readonly kind: 'sealed' | 'no-token' | 'denied' | 'not-plenum' }

export interface StatusReport {
  readonly address: string
  /** Who said so: `VAULT_ADDR`, `plenum up`. */
  readonly source: string
  readonly seal: SealStatus
  readonly details: Details
}

const WHY_NO_MORE: Readonly<Record<Exclude<Details['kind'], 'known'>, string>> = {
  sealed: 'nothing more is known of a sealed server',
  'no-token': 'needs a token that may read sys/plenum/status: set VAULT_TOKEN',
  denied: 'needs a token that may read sys/plenum/status; this one may not, or is not valid here',
  'not-plenum': "this is no server of Plenum's: there is no sys/plenum/status",
}

export function statusText({ address, source, seal, details }: StatusReport, paint: Paint): string {
  const rows: (readonly [string, string])[] = [
    ['state', stateText(seal, paint)],
    ['unseal key', seal.initialized ? splitText(seal) : 'none yet'],
    ['store', seal.storageType ?? 'unknown'],
    ...(details.kind === 'known'
      ? knownRows(details.status, seal, paint)
      : [['API', `Vault ${seal.version}`] as const, ['more', paint.dim(WHY_NO_MORE[details.kind])] as const]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return [
    `plenum server status: ${visible(address)} (${source})`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
  ].join('\n')
}

function stateText({ initialized, sealed, progress, threshold }: SealStatus, paint: Paint): string {
  if (!initialized) return paint.bad('not initialised')
  if (!sealed) return paint.good('unsealed')
  return paint.bad(progress === 0 ? 'sealed' : `sealed, ${progress} of ${threshold} shares given`)
}

function splitText({ shares, threshold }: SealStatus): string {
  return shares === 1 ? 'one share' : `${shares} shares, any ${threshold} of them`
}

function knownRows(
  { version, started, uptimeSeconds, listeners, key, tokens, leases, audit }: ServerStatus,
  seal: SealStatus,
  paint: Paint,
): (readonly [string, string])[] {
  return [
    ['version', `Plenum ${visible(version)}, API of Vault ${visible(seal.version)}`],
    ['up', `${spanText(uptimeSeconds)}, since ${moment(started)}`],
    ...listeners.map((one, index) => [index === 0 ? 'listens' : '', visible(one)] as const),
    ['key', `term ${key.term} since ${moment(key.installed)}, ${counted(key.encryptions)} encryptions`],
    ['tokens', `${counted(tokens)}, of which ${counted(leases)} expire`],
    ...(audit.length === 0
      ? [['audit', paint.warn('no device: requests are not recorded')] as const]
      : audit.flatMap((device) => deviceRows(device, paint))),
  ]
}

function deviceRows(device: AuditDeviceHealth, paint: Paint): (readonly [string, string])[] {
  const { path, type, place, stored, refused, failingSince, lastFailure, disk } = device
  const counts = `${counted(stored)} entries stored, ${counted(refused)} refused`
  const reason = lastFailure === undefined ? '' : visible(lastFailure.reason)
  return [
    [`audit ${visible(path)}`, `${type} ${visible(place)}`],
    ['', failingSince === undefined ? counts : paint.bad(`fails since ${moment(failingSince)}; ${counts}`)],
    ...(lastFailure === undefined ? [] : [['', `last failure ${moment(lastFailure.time)}: ${reason}`] as const]),
    ...(disk === undefined ? [] : [['', diskText(disk, paint)] as const]),
  ]
}

function diskText({ free, reserve, held }: NonNullable<AuditDeviceHealth['disk']>, paint: Paint): string {
  const room = free === undefined ? 'how much room its disk has is not known' : `${sizeText(free)} free on its disk`
  const kept =
    held === undefined ? `warns below ${sizeText(reserve)}` : `reserve ${sizeText(held)} of ${sizeText(reserve)}`
  const text = `${room}, ${kept}`
  return free === undefined || free < reserve ? paint.warn(text) : text
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function sizeText(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`
}

function spanText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

function moment(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

function counted(count: number): string {
  return count.toLocaleString('en-US')
}

export function statusDocument({ address, seal, details }: StatusReport): unknown {
  const { initialized, sealed, threshold, shares, progress, version, storageType } = seal
  return {
    address,
    initialized,
    sealed,
    threshold,
    shares,
    progress,
    api_version: version,
    storage_type: storageType ?? null,
    ...(details.kind === 'known' ? detailsDocument(details.status) : { details: WHY_NO_MORE[details.kind] }),
  }
}

function detailsDocument(status: ServerStatus): Record<string, unknown> {
  const { version, started, uptimeSeconds, listeners, key, tokens, leases, audit } = status
  return {
    version,
    start_time: moment(started),
    uptime_seconds: uptimeSeconds,
    listeners,
    key: { term: key.term, install_time: moment(key.installed), encryptions: key.encryptions },
    tokens,
    leases,
    audit: audit.map(({ path, type, place, stored, refused, failingSince, lastFailure, disk }) => ({
      path,
      type,
      place,
      entries_stored: stored,
      entries_refused: refused,
      failing_since: failingSince === undefined ? null : moment(failingSince),
      last_failure: lastFailure === undefined ? null : { time: moment(lastFailure.time), reason: lastFailure.reason },
      disk:
        disk === undefined
          ? null
          : { free_bytes: disk.free ?? null, reserve_bytes: disk.reserve, reserve_held_bytes: disk.held ?? null },
    })),
  }
}
