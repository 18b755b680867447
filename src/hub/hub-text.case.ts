/** Hubs for tests: text in, messages out, with a world of variables and files that the test names. */
import { formatHubMessage, type Hub, type HubMessage, type HubResult, loadHub } from './index.ts'

export interface World {
  readonly env?: Readonly<Record<string, string>>
  /** By absolute path. */
  readonly files?: Readonly<Record<string, string>>
  readonly references?: 'required' | 'unchecked'
}

const FILE = '/hub/plenum.yaml'

export const HEAD = `version: 1
hub: example-hub
airflow: { version: "3.3", provider: "4.8" }
`

export function sources({ env = {}, files = {} }: World): {
  env: { get(name: string): string | undefined }
  files: { read(path: string): string | undefined }
} {
  return { env: { get: (name) => env[name] }, files: { read: (path) => files[path] } }
}

export function load(text: string, world: World = {}): HubResult {
  const { references = 'required' } = world
  return loadHub({ file: FILE, text, ...sources(world), references })
}

/** The hub, or a failure that shows what is wrong with it. */
export function loaded(text: string, world: World = {}): Hub {
  const result = load(text, world)
  if (result.kind === 'hub') return result.hub
  throw new Error(result.errors.map((message) => formatHubMessage(message)).join('\n'))
}

/** Errors and warnings in the form in which they are shown, first lines only. */
export function shownMessages(result: HubResult): string[] {
  return messagesOf(result).map((message) => formatHubMessage(message, '/hub').split('\n')[0] ?? '')
}

export function messagesOf(result: HubResult): HubMessage[] {
  return [...(result.kind === 'errors' ? result.errors : []), ...result.warnings]
}

/** A hub with one project `trading` that has these lines, two spaces in. */
export function project(lines: string): string {
  const body = lines
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
  return `${HEAD}projects:\n  trading:\n${body}\n`
}

/** The example of the design, letter by letter. */
export const EXAMPLE: string = `# yaml-language-server: $schema=…/plenum.schema.json
version: 1
hub: example-hub

airflow:
  version: "3.3"            # decides import paths, component list, config keys
  provider: "4.8"           # apache-airflow-providers-hashicorp; decides parser and request count

vault:                      # defaults shown
  mount: secret             # KV v2
  connections: airflow/connections
  variables: airflow/variables
  projects: projects

env_files: [.env]           # read for \`env\` references, after the process environment

environments:
  dev:  { vault: embedded }
  prod: { vault: { address: https://vault.example.com:8200, ca_cert: ./ca.pem, auth: { approle: { role_id: { env: ROLE_ID }, secret_id: { file: /run/secrets/sid } } } } }

projects:
  trading:
    owner: trading@example.com
    connections:
      project_trading_ibkr:
        conn_type: http
        host: https://api.ibkr.com
        login: { env: IBKR_ACCOUNT_ID }
        password: { env: IBKR_API_KEY }
        extra: { client_id: 0, read_only: true }
    variables:
      project_trading_symbols: "AAPL,MSFT"          # not secret: may stand in clear
      project_trading_api_key: { env: TRADING_API_KEY }
    secrets:                                         # for the project's own services: projects/trading/api_keys
      api_keys: { binance: { env: BINANCE_API_KEY } }
`
