/** `plenum airflow config`: the [secrets] settings for this Airflow, provider and environment. No secret is in them. */
import { existsSync } from 'node:fs'
import { renderSettings, type SettingsFormat } from '../../airflow/index.ts'
import { accessOf } from '../../hub/index.ts'
import { type AirflowReach, airflowCredentialFiles, airflowSettings } from '../airflow-files.ts'
import type { GlobalOptions } from '../globals.ts'
import { type OpenHub, openHub, shown } from '../hub-file.ts'
import type { Screen } from '../screen.ts'
import { readServerFile } from '../server-file.ts'
import { DEFAULT_ADDRESS, reachOf } from '../target.ts'

export async function airflowConfig(options: GlobalOptions, screen: Screen, format = 'env'): Promise<number> {
  const hub = openHub(options, screen, 'unchecked')
  const settings = airflowSettings(hub, accessOf(hub.hub), await whereAirflowLooks(hub, screen))
  for (const warning of settings.warnings) screen.warn(warning)
  const { kwargs } = airflowCredentialFiles(hub)
  if (!existsSync(kwargs))
    screen.warn(
      `${shown(kwargs)} is not there yet`,
      `\`plenum up -e ${hub.environment}\` issues Airflow's credentials and writes it`,
    )
  screen.print(renderSettings(settings, format as SettingsFormat).trimEnd())
  screen.document(settings.settings)
  return 0
}

/** Settings can be shown before anything runs. */
async function whereAirflowLooks(hub: OpenHub, screen: Screen): Promise<AirflowReach> {
  if (hub.target.kind === 'remote') return reachOf(hub)
  const running = readServerFile(hub.run)
  if (running === undefined)
    screen.warn(
      `the embedded server is not running; these settings are for ${DEFAULT_ADDRESS}`,
      '`plenum up` starts it',
    )
  return { address: running?.address ?? DEFAULT_ADDRESS, namespace: undefined, caCertFile: undefined }
}
