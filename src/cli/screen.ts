/**
 * What the command line shows, and where.
 *
 * Manners: data alone goes to stdout, everything else to stderr; with `--json` stdout holds exactly one document; no
 * colour in a pipe, with NO_COLOR or with `--no-color`; messages start in lower case, have no full stop, and every
 * refusal carries a hint. No secret value passes through here: callers hold `Sensitive`, which prints as a mask.
 */
import colors from 'picocolors'

export interface ScreenOptions {
  readonly json: boolean
  readonly quiet: boolean
  /** False with `--no-color`. */
  readonly color: boolean
}

export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

export interface Screen {
  readonly json: boolean
  /** Colours of stdout. */
  readonly paint: Paint
  /** Data, to stdout. Nothing with `--json`: use `document`. */
  print(text: string): void
  /** The one JSON document of `--json`. */
  document(value: unknown): void
  /** News, to stderr; nothing with `-q`. */
  say(text: string): void
  warn(text: string): void
  /** An error, to stderr, also with `-q`. */
  fail(message: string, hint?: string): void
  /** A person sits at both ends: questions may be asked. */
  readonly interactive: boolean
}

export function createScreen({ json, quiet, color }: ScreenOptions): Screen {
  const wanted = color && colors.isColorSupported
  const out = paintFor(wanted && process.stdout.isTTY === true)
  const err = paintFor(wanted && process.stderr.isTTY === true)
  const toStderr = (text: string) => process.stderr.write(`${text}\n`)
  return {
    json,
    paint: out,
    print(text) {
      if (!json) process.stdout.write(`${text}\n`)
    },
    document(value) {
      if (json) process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
    },
    say(text) {
      if (!quiet) toStderr(text)
    },
    warn(text) {
      if (!quiet) toStderr(`${err.warn('warning:')} ${text}`)
    },
    fail(message, hint) {
      toStderr(`${err.bad('plenum:')} ${message}`)
      if (hint !== undefined) toStderr(`        ${hint}`)
    },
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true && !json,
  }
}

function paintFor(on: boolean): Paint {
  const { green, red, yellow, dim, bold } = colors.createColors(on)
  return { good: green, bad: red, warn: yellow, dim, bold }
}
