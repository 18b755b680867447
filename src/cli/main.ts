#!/usr/bin/env node
/**
 * `plenum`: the command line, and the composition root. It parses arguments, runs one command, and turns every failure
 * into clear messages and an exit status. It decides nothing about secrets.
 */
import { type Command, CommanderError } from 'commander'
import { describeFailure } from './failure.ts'
import { watchOutput } from './output.ts'
import { buildProgram } from './program.ts'
import { createScreen } from './screen.ts'
import { withDoubleDashes } from './single-dash.ts'

const output = watchOutput(process)
output.finish(await main(process.argv))

async function main(argv: readonly string[]): Promise<number> {
  try {
    let status = 0
    const program = await buildProgram((result) => {
      status = result
    })
    if (argv.length <= 2) {
      program.outputHelp({ error: true })
      return 2
    }
    await program.parseAsync(withDoubleDashes(withDeepHelp(argv), switchesOf(program, 'server')))
    return status
  } catch (error) {
    // Commander has shown help or the version: asked for, or because a family was called without one of its commands.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const failure = describeFailure(error)
    createScreen({ json: argv.includes('--json'), quiet: false, color: !argv.includes('--no-color') }).failure(failure)
    return failure.status
  }
}

/** `help airflow config` as `airflow config --help`: commander's own `help` knows one level. */
function withDeepHelp(argv: readonly string[]): string[] {
  const [node = '', file = '', first, ...words] = argv
  return first === 'help' && words.length > 1 ? [node, file, ...words, '--help'] : [...argv]
}

/** The long options of a command that take no value. */
function switchesOf(program: Command, name: string): ReadonlySet<string> {
  const options = program.commands.find((command) => command.name() === name)?.options ?? []
  return new Set(options.filter(({ required, optional }) => !required && !optional).map((option) => option.name()))
}
