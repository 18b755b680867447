/** What the readers of a hub need on this machine: the credentials of every role, and Airflow's own settings. */
import type { AirflowSettings } from '../airflow/index.ts'
import { type HubAccess, roleOf } from '../hub/index.ts'
import type { VaultClient } from '../vault/index.ts'
import { writeAirflowFiles } from './airflow-files.ts'
import { type IssuedCredentials, issueCredentials, requireCredentials } from './credentials.ts'
import type { OpenHub } from './hub-file.ts'
import { prepareRunFolder } from './run-folder.ts'
import type { Reach } from './target.ts'

export interface EquippedReaders {
  readonly credentials: IssuedCredentials
  readonly settings: AirflowSettings
}

export async function equipReaders(
  hub: OpenHub,
  access: HubAccess,
  { reach, client, signal }: { readonly reach: Reach; readonly client: VaultClient; readonly signal: AbortSignal },
): Promise<EquippedReaders> {
  prepareRunFolder(hub.run)
  const { storeId } = reach
  const now = Date.now()
  const credentials = await issueCredentials({ client, hub, access, storeId, concurrency: client.pace, now, signal })
  const airflow = requireCredentials(hub, roleOf(access, { kind: 'airflow' }), storeId)
  return { credentials, settings: writeAirflowFiles(hub, access, reach, airflow) }
}
