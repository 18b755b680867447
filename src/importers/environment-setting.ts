/**
 * Airflow's own configuration in the environment: `AIRFLOW__SECTION__KEY`. It stays where it is; a secret in it belongs
 * behind a `_CMD` (airflow 2.4), which only the options that Airflow marks as sensitive have.
 */
import type { Sensitive } from '../sensitive/index.ts'
import { classifyName } from './classify.ts'
import type { Finding, Origin } from './found.ts'

/** Marked as sensitive in the configuration of Airflow 2.11 or 3.3, or of the Celery provider. */
const WITH_COMMAND: ReadonlySet<string> = new Set([
  'api.secret_key',
  'api_auth.jwt_secret',
  'celery.broker_url',
  'celery.flower_basic_auth',
  'celery.result_backend',
  'core.asset_manager_kwargs',
  'core.dataset_manager_kwargs',
  'core.fernet_key',
  'core.internal_api_secret_key',
  'database.sql_alchemy_conn',
  'database.sql_alchemy_conn_async',
  'database.sql_alchemy_engine_args',
  'logging.remote_task_handler_kwargs',
  'secrets.backend_kwargs',
  'sentry.sentry_dsn',
  'smtp.smtp_password',
  'webserver.secret_key',
  'workers.secrets_backend_kwargs',
])

/** Secrets whatever they look like. The others of the list may be harmless: a DSN without a password, empty kwargs. */
const ALWAYS = /(?:secret_key|jwt_secret|fernet_key|_password|basic_auth)$/

const SETTING = /^AIRFLOW__(?<section>.+?)__(?<key>.+)$/s

/** Undefined where nothing is to be said: it holds no secret, or only says where one is. */
export function settingFinding(name: string, value: Sensitive<string>, { where }: Origin): Finding | undefined {
  const groups = SETTING.exec(name)?.groups
  const option = `${groups?.['section']}.${groups?.['key']}`.toLowerCase()
  const isReference = WITH_COMMAND.has(option.replace(/_(?:cmd|secret)$/, '')) && !WITH_COMMAND.has(option)
  if (isReference || value.reveal().trim() === '' || !holdsSecret(option, value)) return undefined
  return {
    severity: 'warning',
    code: 'import-setting-secret',
    where,
    id: name,
    text: `a secret stands in clear in ${name}, which is Airflow's own configuration; it is not brought into Vault`,
    hint: WITH_COMMAND.has(option)
      ? `let ${name}_CMD name a command that prints it`
      : 'Airflow reads this option from no command: keep it in a place that only the deployment can read',
  }
}

function holdsSecret(option: string, value: Sensitive<string>): boolean {
  if (ALWAYS.test(option)) return true
  // The name of a known option says no more than its value does; of another one it may.
  return classifyName(WITH_COMMAND.has(option) ? 'value' : option, value).kind === 'secret'
}
