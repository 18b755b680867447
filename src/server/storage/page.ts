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
type List<Names> = (folder: string) => Names

/** Of names in order. */
export function pageOf(names: readonly string[], { after, limit }: Page): string[] {
  const rest = after === '' ? [...names] : names.filter((name) => compareKeys(name, after) > 0)
  return limit > 0 ? rest.slice(0, limit) : rest
}

/**
 * Every key below a folder, relative to it, in the order of their bytes; a page of them. A folder is listed when it is come
 * to, and one that lies before the page or behind it not at all.
 */
export async function scanPage(
  list: List<Promise<readonly string[]>>,
  folder: string,
  { after, limit }: Page,
): Promise<string[]> {
  const keys: string[] = []
  const isFull = (): boolean => limit > 0 && keys.length >= limit
  const walk = async (within: string): Promise<void> => {
    for (const name of await list(folder + within)) {
      if (isFull()) return
      const key = within + name
      const isBehind = compareKeys(key, after) > 0
      if (!name.endsWith('/')) {
        if (isBehind) keys.push(key)
      } else if (isBehind || after.startsWith(key)) await walk(key)
    }
  }
  await walk('')
  return keys
}

/** Every key, in the order of their bytes. A folder is listed when it is come to. */
export function* keysBelow(list: List<readonly string[]>, within = ''): Generator<string> {
  for (const name of list(within)) {
    if (name.endsWith('/')) yield* keysBelow(list, within + name)
    else yield within + name
  }
}
