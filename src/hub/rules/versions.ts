/** Versions of Airflow and of its HashiCorp provider: their form, and whether this Plenum knows them (airflow 1.3, 1.5). */
import { AirflowVersionError, providerOf } from '../../airflow/index.ts'
import type { Complaint } from '../messages.ts'
import type { RuleContext } from './rule.ts'

type Key = 'version' | 'provider'

export function checkVersions({ draft, findings }: RuleContext): void {
  for (const key of ['version', 'provider'] as const) {
    const written = draft.hub.airflow[key]
    const spot = { path: ['airflow', key], on: 'value' } as const
    if (!/^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?$/.test(written)) findings.error(spot, MALFORMED[key])
    else if (!IS_SUPPORTED[key](written)) findings.error(spot, TOO_OLD[key])
    else if (!IS_KNOWN[key](line(written))) findings.warning(spot, UNKNOWN[key])
  }
}

/** Without the patch: 3.3 of 3.3.2. */
function line(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

const KNOWN_AIRFLOW = ['2.10', '2.11', '3.0', '3.1', '3.2', '3.3']
const NEWEST_PROVIDER = { major: 4, minor: 8 } as const

const IS_KNOWN: Readonly<Record<Key, (line: string) => boolean>> = {
  version: (line) => KNOWN_AIRFLOW.includes(line),
  provider: (line) => {
    const [major = 0, minor = 0] = line.split('.').map(Number)
    return major < NEWEST_PROVIDER.major || (major === NEWEST_PROVIDER.major && minor <= NEWEST_PROVIDER.minor)
  },
}

const IS_SUPPORTED: Readonly<Record<Key, (version: string) => boolean>> = {
  version: (version) => !/^[01]\./.test(version),
  provider: (version) => {
    try {
      providerOf(version)
      return true
    } catch (error) {
      if (error instanceof AirflowVersionError) return false
      throw error
    }
  },
}

const MALFORMED: Readonly<Record<Key, Complaint>> = {
  version: { code: 'hub-version', text: 'this is no version of Airflow', hint: 'for example  version: "3.3"' },
  provider: {
    code: 'hub-version',
    text: 'this is no version of apache-airflow-providers-hashicorp',
    hint: 'for example  provider: "4.8"',
  },
}

const TOO_OLD: Readonly<Record<Key, Complaint>> = {
  version: { code: 'hub-version', text: 'this Airflow is too old', hint: '2.0 is the oldest that can be used' },
  provider: { code: 'hub-version', text: 'this provider is too old', hint: '2.0 is the oldest that can be used' },
}

const UNKNOWN: Readonly<Record<Key, Complaint>> = {
  version: {
    code: 'hub-version',
    text: 'how this version of Airflow reads secrets is not known; it is treated like the nearest one that is',
    hint: `known are ${KNOWN_AIRFLOW.join(', ')}`,
  },
  provider: {
    code: 'hub-version',
    text: 'how this version of the provider reads secrets is not known; it is treated like the newest one that is',
    hint: `known are those up to ${NEWEST_PROVIDER.major}.${NEWEST_PROVIDER.minor}`,
  },
}
