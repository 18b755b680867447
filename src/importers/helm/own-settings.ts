/**
 * What belongs to Airflow itself and to the services beside it: the sections of `config`, and the keys and passwords for
 * which the chart has values of their own. None of it is brought into Vault; secrets among it are named.
 */
import { sensitive } from '../../sensitive/index.ts'
import { settingFinding } from '../environment-setting.ts'
import type { Finding, Origin } from '../found.ts'
import { isNothing, type MergedMap, type Placed, placedAt } from './merge.ts'
import { scalarText } from './scalar-text.ts'
import { holdsTemplate } from './templates.ts'

export interface OwnSettings {
  readonly settings: number
  readonly findings: readonly Finding[]
}

/** Values of the chart that hold a secret in clear, unless a Kubernetes secret is named beside them. */
const SECRETS = [
  'apiSecretKey',
  'createUserJob.defaultUser.password',
  'dags.gitSync.sshKey',
  'data.brokerUrl',
  'data.metadataConnection.pass',
  'data.resultBackendConnection.pass',
  'elasticsearch.connection.pass',
  'fernetKey',
  'flower.password',
  'jwtSecret',
  'kerberos.keytabBase64Content',
  'opensearch.connection.pass',
  'pgbouncer.ssl.key',
  'postgresql.auth.password',
  'postgresql.auth.postgresPassword',
  'redis.password',
  'registry.connection.pass',
  'webserver.defaultUser.password',
  'webserverSecretKey',
] as const

export function ownSettings(root: MergedMap, prefix: string): OwnSettings {
  const secrets = SECRETS.flatMap((path) => {
    const placed = placedBelow(root, path.split('.'))
    return placed === undefined || !isClear(placed, path) ? [] : [secretFinding(`${prefix}${path}`, placed)]
  })
  const options = optionsOf(root)
  return {
    settings: options.length,
    findings: [...secrets, ...options.flatMap(({ name, placed }) => optionFinding(name, placed) ?? [])],
  }
}

function placedBelow(root: MergedMap, path: readonly string[]): Placed | undefined {
  const [key = '', ...rest] = path
  const placed = root.entries.get(key)
  if (rest.length === 0 || placed === undefined) return placed
  return placed.node.kind === 'map' ? placedBelow(placed.node, rest) : undefined
}

function isClear({ node }: Placed, path: string): boolean {
  if (node.kind !== 'scalar' || isNothing(node) || node.text === '' || holdsTemplate(node.text)) return false
  // Without a user it is an address.
  return path !== 'data.brokerUrl' || node.text.includes('@')
}

function secretFinding(path: string, placed: Placed): Finding {
  return {
    severity: 'warning',
    code: 'import-setting-secret',
    where: placedAt(placed),
    id: path,
    text: `a secret stands in clear in ${path}, which is of Airflow itself or a service beside it; it is not brought into Vault`,
    hint: 'name a Kubernetes secret in its place: the chart has a value for that',
  }
}

interface Option {
  readonly name: string
  readonly placed: Placed
}

/** `config`: section -> key -> value, as the environment variable that would set it. */
function optionsOf(root: MergedMap): Option[] {
  const config = root.entries.get('config')?.node
  if (config?.kind !== 'map') return []
  return [...config.entries].flatMap(([section, { node }]) => {
    if (node.kind !== 'map') return []
    return [...node.entries].map(([key, placed]) => ({ name: `AIRFLOW__${section}__${key}`.toUpperCase(), placed }))
  })
}

function optionFinding(name: string, placed: Placed): Finding | undefined {
  const { node, file } = placed
  if (node.kind !== 'scalar' || holdsTemplate(node.text)) return undefined
  const origin: Origin = { source: 'helm', where: placedAt(placed), place: { kind: 'file', file: file.path } }
  return settingFinding(name, sensitive(scalarText(node, 'helm').text), origin)
}
