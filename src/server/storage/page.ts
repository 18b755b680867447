/**
 * Lists in pieces, and whole trees in order: what lies above `Storage.list` and costs no more than what it gives.
 */
import { compareKeys } from './storage.ts'

/** The names behind `after`, which need not be there; at most `limit` of them, 0 sets no bound. */
export interface Page {
  readonly after: string
  readonly limit: number
}

/** Names directly below a folder, in the order of `Storage.list`. */
type List = (folder: string) => readonly string[]

/** Of names in order. */
export function pageOf(names: readonly string[], { after, limit }: Page): string[] {
  const rest = after === '' ? [...names] : names.filter((name) => compareKeys(name, after) > 0)
  return limit > 0 ? rest.slice(0, limit) : rest
}

/** Every key below a folder, relative to it, in the order of their bytes; a page of them. */
export function scanPage(list: List, folder: string, { after, limit }: Page): string[] {
  const keys: string[] = []
  for (const key of keysBelow(list, folder, after)) {
    keys.push(key)
    if (keys.length === limit) break
  }
  return keys
}

/**
 * Every key below a folder, relative to it, in the order of their bytes, from behind `after` on. A folder is listed when
 * it is come to, and one that lies before `after` not at all.
 */
export function* keysBelow(list: List, folder = '', after = '', within = ''): Generator<string> {
  for (const name of list(folder + within)) {
    const key = within + name
    const isBehind = compareKeys(key, after) > 0
    if (!name.endsWith('/')) {
      if (isBehind) yield key
    } else if (isBehind || after.startsWith(key)) {
      yield* keysBelow(list, folder, after, key)
    }
  }
}
