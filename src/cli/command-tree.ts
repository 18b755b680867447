/**
 * The command tree as one literal: what exists, what it takes, what it says of itself. Commands are loaded when called,
 * so that `plenum --help` and completion stay quick. How it becomes a program is `program.ts`.
 */
import { Argument, Option } from 'commander'
import { parseMebibytes, parsePort, several } from './arguments.ts'
import { IMPORT_COMMAND } from './importing/spec.ts'
import { SYNC_COMMAND } from './syncing/spec.ts'
import type { Screen } from './screen.ts'

/** The positional argument: several for one that takes many (`<file...>`). */
export type Positional = string | readonly string[] | undefined

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly arguments?: readonly Argument[]
  readonly options?: readonly Option[]
  readonly examples: readonly string[]
  /** Absent for a family, which only has subcommands. */
  readonly run?: (options: never, screen: Screen, argument: Positional) => Promise<number>
  readonly commands?: readonly CommandSpec[]
}

const port = (): Option => new Option('--port <port>', 'port of the embedded server').default(8200).argParser(parsePort)
const yes = (): Option => new Option('-y, --yes', 'do it without asking')
const overwrite = (): Option =>
  new Option(
    '--overwrite',
    'also write what somebody else changed in Vault since Plenum wrote it, or what was there before',
  )

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'up',
    summary: 'start the embedded server if needed, apply, verify, print the Airflow settings',
    description:
      'Brings a hub up: starts the embedded Vault server when the environment asks for one, applies plenum.yaml, checks every look-up as Airflow makes it, and writes the Airflow settings. Runs until Ctrl-C; the data stays.',
    options: [
      port(),
      new Option('--detach', 'run in the background; `plenum down` stops it'),
      yes(),
      overwrite(),
      // How `--detach` starts itself: the answer goes to the parent process.
      new Option('--report-to-parent').hideHelp(),
    ],
    examples: ['plenum up', 'plenum up --detach --port 8201', 'plenum up -e prod'],
    run: async (options, screen) => (await import('./commands/up.ts')).up(options, screen),
  },
  {
    name: 'down',
    summary: 'stop what `up --detach` started',
    description: 'Stops the embedded server of this hub. Its data stays, encrypted; `plenum up` starts it again.',
    examples: ['plenum down'],
    run: async (options, screen) => (await import('./commands/down.ts')).down(options, screen),
  },
  {
    name: 'plan',
    summary: 'show what apply would change, without a value',
    description:
      'Compares plenum.yaml with Vault and lists what apply would do: which fields change, never their values. Also lists what drifted, what nobody declared, and what Vault hides from Airflow.',
    options: [
      new Option('--exit-code', 'exit 3 when there is something to do'),
      new Option('--all', 'show every line of a long list'),
      overwrite(),
    ],
    examples: ['plenum plan', 'plenum plan --json | jq .changes', 'plenum plan -e prod --exit-code'],
    run: async (options, screen) => (await import('./commands/plan.ts')).plan(options, screen),
  },
  {
    name: 'apply',
    summary: 'make Vault what plenum.yaml says',
    description:
      'Shows the plan, asks, and carries it out in parallel, with check-and-set on every write: what somebody else changed meanwhile is reported and not overwritten. Safe to interrupt and to run again.',
    options: [yes(), overwrite(), new Option('--all', 'show every line of a long list')],
    examples: ['plenum apply', 'plenum apply --yes', 'plenum apply -e prod'],
    run: async (options, screen) => (await import('./commands/apply.ts')).apply(options, screen),
  },
  IMPORT_COMMAND,
  SYNC_COMMAND,
  {
    name: 'verify',
    summary: 'make every declared look-up as Airflow makes it',
    description:
      "Logs in as Airflow's role and makes exactly VaultBackend's requests for every declared connection and variable; then checks that each project reads its own secrets and nothing else. Exit 1 when anything fails.",
    options: [
      new Option('--airflow <python>', 'also ask the real VaultBackend of this Python interpreter, and compare'),
    ],
    examples: ['plenum verify', 'plenum verify --airflow ~/airflow/venv/bin/python'],
    run: async (options, screen) => (await import('./commands/verify.ts')).verify(options, screen),
  },
  {
    name: 'airflow',
    summary: "Airflow's own settings",
    description: "Airflow's own settings.",
    examples: ['plenum airflow config'],
    commands: [
      {
        name: 'config',
        summary: 'the [secrets] settings for this Airflow and provider',
        description:
          "Prints the settings that make Airflow read from this hub's Vault. The secret_id stays in a file of mode 0600 that the settings refer to; no secret is printed.",
        arguments: [new Argument('[format]', 'how').choices(['env', 'cfg', 'json', 'compose']).default('env')],
        examples: ['plenum airflow config', 'plenum airflow config cfg', 'plenum airflow config compose'],
        run: async (options, screen, format) =>
          (await import('./commands/airflow-config.ts')).airflowConfig(options, screen, String(format)),
      },
    ],
  },
  {
    name: 'server',
    summary: 'the embedded Vault-compatible server alone',
    description:
      'Runs the embedded server on a folder of its own, without a hub. It starts sealed and uninitialised, as Vault does: initialise and unseal it over the API. With --dev it runs in memory, unsealed, with a root token it prints: NOT SAFE for production. Takes the place of `vault server`: flags with one dash and configuration files in HCL or JSON are understood.',
    options: [
      new Option(
        '--port <port>',
        'port on 127.0.0.1, where the configuration names no listener (default: 8200)',
      ).argParser(parsePort),
      several('--config <file>', 'configuration file of Vault, or a folder of them'),
      new Option('--data <folder>', 'folder of the encrypted store'),
      new Option('--audit-folder <folder>', 'folder in which audit devices may be enabled'),
      new Option('--audit-prefix', 'allow audit devices with a prefix'),
      new Option('--audit-reserve <MiB>', 'disk space kept for audit logs; below it they warn (default: 64)').argParser(
        parseMebibytes,
      ),
      new Option('-d, --dev', 'in memory, unsealed, root token printed: NOT SAFE for production'),
      new Option('--dev-root-token-id <token>', 'the root token of --dev').env('VAULT_DEV_ROOT_TOKEN_ID'),
      new Option('--dev-listen-address <address>', 'HOST:PORT of --dev').env('VAULT_DEV_LISTEN_ADDRESS'),
      new Option('--dev-tls', '--dev over TLS, with an authority and a certificate made for it'),
      new Option('--dev-tls-cert-dir <folder>', 'folder for the files of --dev-tls (default: a temporary one)'),
      several('--dev-tls-san <name>', 'DNS name or address that the certificate of --dev-tls is for as well'),
      new Option('--dev-kv-v1', 'KV version 1 at secret/ of --dev, instead of 2'),
      new Option('--dev-no-store-token', 'leave the root token out of ~/.vault-token, where it never goes'),
      new Option('--log-level <level>', 'from which level on news are told')
        .choices(['trace', 'debug', 'info', 'warn', 'error'])
        .env('VAULT_LOG_LEVEL'),
      new Option('--log-format <format>', 'of the log on stderr (default: standard in a terminal, else json)')
        .choices(['standard', 'json'])
        .env('VAULT_LOG_FORMAT'),
    ],
    examples: ['plenum server --data ./vault', 'plenum server -config=vault.hcl', 'plenum server -dev'],
    run: async (options, screen) => (await import('./commands/server.ts')).server(options, screen),
    commands: [
      {
        name: 'generate-root',
        summary: 'a new root token for a stopped store, from its unseal shares',
        description:
          'Makes a root token for whoever has lost the last one: on the store of a server that is stopped, with its unseal shares, or with the key file that `plenum up` made. Asks for the shares without showing them, or reads them from files or standard input; finds the key file by itself. Without --data and --config it is the store of the hub. Prints the token once; the audit devices of the store record it.',
        options: [
          several('--config <file>', 'configuration file of the server, or a folder of them'),
          new Option('--data <folder>', 'folder of the encrypted store'),
          new Option('--audit-folder <folder>', 'folder of the audit devices, as for the server'),
          several('--shares <file>', 'file of unseal shares, one a line; - is standard input, or asks'),
          new Option('--key-file <file>', 'key file of `plenum up`, where it is not in the configuration folder'),
          new Option('--out <file>', 'write the token to this new file (0600) instead of printing it'),
        ],
        examples: [
          'plenum server generate-root --data ./vault',
          'plenum server generate-root --data ./vault --shares shares.txt --out root-token',
          'plenum server generate-root --hub ./hub',
        ],
        run: async (options, screen) =>
          (await import('./commands/server-generate-root.ts')).generateRoot(options, screen),
      },
      {
        name: 'status',
        summary: 'how a server does: seal, listeners, tokens, audit devices and the room on their disks',
        description:
          "Shows how a server does: VAULT_ADDR or --address, else the hub's own, else http://127.0.0.1:8200. Whether it is initialised and sealed is told to anybody; the rest needs a token that may read sys/plenum/status. Exit status: 0 unsealed, 2 sealed, 1 it cannot be told.",
        options: [new Option('--address <url>', 'of the server, before VAULT_ADDR')],
        examples: [
          'plenum server status',
          'plenum server status --json',
          'plenum server status -address=https://vault:8200',
        ],
        run: async (options, screen) =>
          (await import('./commands/server-status.ts')).serverStatusCommand(options, screen),
      },
    ],
  },
]
