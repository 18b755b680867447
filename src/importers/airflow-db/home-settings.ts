/**
 * Where an Airflow installation keeps its database, and the Fernet keys of it, found the way Airflow finds them
 * (airflow 2.4): the environment, airflow.cfg, a command, the default; the old names after the new ones at each step.
 *
 * Left out: values that Airflow takes from its secrets backend (`_SECRET`): to read that backend the settings would have
 * to be known already. The caller says so.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { ImportError } from '../found.ts'
import { type AirflowCfg, parseAirflowCfg } from './airflow-cfg.ts'
import { type DatabaseTarget, parseDsn, sqliteUrl } from './dsn.ts'

export interface EnvLike {
  get(name: string): string | undefined
}

export interface AirflowHomeOptions {
  /** Absolute; `$AIRFLOW_HOME`. */
  readonly home: string
  readonly env: EnvLike
  /** Runs a `_CMD` setting without a shell, as Airflow does, and gives its standard output. */
  readonly runCommand: (command: string) => Promise<Sensitive<string>>
  /** Undefined when it cannot be read. */
  readonly readFile: (path: string) => string | undefined
}

export interface AirflowSettingsFound {
  readonly target: DatabaseTarget
  /** As `[core] fernet_key`: one or more, separated by commas. `''`: none, rows are in clear. Undefined: not found. */
  readonly fernetKeys: Sensitive<string> | undefined
  readonly facts: readonly string[]
}

/** @throws {ImportError} */
export async function airflowHomeSettings(options: AirflowHomeOptions): Promise<AirflowSettingsFound> {
  const { home, env, readFile } = options
  const configPath = expand(env.get('AIRFLOW_CONFIG') ?? join(home, 'airflow.cfg'), env)
  const text = readFile(configPath)
  const cfg = parseAirflowCfg(text ?? '', configPath)
  const lookup = new Lookup(options, cfg, configPath)
  const url = await lookup.find(DSN_NAMES)
  const keys = await lookup.find(FERNET_NAMES)
  const schema = await lookup.find(SCHEMA_NAMES)
  if (url.kind === 'secret') {
    throw new ImportError(
      'import-airflow-secret-setting',
      `${url.where} takes the database URL from Airflow's secrets backend`,
      {
        hint: 'name the database with --dsn, and the Fernet keys with --fernet-key-file',
      },
    )
  }
  const dsn = url.kind === 'value' ? url.value : sqliteUrl(join(home, 'airflow.db'))
  const target = parseDsn(dsn, schema.kind === 'value' ? { schema: schema.value.reveal() } : {})
  return {
    target,
    fernetKeys: keys.kind === 'value' ? keys.value : undefined,
    facts: [
      ...(text === undefined ? [`no ${configPath}`] : []),
      `database from ${url.kind === 'value' ? url.where : "Airflow's default"}`,
      keysFact(keys),
    ],
  }
}

interface Name {
  readonly section: string
  readonly option: string
}

const DSN_NAMES: readonly Name[] = [
  { section: 'database', option: 'sql_alchemy_conn' },
  { section: 'core', option: 'sql_alchemy_conn' },
]
const SCHEMA_NAMES: readonly Name[] = [
  { section: 'database', option: 'sql_alchemy_schema' },
  { section: 'core', option: 'sql_alchemy_schema' },
]
const FERNET_NAMES: readonly Name[] = [{ section: 'core', option: 'fernet_key' }]

type Setting =
  | { readonly kind: 'value'; readonly value: Sensitive<string>; readonly where: string }
  | { readonly kind: 'secret'; readonly where: string }
  | { readonly kind: 'none' }

function keysFact(keys: Setting): string {
  switch (keys.kind) {
    case 'value':
      return keys.value.reveal() === '' ? `no Fernet key, says ${keys.where}` : `Fernet keys from ${keys.where}`
    case 'secret':
      return `${keys.where} takes the Fernet key from Airflow's secrets backend, where Plenum does not look: give it with --fernet-key-file`
    case 'none':
      return 'no Fernet key found: give it with --fernet-key-file'
  }
}

class Lookup {
  readonly #env: EnvLike
  readonly #runCommand: AirflowHomeOptions['runCommand']
  readonly #cfg: AirflowCfg
  readonly #configPath: string

  constructor({ env, runCommand }: AirflowHomeOptions, cfg: AirflowCfg, configPath: string) {
    this.#env = env
    this.#runCommand = runCommand
    this.#cfg = cfg
    this.#configPath = configPath
  }

  /** New name first at each step, as Airflow goes. */
  async find(names: readonly Name[]): Promise<Setting> {
    const steps = [
      (name: Name): Promise<Setting> => this.#inEnvironment(name),
      (name: Name): Promise<Setting> => Promise.resolve(this.#inFile(name)),
      (name: Name): Promise<Setting> => this.#byCommand(name),
      (name: Name): Promise<Setting> => Promise.resolve(this.#inBackend(name)),
    ]
    for (const step of steps) {
      for (const name of names) {
        const setting = await step(name)
        if (setting.kind !== 'none') return setting
      }
    }
    return NONE
  }

  async #inEnvironment({ section, option }: Name): Promise<Setting> {
    const name = `AIRFLOW__${section.toUpperCase()}__${option.toUpperCase()}`
    const value = this.#env.get(name)
    if (value !== undefined) return this.#expanded(value, name)
    const command = this.#env.get(`${name}_CMD`)
    if (command !== undefined) return this.#run(command, `${name}_CMD`)
    return this.#env.get(`${name}_SECRET`) === undefined ? NONE : { kind: 'secret', where: `${name}_SECRET` }
  }

  #inFile({ section, option }: Name): Setting {
    const value = this.#cfg.get(section, option)
    // A template's placeholder: nobody has started this Airflow yet.
    if (value === undefined || value === '{FERNET_KEY}') return NONE
    return this.#expanded(value, this.#place(section, option))
  }

  async #byCommand({ section, option }: Name): Promise<Setting> {
    const command = this.#cfg.get(section, `${option}_cmd`)
    return command === undefined ? NONE : this.#run(command, this.#place(section, `${option}_cmd`))
  }

  #inBackend({ section, option }: Name): Setting {
    const key = this.#cfg.get(section, `${option}_secret`)
    return key === undefined ? NONE : { kind: 'secret', where: this.#place(section, `${option}_secret`) }
  }

  #expanded(value: string, where: string): Setting {
    return { kind: 'value', value: sensitive(expand(value, this.#env)), where }
  }

  async #run(command: string, where: string): Promise<Setting> {
    const output = await this.#runCommand(command)
    // Airflow keeps the line break at the end; no database and no key has one.
    return { kind: 'value', value: output.map((text) => text.replace(/\s+$/, '')), where }
  }

  #place(section: string, option: string): string {
    return `${this.#configPath} [${section}] ${option}`
  }
}

const NONE: Setting = { kind: 'none' }

/** `$X`, `${X}` and a leading `~`, until nothing changes: Airflow does it to every value. Unknown names stay. */
function expand(text: string, env: EnvLike): string {
  let before = text
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const after = before
      .replaceAll(
        /\$(?:(\w+)|\{([^}]*)\})/g,
        (whole, plain?: string, braced?: string) => env.get(plain ?? braced ?? '') ?? whole,
      )
      .replace(/^~(?=\/|$)/, env.get('HOME') ?? homedir())
    if (after === before) return after
    before = after
  }
  return before
}

/** Airflow would never end on a variable that names itself. */
const MOST_ROUNDS = 20
