/**
 * One block of a configuration, read key by key. What is wrong is collected, with its place, and reading goes on.
 *
 * Values are as lenient as Vault's: a number or a switch may be written as a string, a duration as a number of seconds.
 */
import type { Position, SyntaxEntry, SyntaxNode, SyntaxObject } from '../hcl/index.ts'
import { parseDurationSeconds } from '../logical/duration.ts'

export interface ConfigProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

export class Section {
  readonly at: Position
  readonly #where: string
  readonly #problems: ConfigProblem[]
  readonly #entries: readonly SyntaxEntry[]
  readonly #asked = new Set<string>()

  /** `where` names the block in messages: `listener "tcp"`; empty for the file itself. */
  constructor(block: SyntaxObject, where: string, problems: ConfigProblem[]) {
    this.at = block.at
    this.#where = where
    this.#problems = problems
    this.#entries = block.entries
  }

  refuse(message: string, at: Position = this.at): undefined {
    const { line, column } = at
    this.#problems.push({ line, column, message: this.#where === '' ? message : `${this.#where}: ${message}` })
    return undefined
  }

  /** Where a key stands, for a message about it. */
  placeOf(key: string): Position {
    return this.#entries.find((entry) => entry.key === key)?.at ?? this.at
  }

  text(key: string): string | undefined {
    const node = this.#one(key)
    if (node === undefined) return undefined
    const text = plain(node)
    return text === undefined || text === '' ? this.refuse(`${key} must be a text`, node.at) : text
  }

  /** A text of a fixed set. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const text = this.text(key)
    const found = choices.find((choice) => choice === text)
    if (text !== undefined && found === undefined)
      this.refuse(`${key} must be one of ${choices.join(', ')}`, this.placeOf(key))
    return found
  }

  flag(key: string): boolean | undefined {
    const node = this.#one(key)
    if (node === undefined) return undefined
    if (node.kind === 'boolean') return node.value
    const text = plain(node) ?? ''
    if (TRUE.has(text)) return true
    return FALSE.has(text) ? false : this.refuse(`${key} must be true or false`, node.at)
  }

  /** In seconds. */
  duration(key: string): number | undefined {
    const node = this.#one(key)
    if (node === undefined) return undefined
    const seconds = parseDurationSeconds(plain(node) ?? '')
    return seconds ?? this.refuse(`${key} must be a duration: "30s", "768h", or a number of seconds`, node.at)
  }

  whole(key: string, { least, most }: { readonly least: number; readonly most: number }): number | undefined {
    const node = this.#one(key)
    if (node === undefined) return undefined
    const text = plain(node) ?? ''
    const value = Number(text)
    if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value
    return this.refuse(`${key} must be a whole number from ${least} to ${most}`, node.at)
  }

  /** A list of texts, or one text with commas. */
  texts(key: string): readonly string[] | undefined {
    const node = this.#one(key)
    if (node === undefined) return undefined
    const items = node.kind === 'list' ? node.items.map(plain) : plain(node)?.split(',')
    const texts = items?.map((item) => item?.trim() ?? '')
    if (texts === undefined || texts.includes('')) return this.refuse(`${key} must be a list of texts`, node.at)
    return texts
  }

  /** Keys that are known and mean nothing here. Their values are not looked at. */
  accept(...keys: readonly string[]): void {
    for (const key of keys) this.#asked.add(key)
  }

  /** A key of Vault's that asks for what is not here. */
  deny(key: string, reason: string): void {
    if (this.#one(key) !== undefined) this.refuse(`${key}: ${reason}`, this.placeOf(key))
  }

  /** Every `key "label" { … }` with its label. */
  blocks(key: string): readonly { readonly label: string; readonly section: Section }[] {
    this.#asked.add(key)
    return this.#entries
      .filter((entry) => entry.key === key)
      .flatMap(({ value }) => this.#objects(value, `${key} needs a type and a block: ${key} "…" { … }`))
      .flatMap(({ entries }) => entries)
      .flatMap(({ key: label, value }) =>
        this.#objects(value, `${key} "${label}" needs a block`).map((block) => ({
          label,
          // In the JSON form the block stands behind its label; either place leads there.
          section: new Section(block, `${key} "${label}"`, this.#problems),
        })),
      )
  }

  /** A block without a label: `key { … }`. */
  block(key: string): Section | undefined {
    this.#asked.add(key)
    const [first, second] = this.#entries
      .filter((entry) => entry.key === key)
      .flatMap(({ value }) => this.#objects(value, `${key} needs a block: ${key} { … }`))
    if (second !== undefined) this.refuse(`${key} is there twice`, second.at)
    return first === undefined ? undefined : new Section(first, key, this.#problems)
  }

  /** Refuses what nobody asked for. Call it last. */
  end(): void {
    for (const { key, at } of this.#entries) {
      if (!this.#asked.has(key)) this.refuse(`unknown key "${key}"`, at)
    }
  }

  #one(key: string): SyntaxNode | undefined {
    this.#asked.add(key)
    const [first, second] = this.#entries.filter((entry) => entry.key === key)
    if (second !== undefined) this.refuse(`${key} is there twice`, second.at)
    return first?.value.kind === 'null' ? undefined : first?.value
  }

  #objects(node: SyntaxNode, message: string): readonly SyntaxObject[] {
    return (node.kind === 'list' ? node.items : [node]).flatMap((item) => {
      if (item.kind === 'object') return [item]
      this.refuse(message, item.at)
      return []
    })
  }
}

/** A string or number as it was written. */
function plain(node: SyntaxNode): string | undefined {
  if (node.kind === 'string') return node.value
  return node.kind === 'number' ? node.text : undefined
}
