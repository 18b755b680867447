/**
 * Airflow's settings as text for the place where they go. Nothing in them is secret.
 *
 * Every form carries any value: shell quotes for `set -a; . file`, doubled `%` for airflow.cfg, doubled `$` for Compose.
 */
import { type AirflowSetting, type AirflowSettings, shellQuote } from './settings.ts'

export type SettingsFormat = 'env' | 'cfg' | 'json' | 'compose'

export function renderSettings({ settings }: AirflowSettings, format: SettingsFormat): string {
  return RENDERERS[format](settings)
}

const RENDERERS: Readonly<Record<SettingsFormat, (settings: readonly AirflowSetting[]) => string>> = {
  env: (settings) =>
    lines(
      '# Airflow reads its secrets from Vault. To use: set -a; . THIS_FILE; set +a',
      ...settings.map((one) => `${envName(one)}=${shellQuote(one.value)}`),
    ),
  cfg: (settings) => {
    const sections = [...new Set(settings.map(({ section }) => section))]
    const parts = sections.map((section) => {
      const options = settings.filter((one) => one.section === section)
      return lines(`[${section}]`, ...options.map(({ key, value }) => `${key} = ${value.replaceAll('%', '%%')}`))
    })
    return parts.join('\n')
  },
  json: (settings) =>
    lines(JSON.stringify(Object.fromEntries(settings.map((one) => [envName(one), one.value])), null, 2)),
  compose: (settings) =>
    lines(
      '# for every Airflow service, for example under x-airflow-common; the kwargs file must be mounted into each',
      'environment:',
      ...settings.map((one) => `  ${envName(one)}: ${JSON.stringify(one.value.replaceAll('$', '$$$$'))}`),
    ),
}

function envName({ section, key }: AirflowSetting): string {
  return `AIRFLOW__${section.toUpperCase()}__${key.toUpperCase()}`
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
