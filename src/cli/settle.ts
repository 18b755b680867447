/** What `plenum up` does with any Vault that is ready: apply, issue credentials, write Airflow's files, verify. */
import { renderSettings } from '../airflow/index.ts'
import { accessOf, type ResolvedEntry } from '../hub/index.ts'
import type { Plan } from '../plan/index.ts'
import type { VaultClient } from '../vault/index.ts'
import { type Application, carryOut, NOTHING_DONE } from './application.ts'
import { compareWithVault } from './comparison.ts'
import { CommandError } from './failure.ts'
import { type OpenHub, shown } from './hub-file.ts'
import { equipReaders } from './readers.ts'
import type { Screen } from './screen.ts'
import type { Reach } from './target.ts'
import { leftAloneOf, type UpReport } from './up-report.ts'
import { verifyWithCredentials } from './verification.ts'

export interface SettleOptions {
  readonly resolved: readonly ResolvedEntry[]
  readonly reach: Reach
  readonly client: VaultClient
  readonly overwrite: boolean
  readonly screen: Screen
  readonly signal: AbortSignal
  /** May the plan be carried out? Called when it changes something. */
  readonly approve: (plan: Plan) => Promise<boolean>
}

/** `undefined` when the plan was not approved. */
export async function settle(hub: OpenHub, options: SettleOptions): Promise<UpReport | undefined> {
  const { resolved, reach, client, overwrite, screen, signal, approve } = options
  const access = accessOf(hub.hub)
  const plan = await compareWithVault(hub, { access, resolved, client, overwrite, screen, signal })
  const idle = plan.changes.length === 0
  if (!idle && !(await approve(plan))) return undefined
  const apply = idle ? NOTHING_DONE : await carryOut(hub, plan, { access, resolved, client, screen, signal })
  if (signal.aborted) throw interrupted(apply)

  const { credentials, settings } = await equipReaders(hub, access, { reach, client, signal })
  for (const warning of settings.warnings) screen.warn(warning)
  const verify = await verifyWithCredentials(hub, { access, reach, screen, signal })

  return {
    hub: hub.hub.name,
    environment: hub.environment,
    vault: {
      kind: reach.kind,
      address: reach.address,
      data: reach.kind === 'embedded' ? shown(hub.run.path) : undefined,
    },
    apply,
    leftAlone: leftAloneOf(plan),
    credentials,
    verify,
    airflow: {
      file: shown(hub.run.airflowEnv(hub.environment)),
      lines: renderSettings(settings, 'env')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#')),
      example: hub.hub.entries.find(({ kind }) => kind === 'connection')?.id,
    },
  }
}

function interrupted({ done, left, notDone }: Application): CommandError {
  return new CommandError('interrupted', `interrupted: ${done.length} applied, ${left + notDone.length} left`, {
    hint: 'run it again: it goes on where it stopped',
  })
}
