/** `plenum verify`: every declared look-up as Airflow makes it, and what each role must not reach. */
import { accessOf, type HubAccess } from '../../hub/index.ts'
import { fingerprintKey, type FingerprintKey } from '../../sensitive/index.ts'
import { compareReal, type RealFinding, renderVerify, verifyDocument, type VerifyReport } from '../../verify/index.ts'
import { airflowSettings } from '../airflow-files.ts'
import type { GlobalOptions } from '../globals.ts'
import { type OpenHub, openHub, shown } from '../hub-file.ts'
import { interruptible } from '../interrupt.ts'
import type { Paint } from '../../plan/index.ts'
import type { Screen } from '../screen.ts'
import { type Reach, reachOf } from '../target.ts'
import { verifyWithCredentials } from '../verification.ts'

export interface VerifyCommandOptions extends GlobalOptions {
  /** Path of a Python interpreter. */
  readonly airflow?: string
}

/** What the real VaultBackend made of the same look-ups. */
interface RealReport {
  readonly airflow: string
  readonly provider: string
  readonly findings: readonly RealFinding[]
}

export async function verify(options: VerifyCommandOptions, screen: Screen): Promise<number> {
  const hub = openHub(options, screen, 'unchecked')
  const access = accessOf(hub.hub)
  const reach = await reachOf(hub)
  const key = fingerprintKey()
  const { airflow: python } = options
  const { report, real } = await interruptible(async (signal) => {
    const report = await verifyWithCredentials(hub, { access, reach, screen, key, signal })
    const real =
      python === undefined ? undefined : await compareWithReal(hub, { access, reach, python, report, key, signal })
    return { report, real }
  })
  screen.print(renderVerify(report, screen.paint))
  if (real !== undefined) {
    warnOfOtherVersions(real, hub, screen)
    screen.print(renderReal(real, screen.paint))
  }
  screen.document({ ...(verifyDocument(report) as object), ...(real === undefined ? {} : { real }) })
  return report.ok && (real === undefined || real.findings.every(({ difference }) => difference === undefined)) ? 0 : 1
}

interface RealOptions {
  readonly access: HubAccess
  readonly reach: Reach
  readonly python: string
  readonly report: VerifyReport
  readonly key: FingerprintKey
  readonly signal: AbortSignal
}

async function compareWithReal(
  hub: OpenHub,
  { access, reach, python, report, key, signal }: RealOptions,
): Promise<RealReport> {
  const { askRealBackend } = await import('../python.ts')
  const settings = airflowSettings(hub, access, reach)
  const { airflow, provider, outcomes } = await askRealBackend({
    python,
    settings,
    lookups: report.lookups,
    key,
    signal,
  })
  return { airflow, provider, findings: compareReal(report.lookups, outcomes) }
}

/** `4.8` is declared for any 4.8.x. */
function isOfLine(version: string, declared: string): boolean {
  return version === declared || version.startsWith(`${declared}.`)
}

function warnOfOtherVersions({ airflow, provider }: RealReport, { hub }: OpenHub, screen: Screen): void {
  const { airflow: declared } = hub
  if (isOfLine(airflow, declared.version) && isOfLine(provider, declared.provider)) return
  screen.warn(
    `that interpreter has Airflow ${airflow} and provider ${provider}; ${shown(hub.file)} declares ${declared.version} and ${declared.provider}`,
    'declare what runs, or name the interpreter that runs',
  )
}

function renderReal({ airflow, provider, findings }: RealReport, paint: Paint): string {
  const different = findings.filter(({ difference }) => difference !== undefined)
  const width = Math.max(0, ...different.map(({ id }) => id.length))
  return [
    ...different.map(
      ({ kind, id, difference }) =>
        `${paint.bad('x')} ${kind.padEnd(10)}  ${id.padEnd(width)}  the real VaultBackend: ${difference ?? ''}`,
    ),
    `${findings.length - different.length} of ${findings.length} look-ups give the same in the real VaultBackend (Airflow ${airflow}, provider ${provider})`,
  ].join('\n')
}
