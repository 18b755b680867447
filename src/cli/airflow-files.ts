/**
 * What Airflow needs to find its Vault: the settings, which hold no secret, and the kwargs file they point to, which
 * does (0600).
 */
import {
  type AirflowSettings,
  backendKwargs,
  renderSettings,
  type SettingsOptions,
  secretsSettings,
} from '../airflow/index.ts'
import type { HubAccess } from '../hub/index.ts'
import type { CredentialFiles, Credentials } from './credential-files.ts'
import type { OpenHub } from './hub-file.ts'
import { makePrivateFolder, writePrivateFile } from './private-files.ts'
import { prepareRunFolder } from './run-folder.ts'
import type { Reach } from './target.ts'

/** Where Airflow finds its Vault. */
export type AirflowReach = Pick<Reach, 'address' | 'namespace' | 'caCertFile'>

const AIRFLOW_ROLE = 'airflow'

export function airflowCredentialFiles(hub: OpenHub): CredentialFiles {
  return hub.run.credentials(hub.environment, AIRFLOW_ROLE)
}

export function airflowSettings(hub: OpenHub, access: HubAccess, reach: AirflowReach): AirflowSettings {
  return secretsSettings(settingsOptions(hub, access, reach))
}

/** Writes both files and gives back the settings. */
export function writeAirflowFiles(
  hub: OpenHub,
  access: HubAccess,
  reach: AirflowReach,
  { roleId, secretId }: Credentials,
): AirflowSettings {
  const files = airflowCredentialFiles(hub)
  makePrivateFolder(files.folder)
  writePrivateFile(files.kwargs, backendKwargs({ ...settingsOptions(hub, access, reach), roleId, secretId }).reveal())
  const settings = airflowSettings(hub, access, reach)
  prepareRunFolder(hub.run)
  writePrivateFile(hub.run.airflowEnv(hub.environment), renderSettings(settings, 'env'))
  return settings
}

function settingsOptions(
  hub: OpenHub,
  access: HubAccess,
  { address, namespace, caCertFile }: AirflowReach,
): SettingsOptions {
  const { airflow, vault } = hub.hub
  return {
    airflowVersion: airflow.version,
    providerVersion: airflow.provider,
    address,
    mount: vault.mount,
    connectionsPath: vault.connections,
    variablesPath: vault.variables,
    authMount: access.authMount,
    kwargsFile: airflowCredentialFiles(hub).kwargs,
    ...(namespace === undefined ? {} : { namespace }),
    ...(caCertFile === undefined ? {} : { caCert: caCertFile }),
  }
}
