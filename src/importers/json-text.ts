/** A tree with numbers as they are written -> JSON text that keeps every digit. */
import type { YamlNode, YamlScalar } from './located-tree.ts'

/** What a scalar without quotes is: JSON text. `undefined` where it is text after all. */
export type PlainReading = (text: string) => string | undefined

/** JSON's own words. */
export function jsonPlain(text: string): string {
  return text
}

/** On one line, without blanks; for what goes into another text. */
export function compactJson(node: YamlNode, plain: PlainReading): string {
  switch (node.kind) {
    case 'scalar':
      return scalarJson(node, plain, (text) => JSON.stringify(text))
    case 'list':
      return `[${node.items.map((item) => compactJson(item.node, plain)).join(',')}]`
    case 'map':
      return `{${[...node.entries].map(([key, item]) => `${JSON.stringify(key)}:${compactJson(item.node, plain)}`).join(',')}}`
  }
}

function scalarJson({ text, isPlain }: YamlScalar, plain: PlainReading, quote: (text: string) => string): string {
  return (isPlain ? plain(text) : undefined) ?? quote(text)
}
