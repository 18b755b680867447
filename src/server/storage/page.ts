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
/** The same, as `unhurriedList` gives them. */
type UnhurriedList = (folder: string) => Promise<readonly string[]>

/** Of names in order. */
export function pageOf(names: readonly string[], { after, limit }: Page): string[] {
  const rest = after === '' ? [...names] : names.filter((name) => compareKeys(name, after) > 0)
  return limit > 0 ? rest.slice(0, limit) : rest
}

/** Every key below a folder, relative to it, in the order of their bytes; a page of them. */
export async function scanPage(list: UnhurriedList, folder: string, { after, limit }: Page): Promise<string[]> {
  const keys: string[] = []
  for await (const key of unhurriedKeys(list, folder, after)) {
    keys.push(key)
    if (keys.length === limit) break
  }
  return keys
}

/**
 * Every key below a folder, relative to it, in the order of their bytes, from behind `after` on. A folder is listed when
 * it is come to, and one that lies before `after` not at all.
 */
export async function* unhurriedKeys(
  list: UnhurriedList,
  folder = '',
  after = '',
  within = '',
): AsyncGenerator<string> {
  for (const name of await list(folder + within)) {
    const key = within + name
    const isBehind = compareKeys(key, after) > 0
    if (!name.endsWith('/')) {
      if (isBehind) yield key
    } else if (isBehind || after.startsWith(key)) {
      yield* unhurriedKeys(list, folder, after, key)
    }
  }
}

/** Every key at once, in the same order: of a few. */
export function* keysBelow(list: List, within = ''): Generator<string> {
  for (const name of list(within)) {
    if (name.endsWith('/')) yield* keysBelow(list, within + name)
    else yield within + name
  }
}
