/**
 * What the command line shows, and where.
 *
 * Manners: data alone goes to stdout, everything else to stderr; with `--json` stdout holds exactly one document, also
 * when the command fails; no colour in a pipe, with NO_COLOR or with `--no-color`; messages start in lower case, have
 * no full stop, and every refusal carries a hint. No secret value passes through here: callers hold `Sensitive`, which
 * prints as a mask.
 */
import colors from 'picocolors'
import type { Paint } from '../plan/index.ts'
import type { Failure } from './failure.ts'

export interface ScreenOptions {
  readonly json: boolean
  readonly quiet: boolean
  /** False with `--no-color`. */
  readonly color: boolean
}

export interface Screen {
  readonly json: boolean
  readonly quiet: boolean
  /** Colours of stdout. */
  readonly paint: Paint
  /** Colours of stderr: for `say`. */
  readonly newsPaint: Paint
  /** Data, to stdout. Nothing with `--json`: use `document`. */
  print(text: string): void
  /** The one JSON document of `--json`. */
  document(value: unknown): void
  /** News, to stderr; nothing with `-q`. */
  say(text: string): void
  /** Findings, to stderr, also with `-q`: as they are, without a prefix. */
  insist(text: string): void
  warn(text: string, hint?: string): void
  /** An error, to stderr, also with `-q`. */
  fail(message: string, hint?: string): void
  /** Every problem to stderr; with `--json` the document too, unless the command has given one. */
  failure(failure: Failure): void
  /** A person sits at both ends: questions may be asked. */
  readonly interactive: boolean
}

/** Text after `plenum: ` goes on in this column. */
const INDENT = ' '.repeat('plenum: '.length)

export function createScreen({ json, quiet, color }: ScreenOptions): Screen {
  const wanted = color && colors.isColorSupported
  const out = paintFor(wanted && process.stdout.isTTY)
  const err = paintFor(wanted && process.stderr.isTTY)
  const toStderr = (text: string) => process.stderr.write(`${text}\n`)
  const withHint = (text: string, hint: string | undefined) => {
    toStderr(text)
    if (hint !== undefined) for (const line of hint.split('\n')) toStderr(`${INDENT}${line}`)
  }
  let documented = false
  const screen: Screen = {
    json,
    quiet,
    paint: out,
    newsPaint: err,
    print(text) {
      if (!json) process.stdout.write(`${text}\n`)
    },
    document(value) {
      if (!json || documented) return
      documented = true
      process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
    },
    say(text) {
      if (!quiet) toStderr(text)
    },
    insist(text) {
      toStderr(text)
    },
    warn(text, hint) {
      if (!quiet) withHint(`${err.warn('warning:')} ${text}`, hint)
    },
    fail(message, hint) {
      withHint(`${err.bad('plenum:')} ${message}`, hint)
    },
    failure({ problems }) {
      for (const { message, hint } of problems) screen.fail(message, hint)
      screen.document({ errors: problems })
    },
    interactive: process.stdin.isTTY && process.stderr.isTTY && !json,
  }
  return screen
}

/** For text that goes nowhere near a terminal, and for tests. */
export const PLAIN: Paint = paintFor(false)

function paintFor(on: boolean): Paint {
  const { green, red, yellow, dim, bold } = colors.createColors(on)
  return { good: green, bad: red, warn: yellow, dim, bold }
}
