#!/usr/bin/env node
/**
 * `plenum`: the command line, and the composition root. It parses arguments, runs one command, and turns every failure
 * into clear messages and an exit status. It decides nothing about secrets.
 */
import { CommanderError } from 'commander'
import { describeFailure } from './failure.ts'
import { buildProgram } from './program.ts'
import { createScreen } from './screen.ts'

process.exitCode = await main(process.argv)

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
    await program.parseAsync([...argv])
    return status
  } catch (error) {
    // Commander has printed what is wrong with the call.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const failure = describeFailure(error)
    createScreen({ json: false, quiet: false, color: true }).failure(failure)
    return failure.status
  }
}
