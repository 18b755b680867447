/**
 * JSON as `json.dumps(value, indent=2)` of Python writes it, which is what `airflow variables import` stores for a value
 * that is no text. Numbers keep the digits that they are written with.
 */
import type { PlainReading } from '../json-text.ts'
import type { YamlNode } from '../located-tree.ts'

export function pythonJson(node: YamlNode, plain: PlainReading): string {
  return written(node, plain, '\n')
}

/** `margin`: a line break, and the blanks that the surrounding lines begin with. */
function written(node: YamlNode, plain: PlainReading, margin: string): string {
  const inner = `${margin}  `
  switch (node.kind) {
    case 'scalar':
      return (node.isPlain ? plain(node.text) : undefined) ?? ascii(node.text)
    case 'list':
      if (node.items.length === 0) return '[]'
      return `[${node.items.map((item) => `${inner}${written(item.node, plain, inner)}`).join(',')}${margin}]`
    case 'map': {
      if (node.entries.size === 0) return '{}'
      const members = [...node.entries].map(
        ([key, item]) => `${inner}${ascii(key)}: ${written(item.node, plain, inner)}`,
      )
      return `{${members.join(',')}${margin}}`
    }
  }
}

/** Python escapes whatever is not ASCII; DEL it does not. */
function ascii(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
