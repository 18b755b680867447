/**
 * Versions of Airflow and of its HashiCorp provider, and what depends on them (airflow 1.1, 1.3, 1.5).
 *
 * A version without its last part (`3.3`, `4.8`) stands for the newest release of that line.
 */
import type { ProviderGeneration } from './reading.ts'

export class AirflowVersionError extends Error {
  override readonly name = 'AirflowVersionError'
  readonly code: 'airflow-version-unreadable' | 'airflow-version-unsupported'
  readonly version: string

  constructor(code: AirflowVersionError['code'], version: string, message: string) {
    super(message)
    this.code = code
    this.version = version
  }
}

/** Major, minor, patch; the patch of a whole line is infinite. */
export type Version = readonly [number, number, number]

export interface Provider {
  readonly version: string
  readonly generation: ProviderGeneration
  /** HTTP requests of the first look-up of a backend instance that logs in with AppRole. */
  readonly requestsPerLookup: number
  /** Of each further look-up of the same instance. */
  readonly requestsPerRepeat: number
}

/** @throws {AirflowVersionError} */
export function providerOf(version: string): Provider {
  const parsed = parseVersion(version, 'provider')
  const cheap = isAtLeast(parsed, [4, 8, 1])
  return {
    version,
    generation: isAtLeast(parsed, [4, 7, 2]) ? 'json' : 'constructor',
    requestsPerLookup: cheap ? 2 : 4,
    requestsPerRepeat: cheap ? 1 : 2,
  }
}

const OLDEST = { airflow: [2, 0, 0], provider: [2, 0, 0] } as const
const NAMES = { airflow: 'Airflow', provider: 'apache-airflow-providers-hashicorp' } as const
const EXAMPLES = { airflow: '3.3 or 3.3.2', provider: '4.8 or 4.8.4' } as const

/** @throws {AirflowVersionError} */
export function parseVersion(text: string, what: keyof typeof NAMES): Version {
  const [, major, minor, patch] = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?$/.exec(text.trim()) ?? []
  if (major === undefined || minor === undefined) {
    throw new AirflowVersionError(
      'airflow-version-unreadable',
      text,
      `${JSON.stringify(text)} is no version of ${NAMES[what]}: write it as ${EXAMPLES[what]}`,
    )
  }
  const version: Version = [
    Number(major),
    Number(minor),
    patch === undefined ? Number.POSITIVE_INFINITY : Number(patch),
  ]
  if (isAtLeast(version, OLDEST[what])) return version
  throw new AirflowVersionError(
    'airflow-version-unsupported',
    text,
    `${NAMES[what]} ${text} is too old: 2.0.0 is the oldest that Plenum knows`,
  )
}

export function isAtLeast(version: Version, floor: Version): boolean {
  const [major, minor, patch] = version
  if (major !== floor[0]) return major > floor[0]
  if (minor !== floor[1]) return minor > floor[1]
  return patch >= floor[2]
}

/** What the combination costs or breaks, in words for whoever chose it. */
export function versionWarnings(airflow: string, provider: string): string[] {
  const pair = {
    airflow,
    provider,
    airflowVersion: parseVersion(airflow, 'airflow'),
    providerVersion: parseVersion(provider, 'provider'),
  }
  return WARNINGS.map((warn) => warn(pair)).filter((text) => text !== undefined)
}

interface Pair {
  /** As written. */
  readonly airflow: string
  readonly provider: string
  readonly airflowVersion: Version
  readonly providerVersion: Version
}

const WARNINGS: readonly ((pair: Pair) => string | undefined)[] = [
  ({ provider, airflowVersion, providerVersion }) => {
    const needed = isAtLeast(providerVersion, [4, 4, 0])
      ? '2.11'
      : isAtLeast(providerVersion, [4, 2, 0])
        ? '2.10'
        : undefined
    if (needed === undefined || isAtLeast(airflowVersion, parseVersion(`${needed}.0`, 'airflow'))) return undefined
    return `provider ${provider} needs Airflow ${needed} or newer`
  },
  ({ airflow, provider, airflowVersion }) => {
    const { requestsPerLookup } = providerOf(provider)
    // The Task SDK of 3.0 to 3.3.1 builds a new backend for every look-up.
    if (isAtLeast(airflowVersion, [3, 0, 0]) && !isAtLeast(airflowVersion, [3, 3, 2])) {
      return `Airflow ${airflow} logs in to Vault again for every secret that a task reads, ${requestsPerLookup} requests each time with provider ${provider}; Airflow 3.3.2 with provider 4.8.1 makes 2 for the first and 1 for each other`
    }
    if (requestsPerLookup === 2) return undefined
    return `provider ${provider} makes 4 requests for the first secret of a process and 2 for each other; from 4.8.1 on it makes 2 and 1`
  },
  ({ provider, providerVersion: [major, minor, patch] }) =>
    major === 4 && minor === 7 && patch === Number.POSITIVE_INFINITY
      ? `provider ${provider} is two kinds: 4.7.1 reads the fields of a connection as they are, 4.7.2 as JSON; declare the whole version`
      : undefined,
  ({ airflow, airflowVersion }) =>
    isAtLeast(airflowVersion, [2, 10, 0])
      ? undefined
      : `Airflow ${airflow} is older than those that Plenum is tested with (2.11 and 3.3)`,
  ({ airflow, airflowVersion }) =>
    isAtLeast(airflowVersion, [3, 4, 0])
      ? `Airflow ${airflow} is newer than those that Plenum is tested with (2.11 and 3.3)`
      : undefined,
  ({ provider, providerVersion }) =>
    isAtLeast(providerVersion, [4, 9, 0])
      ? `provider ${provider} is newer than those that Plenum is tested with (4.7 and 4.8)`
      : undefined,
]
