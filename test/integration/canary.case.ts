/**
 * A search for planted values in whatever was said and left behind: in every form in which a program is likely to have
 * written one, whole or in pieces.
 */
import { type Dirent, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Where a value was found, and in which form. Never the value. */
export type Search = (where: string, what: Uint8Array | string) => string[]

interface Form {
  readonly name: string
  readonly needle: Buffer
  /** Names of hosts and ids change their case on the way. */
  readonly isCaseless: boolean
}

/** Finds each of the values; give a part that all of them have to find them all, and their pieces. */
export function searchFor(values: readonly string[]): Search {
  // Many forms are the same for most values.
  const forms = [
    ...new Map(
      values
        .flatMap((value, index) => formsOf(value, index))
        .reverse()
        .map((form) => [`${form.isCaseless} ${form.needle.toString('latin1')}`, form]),
    ).values(),
  ]
  return (where, what) => {
    const bytes = Buffer.from(what)
    const caseless = lowered(bytes)
    return forms
      .filter(({ needle, isCaseless }) => (isCaseless ? caseless : bytes).includes(needle))
      .map(({ name }) => `${where}: ${name}`)
  }
}

/** Latin letters alone: bytes stay bytes. */
function lowered(what: string | Buffer): Buffer {
  const text = Buffer.from(what).toString('latin1')
  return Buffer.from(
    text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()),
    'latin1',
  )
}

function formsOf(value: string, index: number): Form[] {
  const caseless = (name: string, text: string | Buffer): Form => ({
    name: `value ${index} ${name}`,
    needle: lowered(text),
    isCaseless: true,
  })
  const exact = (name: string, text: string): Form => ({
    name: `value ${index} ${name}`,
    needle: Buffer.from(text),
    isCaseless: false,
  })
  const json = JSON.stringify(value).slice(1, -1)
  return [
    caseless('as it is', value),
    caseless('in JSON', json),
    caseless('in JSON in JSON', JSON.stringify(json).slice(1, -1)),
    caseless('in a URL', encodeURIComponent(value)),
    caseless('in a form', new URLSearchParams({ v: value }).toString().slice(2)),
    caseless('in hex', Buffer.from(value).toString('hex')),
    caseless('in UTF-16', Buffer.from(value, 'utf16le')),
    ...[0, 1, 2].flatMap((before) => {
      const text = inBase64(value, before)
      return [exact('in base64', text), exact('in base64url', text.replaceAll('+', '-').replaceAll('/', '_'))]
    }),
  ]
}

/** What of its base64 does not depend on what stands before and behind it. */
function inBase64(value: string, before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)])
  const text = bytes.toString('base64').replace(/=+$/, '')
  const isCut = bytes.length % 3 !== 0
  return text.slice(Math.ceil((before * 8) / 6), isCut ? -1 : undefined)
}

/** Every regular file and link below, at any depth. */
export function filesBelow(folder: string): string[] {
  return entriesBelow(folder)
    .filter(({ entry }) => !entry.isDirectory())
    .map(({ path }) => path)
}

function entriesBelow(folder: string): { readonly path: string; readonly entry: Dirent }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return [{ path, entry }, ...(entry.isDirectory() ? entriesBelow(path) : [])]
  })
}

/** Names of files and folders, and what is in them. */
export function searchFolder(search: Search, folder: string, except: ReadonlySet<string> = new Set()): string[] {
  return entriesBelow(folder).flatMap(({ path, entry }) => {
    if (except.has(path)) return []
    const shown = path.slice(folder.length + 1)
    const content = entry.isFile() ? readFileSync(path) : entry.isSymbolicLink() ? readlinkSync(path) : ''
    return [...search(`the name ${shown}`, shown), ...search(shown, content)]
  })
}
