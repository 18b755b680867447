/**
 * One assignment as other readers of `.env` files take it, where that is another value than python-dotenv's: a hub is
 * started by Docker Compose (`env_file`), sourced by a shell (`set -a; . ./.env`) and read by Node, and each has its own
 * idea of quotes. Each is replayed, and a note says why it differs. Pure; nothing is run.
 *
 * Invariant: notes are fixed texts, and hold no piece of the value.
 */
import { parseDotenv } from '../../hub/index.ts'
import { parseEnvFile } from '../compose/env-file.ts'
import type { Note } from '../found.ts'
import { type Assignment, assignmentOf } from './assignment.ts'
import { nodeValue } from './node-reader.ts'
import { shellReading } from './shell-reader.ts'

/** A larger one is no value that people write, and is refused later on. */
const LONGEST = 64 * 1024
/** Python-dotenv, Compose and a shell put the same in for it; what, does not matter here. */
const REFERENCE = /\$\{[A-Za-z_]\w*(?::-[\w.,@:/ -]*)?\}/g

/** `written`: the lines of one assignment. */
export function dialectNotes(written: string): Note[] {
  const own = assignmentOf(written)
  if (own === undefined || written.length > LONGEST) return []
  const neutral = assignmentOf(written.replaceAll(REFERENCE, 'R'))
  const text = neutral === undefined ? undefined : pythonValue(neutral)
  if (neutral === undefined || text === undefined) return []
  const hasReference = own.rest !== neutral.rest
  const notes = [
    composeNote(neutral, text),
    shellNote(neutral, text),
    nodeNote(neutral, text, hasReference && own.quote !== "'"),
    hasReference && own.quote === "'" ? SINGLE : undefined,
  ]
  return notes.flatMap((note) => (note === undefined ? [] : [{ kind: 'dialect', text: note }]))
}

const NOTHING = { get: (): undefined => undefined }
const SINGLE = 'python-dotenv puts in ${NAME} within single quotes too; Plenum keeps the text as it is written'

/** Under a name that every reader takes. */
function pythonValue({ rest }: Assignment): string | undefined {
  return parseDotenv(`K=${rest}`, NOTHING).values.get('K')?.value.reveal()
}

function composeNote(assignment: Assignment, text: string): string | undefined {
  const { name, isNameQuoted, rest, quote } = assignment
  if (isNameQuoted || !/^[\p{L}\p{N}_.\-[\]]+$/u.test(name)) return COMPOSE_REFUSES
  const value = parseEnvFile(`K=${rest}`, NOTHING.get).values.get('K')?.value.reveal()
  if (value === text) return undefined
  if (quote !== "'" && rest.includes('$$')) return 'Docker Compose makes one $ of $$'
  if (quote !== "'" && /\$[A-Za-z_]/.test(rest)) return 'Docker Compose puts in $NAME also without braces'
  if (value === undefined) return COMPOSE_REFUSES
  if (quote === "'") return 'Docker Compose keeps \\\\ within single quotes as it is written'
  if (quote === '"') return 'Docker Compose reads other escapes within double quotes'
  return 'Docker Compose reads another value, and begins a comment at " #" alone'
}

const COMPOSE_REFUSES = 'Docker Compose refuses the whole file because of this line'

function shellNote(assignment: Assignment, text: string): string | undefined {
  const reading = shellReading(assignment)
  if (reading.kind === 'other') return `a shell ${reading.text}`
  if (reading.text === text) return undefined
  if (assignment.quote === undefined) return 'a shell takes quotes and backslashes in it for its own'
  return 'a shell reads other escapes within quotes'
}

function nodeNote({ isNameQuoted, rest, quote }: Assignment, text: string, hasReference: boolean): string | undefined {
  if (isNameQuoted) return 'Node takes the quotes for a part of the name'
  const value = nodeValue(rest)
  if (value === text) return hasReference ? NODE_REFERENCE : undefined
  if (quote !== undefined) return 'Node reads other escapes within quotes'
  if (rest.startsWith('`')) return 'Node takes backticks for quotes'
  return 'Node cuts the value at the #'
}

const NODE_REFERENCE = 'Node puts nothing in for ${NAME}'
