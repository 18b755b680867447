/** A text of a source as a tree in which everything knows its lines. Scalars stay as they are written. */

export interface Span {
  readonly line: number
  readonly column: number
  readonly lastLine: number
}

export interface YamlItem {
  readonly node: YamlNode
  /** From the key, or the dash, to the end of the value. */
  readonly span: Span
}

export interface YamlScalar {
  readonly kind: 'scalar'
  readonly text: string
  /** Without quotes: it may mean a number, a boolean or nothing. */
  readonly isPlain: boolean
  readonly tag: string | undefined
}

export interface YamlMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, YamlItem>
  readonly tag: string | undefined
}

export interface YamlList {
  readonly kind: 'list'
  readonly items: readonly YamlItem[]
  readonly tag: string | undefined
}

export type YamlNode = YamlScalar | YamlMap | YamlList
