#!/usr/bin/env node
/**
 * `plenum`: the command line, and the composition root. It parses arguments, runs one command, and turns every failure
 * into one clear message and an exit status. It decides nothing about secrets.
 */
import { CommanderError } from 'commander'
import { describeFailure } from './failure.ts'
import { buildProgram } from './program.ts'
import { createScreen } from './screen.ts'

process.exitCode = await main(process.argv)

async function main(argv: readonly string[]): Promise<number> {
  const debug = argv.includes('--debug')
  try {
    return await run(argv)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const failure = describeFailure(error)
    const screen = createScreen({ json: false, quiet: false, color: !argv.includes('--no-color') })
    screen.fail(failure.message, failure.hint)
    if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
    return failure.status
  }
}

async function run(argv: readonly string[]): Promise<number> {
  let status = 0
  const program = await buildProgram((result) => {
    status = result
  })
  if (argv.length <= 2) {
    program.outputHelp({ error: true })
    return 2
  }
  await program.parseAsync([...argv])
  return status
}
