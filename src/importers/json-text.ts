/**
 * A tree with numbers as they are written -> JSON text that keeps every digit, or a JavaScript value that may not.
 */
import type { Json } from '../sensitive/index.ts'
import type { YamlNode, YamlScalar } from './located-yaml.ts'
import { numbersSurvive } from './vault/exact-numbers.ts'

/** What a scalar without quotes is: JSON text. `undefined` where it is text after all. */
export type PlainReading = (text: string) => string | undefined

/** JSON's own words. */
export function jsonPlain(text: string): string {
  return text
}

/**
 * As Python's `json.dumps(value, indent=2)` writes it, which is how `airflow variables import` stores what is no text
 * (airflow 4.3): two blanks a level, `[]` and `{}` when empty, everything beyond ASCII escaped.
 */
export function pythonJson(node: YamlNode, plain: PlainReading, indent = ''): string {
  const deeper = `${indent}  `
  switch (node.kind) {
    case 'scalar':
      return scalarJson(node, plain, pythonString)
    case 'list':
      return block(
        '[]',
        node.items.map((item) => pythonJson(item.node, plain, deeper)),
        indent,
      )
    case 'map':
      return block(
        '{}',
        [...node.entries].map(([key, item]) => `${pythonString(key)}: ${pythonJson(item.node, plain, deeper)}`),
        indent,
      )
  }
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

/** The value, or its JSON text where JavaScript would lose digits, or takes it for no JSON (`NaN`). */
export function exactJson(node: YamlNode, plain: PlainReading): { readonly value: Json } | { readonly text: string } {
  const text = compactJson(node, plain)
  if (!numbersSurvive(text)) return { text }
  try {
    return { value: JSON.parse(text) as Json }
  } catch (error) {
    if (error instanceof SyntaxError) return { text }
    throw error
  }
}

function scalarJson({ text, isPlain }: YamlScalar, plain: PlainReading, quote: (text: string) => string): string {
  return (isPlain ? plain(text) : undefined) ?? quote(text)
}

function block(brackets: '[]' | '{}', members: readonly string[], indent: string): string {
  if (members.length === 0) return brackets
  const inner = members.map((member) => `\n${indent}  ${member}`).join(',')
  return `${brackets.charAt(0)}${inner}\n${indent}${brackets.charAt(1)}`
}

/** `json.dumps` escapes what is not ASCII, and DEL not. */
function pythonString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
