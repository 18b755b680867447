/** `plenum import`: one subcommand a source, and the options that all of them take. */
import { Argument, Option } from 'commander'
import { parsePort, parseVersion, several } from '../arguments.ts'
import type { CommandSpec } from '../command-tree.ts'
import { databaseOptions } from './database-options.ts'
import { projectOptions } from './project-options.ts'
import type { ImportSource } from './options.ts'

const SELECTION = (): readonly Option[] => [
  several('--only <pattern>', 'take only what matches: an id with * and ?, or kind:pattern (variable:report_*)'),
  several('--except <pattern>', 'leave out what matches'),
  ...projectOptions(),
  new Option('--with-defaults', "also take Airflow's own default connections that nobody has edited"),
  new Option('--names <how>', 'environment variables that are no Airflow objects become')
    .choices(['secrets', 'variables', 'none'])
    .default('secrets'),
  several('--class <class>', 'which of them: secret, configuration, unknown (default: secret)'),
  new Option('--prefer <source>', 'which source is right where two differ about one id'),
]

const DOING = (): readonly Option[] => [
  new Option('--dry-run', 'show what would be done and stop'),
  new Option('-y, --yes', 'do it without asking'),
  new Option('--overwrite', 'also write over what Vault has and the source has otherwise'),
  new Option('--check', 'only read everything back as its reader does, and compare it with the source'),
  new Option('--finish [how]', 'after a proven move: remove what is left in the source (blank, or remove)')
    .choices(['blank', 'remove'])
    .preset('blank'),
  new Option('--undo [id]', 'put back what --finish removed (default: the last one)').preset('last'),
  new Option('--list', 'with --undo: show the records of what --finish removed'),
  new Option('--forget <id>', 'with --undo: remove such a record for good'),
  new Option('--report <file>', 'write the report too: .json, .md or .txt'),
  new Option('--out <file>', 'write the declarations to this file instead of plenum.yaml'),
  new Option('--name <hub>', 'name of the hub, where plenum.yaml is made anew'),
  new Option('--airflow-version <version>', 'of the new plenum.yaml').argParser(parseVersion),
  new Option('--provider <version>', 'of apache-airflow-providers-hashicorp, for the new plenum.yaml').argParser(
    parseVersion,
  ),
  new Option('--port <port>', 'of the embedded server, when it has to be started for this')
    .default(8200)
    .argParser(parsePort),
  new Option('--all', 'show every line of a long list'),
]

interface SourceSpec {
  readonly source: ImportSource
  readonly summary: string
  readonly description: string
  readonly arguments?: readonly Argument[]
  readonly options?: readonly Option[]
  readonly examples: readonly string[]
}

const FILES = (name: string): Argument => new Argument('<file...>', name)

