/** The command tree (`command-tree.ts`) as a program: options that every command takes, help, refusals, exit status. */
import tab from '@bomb.sh/tab/commander'
import { Command, type CommanderError, Option } from 'commander'
import { COMMANDS, type CommandSpec, type Positional } from './command-tree.ts'
import { CommandError, describeFailure } from './failure.ts'
import { type GlobalOptions, screenOf } from './globals.ts'
import { readVersion } from './version.ts'

/** Told the exit status of a command that ran to its end. */
type Finish = (status: number) => void

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
  // Its own word for a word too many would be that `server` takes no arguments.
  if (spec.commands !== undefined) command.allowExcessArguments()
  command.action(async (...received: unknown[]) => {
    if (spec.commands !== undefined && command.args.length > 0)
      throw noneOf(spec.commands, command.args[0] ?? '', words)
    const argument = (spec.arguments?.length ?? 0) === 0 ? undefined : received[0]
    finish(await runReported(run, command.optsWithGlobals(), argument as Positional))
  })
}

/** For a command that runs by itself and has others below it. */
function noneOf(commands: readonly CommandSpec[], word: string, above: string): CommandError {
  const names = commands.map(({ name }) => `\`${above} ${name}\``)
  return new CommandError('call-wrong', `unknown command '${word}'`, {
    hint: `there is ${names.join(' and ')}; \`${above}\` alone takes options\n\`${above} --help\` shows them`,
    status: 2,
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
  argument: Positional,
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
