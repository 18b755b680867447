/**
 * Description and team of an object, for custom_metadata: a variable's data has no place for them, and Airflow has no
 * use for a team's name in Vault. Vault takes 512 bytes of visible characters a value, and no empty one (vault-api 6.3).
 */
import type { Found, Note } from './found.ts'

export interface EntryMetadata {
  readonly metadata: Readonly<Record<string, string>>
  readonly notes: readonly Note[]
}

const MOST_BYTES = 512

/** Of the first that has them. What a connection says of itself is in its data. */
export function entryMetadata(all: readonly Pick<Found, 'kind' | 'description' | 'team'>[]): EntryMetadata {
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