const SOURCES: readonly SourceSpec[] = [
  {
    source: 'folder',
    summary: "what a folder has at its top: Airflow's database, .env, compose files, exports, settings, chart values",
    description:
      'Looks into a folder for what the other sources read and brings all of it in one go: airflow.cfg or airflow.db (there or in airflow/), .env files, the compose file with its override, Dockerfiles, devcontainer.json, connections.json and variables.json (or yaml, env), airflow_settings.yaml, values.yaml.',
    arguments: [new Argument('[dir]', 'the folder').default('.')],
    examples: ['plenum import folder ~/airflow', 'plenum import folder ./hub --hub ./hub --dry-run'],
  },
  {
    source: 'airflow-db',
    summary: "Airflow's own database: connections and variables, decrypted with its Fernet keys",
    description:
      "Reads the tables connection and variable of Airflow 2.7 to 3.3 on PostgreSQL, MySQL or MariaDB, or SQLite, with a role that may only read. A row that cannot be decrypted is reported and the rest goes on. Airflow's environment, airflow.cfg and _CMD settings say where it is and with which keys; or give them yourself.",
    options: databaseOptions(),
    examples: [
      'plenum import airflow-db --airflow-home ~/airflow',
      'PLENUM_IMPORT_DSN=postgresql://reader@db/airflow plenum import airflow-db --fernet-key-file key.txt',
      'plenum import airflow-db --airflow-home ~/airflow --check',
    ],
  },
  {
    source: 'env-file',
    summary: '.env files',
    description:
      'Reads .env files as python-dotenv does, executing nothing. AIRFLOW_CONN_* and AIRFLOW_VAR_* become connections and variables; other names are told apart into secret, configuration and unknown, and those of the wanted classes become secrets of a project or variables.',
    arguments: [FILES('.env files')],
    examples: [
      'plenum import env-file .env',
      'plenum import env-file .env --project trading --class secret --class unknown',
    ],
  },
  {
    source: 'compose',
    summary: 'compose files, Dockerfiles, devcontainer.json',
    description:
      'Reads compose files as docker compose does: several in the order of its -f, environment, env_file, ${X:-default}, secrets, anchors and merges, extends and include. Also ENV and ARG of Dockerfiles, and the environment of devcontainer.json. Nothing is executed.',
    arguments: [FILES('compose files in the order of -f, Dockerfiles, devcontainer.json')],
    examples: [
      'plenum import compose docker-compose.yml',
      'plenum import compose docker-compose.yml docker-compose.prod.yml --dry-run',
    ],
  },
  {
    source: 'airflow-export',
    summary: 'files that `airflow connections export` and `airflow variables export` wrote',
    description:
      'Reads exports as JSON, YAML or lines of id=URI, and says of each object what its format has lost. What a file holds is seen from its content; where that is not clear, --what says it.',
    arguments: [FILES('exported files')],
    options: [new Option('--what <objects>', 'what the files hold').choices(['connections', 'variables'])],
    examples: [
      'plenum import airflow-export connections.json variables.json',
      'plenum import airflow-export secrets.env --what connections',
    ],
  },
  {
    source: 'airflow-settings',
    summary: "the Astro CLI's airflow_settings.yaml",
    description:
      'Reads connections and variables of airflow_settings.yaml, with the long names of its fields and the short ones. Pools are no secrets and stay there.',
    arguments: [FILES('airflow_settings.yaml')],
    examples: ['plenum import airflow-settings airflow_settings.yaml'],
  },
  {
    source: 'helm',
    summary: "values files of Airflow's Helm chart",
    description:
      "Reads env, extraEnv, extraSecrets and extraConfigMaps, config, and the components' own env of values files, later ones over earlier ones. A value that holds a template is named and left out; nothing is rendered.",
    arguments: [FILES('values files in the order of --values')],
    examples: ['plenum import helm values.yaml', 'plenum import helm values.yaml values-prod.yaml --dry-run'],
  },
  {
    source: 'vault',
    summary: 'another path, mount, KV version or Vault',
    description:
      'Reads a KV engine, version 1 or 2, of this Vault or another one. With --with-versions every version that still stands is brought along, oldest first.',
    options: [
      new Option('--from-address <url>', 'the other Vault (default: this one)'),
      new Option('--from-token-file <file>', 'file with a token of the other Vault').env('PLENUM_IMPORT_TOKEN_FILE'),
      new Option('--from-ca-cert <file>', 'PEM file that vouches for the other Vault'),
      new Option('--from-namespace <name>', 'namespace of the other Vault'),
      new Option('--mount <path>', 'mount to read').default('secret'),
      new Option('--kv-version <n>', 'of that mount').choices(['1', '2']).default('2'),
      new Option('--prefix <path>', 'folder to read; all of the mount when left out').default(''),
      new Option('--connections-path <path>', 'folder of connections in it').default('airflow/connections'),
      new Option('--variables-path <path>', 'folder of variables in it').default('airflow/variables'),
      new Option('--projects-path <path>', "folder of the projects' secrets in it").default('projects'),
      new Option('--with-versions', 'also bring the older versions'),
    ],
    examples: [
      'plenum import vault --mount kv --kv-version 1',
      'plenum import vault --from-address https://old:8200 --prefix airflow',
    ],
  },
]

export const IMPORT_COMMAND: CommandSpec = {
  name: 'import',
  summary: 'bring secrets from where they are today into Vault, and prove it',
  description:
    'Reads a source and changes nothing in it, shows the plan, and when it is accepted writes the values to Vault and the declarations to plenum.yaml; then reads every object back as its reader does and compares it field by field. Run again it finishes what was interrupted. No secret touches the disk on the way.',
  examples: [
    'plenum import airflow-db --airflow-home ~/airflow',
    'plenum import env-file .env --check',
    'plenum import env-file .env --finish',
  ],
  commands: SOURCES.map(({ source, summary, description, arguments: args, options = [], examples }) => ({
    name: source,
    summary,
    description,
    ...(args === undefined ? {} : { arguments: args }),
    options: [...options, ...SELECTION(), ...DOING()],
    examples,
    run: async (given, screen, paths) =>
      (await import('../commands/import.ts')).importCommand(source, given, screen, paths),
  })),
}
