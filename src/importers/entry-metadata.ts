/**
 * What goes into custom_metadata beside Plenum's marks: description and team of an object (a variable's data has no place
 * for them, and Airflow has no use for a team's name in Vault), and what others had put there in another Vault.
 *
 * Vault takes 64 keys of 128 bytes, and a value of 512 bytes of visible characters, not empty (vault-api 6.3). Texts are
 * cut to that; a key of others comes whole or not at all.
 */
import { type CustomMetadata, OWN_KEYS } from '../hub/index.ts'
import type { Found, Note } from './found.ts'

export interface EntryMetadata {
  readonly metadata: Readonly<Record<string, string>>
  readonly notes: readonly Note[]
}

const MOST_BYTES = 512
const MOST_KEY_BYTES = 128
/** Plenum's marks, and one while older versions are written, need their place among Vault's 64. */
const MOST_KEYS = 64 - OWN_KEYS.length - 1

/** Of the first that has them. What a connection says of itself is in its data. */
export function entryMetadata(
  all: readonly Pick<Found, 'kind' | 'description' | 'team' | 'customMetadata'>[],
): EntryMetadata {
  const own = described(all)
  const others = ofOthers(
    all.flatMap(({ customMetadata }) => (customMetadata === undefined ? [] : [customMetadata])),
    Object.keys(own.metadata),
  )
  return { metadata: { ...others.metadata, ...own.metadata }, notes: [...own.notes, ...others.notes] }
}

/** `taken`: keys that are there already. */
function ofOthers(all: readonly CustomMetadata[], taken: readonly string[]): EntryMetadata {
  const given = new Map<string, string>()
  for (const [key, value] of all.flatMap((one) => Object.entries(one))) if (!given.has(key)) given.set(key, value)
  const wanted = [...given].filter(([key]) => !taken.includes(key))
  const fitting = wanted.filter(([key, value]) => isTaken(key, MOST_KEY_BYTES) && isTaken(value, MOST_BYTES))
  const kept = fitting.slice(0, Math.max(0, MOST_KEYS - taken.length))
  const limits = `Vault keeps ${MOST_KEY_BYTES} bytes of a key and ${MOST_BYTES} visible ones of a value`
  const left = [
    { lost: wanted.filter((one) => !fitting.includes(one)), why: limits },
    { lost: fitting.slice(kept.length), why: "Vault keeps 64 keys, Plenum's own among them" },
  ]
  const notes = left.flatMap(({ lost, why }): Note[] =>
    lost.length === 0
      ? []
      : [{ kind: 'kept-aside', text: `its custom metadata ${named(lost)} is not brought: ${why}` }],
  )
  return { metadata: Object.fromEntries(kept), notes }
}

function isTaken(text: string, most: number): boolean {
  const bytes = Buffer.byteLength(text)
  return bytes > 0 && bytes <= most && !HIDDEN.test(text)
}

const MOST_NAMED = 10

function named(entries: readonly (readonly [string, string])[]): string {
  const names = entries.slice(0, MOST_NAMED).map(([key]) => JSON.stringify(key.slice(0, MOST_KEY_BYTES)))
  return [...names, ...(entries.length > MOST_NAMED ? [`and ${entries.length - MOST_NAMED} more`] : [])].join(', ')
}

/** What Vault does not take in a value, but for the blank. */
const HIDDEN = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

function described(all: readonly Pick<Found, 'kind' | 'description' | 'team'>[]): EntryMetadata {
  const first = (key: 'description' | 'team'): string =>
    all.map((one) => one[key] ?? '').find((one) => one !== '') ?? ''
  const isConnection = all.some(({ kind }) => kind === 'connection')
  const written = { description: isConnection ? '' : first('description'), team: first('team') }
  const metadata: Record<string, string> = {}
  const notes: Note[] = []
  for (const [key, text] of Object.entries(written)) {
    const line = text.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S}]+/gu, ' ').trim()
    const kept = cut(line)
    if (kept !== '') metadata[key] = kept
    if (kept !== line)
      notes.push({ kind: 'kept-aside', text: `its ${key} is cut to ${MOST_BYTES} bytes, which Vault keeps of it` })
    else if (line !== text.trim())
      notes.push({
        kind: 'kept-aside',
        text: `line breaks and control characters of its ${key} become blanks in Vault`,
      })
  }
  return { metadata, notes }
}

/** Between characters, not inside of one. */
function cut(text: string): string {
  if (Buffer.byteLength(text) <= MOST_BYTES) return text
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > MOST_BYTES) break
    kept += character
  }
  return kept.trimEnd()
}
