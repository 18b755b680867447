/**
 * Which folder of DAGs an id belongs to: the one folder directly below the root whose files alone mention it.
 *
 * Words are read, not Python: a mention is the id as a whole word anywhere in a .py, .sql, .yaml or .json file, or its
 * environment variable. What files at the top of the root mention is shared and decides nothing. An id that is an
 * everyday word turns up in many folders and decides nothing either.
 *
 * Each file is cut into words once and words are looked up, so the number of ids does not matter.
 */
import { relative, sep } from 'node:path'
import { connectionEnvName, variableEnvName } from '../airflow/index.ts'

export interface DagFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

const READ = /\.(?:py|sql|ya?ml|json)$/i

/** Characters of ids, and every other character that is no ASCII: `ümy_conn` does not mention `my_conn`. */
const WORDS = /[\w./\u0080-\uFFFF-]+/g

/** Id to folder. `root` is absolute. */
export function mentionsOf(
  files: readonly DagFile[],
  ids: readonly string[],
  root: string,
): ReadonlyMap<string, string> {
  const index = new IdIndex(ids)
  /** `undefined`: in several folders, or where no folder is. */
  const folders = new Map<string, string | undefined>()
  for (const { path, text } of files) {
    if (!READ.test(path)) continue
    const [folder = '', ...below] = relative(root, path).split(sep)
    if (folder === '..') continue
    const place = below.length === 0 ? undefined : folder
    for (const id of index.idsIn(text)) {
      folders.set(id, !folders.has(id) || folders.get(id) === place ? place : undefined)
    }
  }
  return new Map([...folders].filter((one): one is [string, string] => one[1] !== undefined))
}

class IdIndex {
  readonly #ids: ReadonlySet<string>
  /** Ids by the environment variable that they would have: two that differ in case share one. */
  readonly #byEnvName = new Map<string, string[]>()
  readonly #longest: number

  constructor(ids: readonly string[]) {
    this.#ids = new Set(ids)
    for (const id of this.#ids) {
      for (const name of [connectionEnvName(id), variableEnvName(id)]) {
        const there = this.#byEnvName.get(name)
        if (there === undefined) this.#byEnvName.set(name, [id])
        else there.push(id)
      }
    }
    this.#longest = ids.reduce((most, { length }) => Math.max(most, length), 0)
  }

  idsIn(text: string): ReadonlySet<string> {
    const found = new Set<string>()
    for (const [word] of text.matchAll(WORDS)) this.#look(word, found)
    return found
  }

  #look(word: string, found: Set<string>): void {
    if (this.#ids.has(word)) {
      found.add(word)
      return
    }
    if (word.startsWith('AIRFLOW_')) for (const id of this.#byEnvName.get(word) ?? []) found.add(id)
    if (/[./-]/.test(word)) this.#lookInside(word, found)
  }

  /**
   * Parts of `conn.my_db.host`, `s3/my_db` and `see my_db.`: dots and slashes may belong to an id or stand around it. The
   * longest id from each part on counts, and the search goes on behind it. A `-` belongs to the word.
   */
  #lookInside(word: string, found: Set<string>): void {
    const ends = [...word.matchAll(/[./]|$/g)].map(({ index }) => index)
    let start = 0
    let first = 0
    while (first < ends.length) {
      let next = first + 1
      let longest: string | undefined
      for (let last = first; last < ends.length && (ends[last] ?? 0) - start <= this.#longest + 2; last += 1) {
        const part = word.slice(start, ends[last])
        const id = [part, part.replaceAll(/^-+|-+$/g, '')].find((text) => this.#ids.has(text))
        if (id === undefined) continue
        longest = id
        next = last + 1
      }
      if (longest !== undefined) found.add(longest)
      start = (ends[next - 1] ?? word.length) + 1
      first = next
    }
  }
}
