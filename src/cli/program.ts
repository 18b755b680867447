/**
 * The command tree as one literal: what exists, what it takes, what it says of itself. Commands are loaded when called,
 * so that `plenum --help` and completion stay quick.
 */
import tab from '@bomb.sh/tab/commander'
import { Argument, Command, type CommanderError, InvalidArgumentError, Option } from 'commander'
import { CommandError, describeFailure } from './failure.ts'
import { type GlobalOptions, screenOf } from './globals.ts'
import type { Screen } from './screen.ts'
import { readVersion } from './version.ts'

/** Told the exit status of a command that ran to its end. */
type Finish = (status: number) => void

interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly arguments?: readonly Argument[]
  readonly options?: readonly Option[]
  readonly examples: readonly string[]
  /** Absent for a family, which only has subcommands. */
  readonly run?: (options: never, screen: Screen, argument: string | undefined) => Promise<number>
  readonly commands?: readonly CommandSpec[]
}

const port = (): Option => new Option('--port <port>', 'port of the embedded server').default(8200).argParser(parsePort)
const yes = (): Option => new Option('-y, --yes', 'do it without asking')
const overwrite = (): Option =>
  new Option(
    '--overwrite',
    'also write what somebody else changed in Vault since Plenum wrote it, or what was there before',
  )

const COMMANDS: readonly CommandSpec[] = [
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
          (await import('./commands/airflow-config.ts')).airflowConfig(options, screen, format),
      },
    ],
  },
  {
    name: 'server',
    summary: 'the embedded Vault-compatible server alone',
    description:
      'Runs the embedded server on a folder of its own, without a hub. It starts sealed and uninitialised, as Vault does: initialise and unseal it over the API. With --dev it runs in memory, unsealed, with a root token it prints: NOT SAFE for production.',
    options: [
      port(),
      new Option('--data <folder>', 'folder of the encrypted store'),
      new Option('--audit-folder <folder>', 'folder in which audit devices may be enabled'),
      new Option('-d, --dev', 'in memory, unsealed, root token printed: NOT SAFE for production'),
      new Option('--dev-root-token-id <token>', 'the root token of --dev').env('VAULT_DEV_ROOT_TOKEN_ID'),
    ],
    examples: ['plenum server --data ./vault', 'plenum server --dev'],
    run: async (options, screen) => (await import('./commands/server.ts')).server(options, screen),
  },
]

/**
 * @throws {CommandError} from `parseAsync`, for a wrong call.
 * @throws {CommanderError} from `parseAsync`, when help or the version was shown instead of running something.
 */
export async function buildProgram(finish: Finish): Promise<Command> {
  const program = new Command('plenum')
    .description('Secrets for Airflow hubs: declared in one file, kept in Vault, verified the way Airflow reads them.')
    .version(await readVersion(), '-V, --version')
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => refuse(error, '`plenum --help` lists the commands'))
    .addHelpText(
      'after',
      '\nStart with `plenum up` in a folder with a plenum.yaml.\nExit status: 0 done, 1 failed or found a problem, 2 wrong call, 3 changes (plan --exit-code).',
    )
  // Here for `plenum --hub DIR plan`; on each command for its help and for completion.
  for (const option of globalOptions()) program.addOption(option)
  for (const spec of COMMANDS) addCommand(program, spec, 'plenum', finish)
  tab(program, { completionCommandName: 'completion' })
  return program
}

function addCommand(parent: Command, spec: CommandSpec, above: string, finish: Finish): void {
  const words = `${above} ${spec.name}`
  const command = parent.command(spec.name).summary(spec.summary).description(spec.description)
  command.exitOverride((error) => refuse(error, `\`${words} --help\` shows the options`))
  command.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  $ ${example}`).join('\n')}`)
  for (const argument of spec.arguments ?? []) command.addArgument(argument)
  for (const child of spec.commands ?? []) addCommand(command, child, words, finish)
  const { run } = spec
  if (run === undefined) return
  for (const option of [...(spec.options ?? []), ...globalOptions()]) command.addOption(option)
  command.action(async (...received: unknown[]) => {
    const argument = (spec.arguments?.length ?? 0) === 0 ? undefined : received[0]
    finish(await runReported(run, command.optsWithGlobals(), argument as string | undefined))
  })
}

/** What commander says of a wrong call, in the manners of `screen.ts`. It has printed help and the version itself. */
function refuse(error: CommanderError, hint: string): never {
  if (error.exitCode === 0 || error.code === 'commander.help') throw error
  const [message = '', ...more] = error.message
    .replace(/^error: /, '')
    .replaceAll(/\. ([A-Z])/g, (_, letter: string) => `; ${letter.toLowerCase()}`)
    .replaceAll(/\.$/gm, '')
    .split('\n')
  const suggestions = more.map((line) => line.replace(/^\(Did (.*)\)$/, 'did $1'))
  throw new CommandError('call-wrong', message, { hint: [...suggestions, hint].join('\n'), status: 2, cause: error })
}

/** A failure is told on the command's own screen, which knows of `--json` and of what was already said. */
async function runReported(
  run: NonNullable<CommandSpec['run']>,
  options: GlobalOptions,
  argument: string | undefined,
): Promise<number> {
  const screen = screenOf(options)
  try {
    return await run(options as never, screen, argument)
  } catch (error) {
    const failure = describeFailure(error)
    screen.failure(failure)
    if (options.debug === true && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
    return failure.status
  }
}

function globalOptions(): Option[] {
  const options: Record<keyof GlobalOptions, Option> = {
    hub: new Option('--hub <dir>', 'folder of plenum.yaml (default: the nearest one upwards)'),
    environment: new Option('-e, --environment <name>', 'environment of plenum.yaml').default('dev'),
    json: new Option('--json', 'one JSON document on stdout, nothing else there'),
    color: new Option('--no-color', 'no colour, also on a terminal'),
    quiet: new Option('-q, --quiet', 'errors and data only'),
    debug: new Option('--debug', 'stack traces of failures'),
  }
  return Object.values(options)
}

function parsePort(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535 (0 picks a free one).')
  return value
}
