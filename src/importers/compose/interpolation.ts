/**
 * `$NAME` and `${NAME…}` in compose files and in the env files of docker compose (Compose specification, interpolation).
 *
 *   $NAME ${NAME}          the value, else nothing
 *   ${NAME:-d} ${NAME-d}   else d; with the colon also when it is empty
 *   ${NAME:?m} ${NAME?m}   else an error
 *   ${NAME:+a} ${NAME+a}   a when it is set (with the colon: and not empty), else nothing
 *   $$                     a dollar sign
 *
 * d, a and m may hold all of these again, and braces in pairs, such as JSON. A dollar sign before anything else stays.
 * What a variable holds is never looked at again. Nothing else of a shell is understood: `${NAME/x/y}` is an error.
 */

/** What a name is set to; undefined when nowhere. */
export type LookUp = (name: string) => string | undefined

export type Interpolated =
  | {
      readonly kind: 'text'
      readonly text: string
      /** Every variable that gave its value, in order. */
      readonly used: readonly string[]
      /** Set nowhere, and nothing was given in their place. */
      readonly missing: readonly string[]
    }
  | { readonly kind: 'required'; readonly variable: string }
  | { readonly kind: 'malformed' }

interface Names {
  readonly used: string[]
  readonly missing: string[]
}

/** Nobody nests further; it keeps the stack whole. */
const DEEPEST = 100
const NAME = /[_a-zA-Z][_a-zA-Z0-9]*/y
const OPERATOR = /:?[-?+]/y

export function interpolate(template: string, lookUp: LookUp): Interpolated {
  const names: Names = { used: [], missing: [] }
  try {
    const text = expand(template, lookUp, names, 0)
    return { kind: 'text', text, used: [...new Set(names.used)], missing: [...new Set(names.missing)] }
  } catch (error) {
    if (error instanceof Refusal) return error.because
    throw error
  }
}

/** Leaves the recursion; never leaves this file. */
class Refusal extends Error {
  readonly because: Exclude<Interpolated, { kind: 'text' }>

  constructor(because: Refusal['because']) {
    super(because.kind)
    this.because = because
  }
}

function expand(template: string, lookUp: LookUp, names: Names, depth: number): string {
  if (depth > DEEPEST) throw new Refusal({ kind: 'malformed' })
  let text = ''
  let from = 0
  for (;;) {
    const dollar = template.indexOf('$', from)
    if (dollar === -1) return text + template.slice(from)
    text += template.slice(from, dollar)
    const next = template.charAt(dollar + 1)
    const name = match(NAME, template, dollar + 1)
    if (next === '$') {
      text += '$'
      from = dollar + 2
    } else if (next === '{') {
      const end = closingBrace(template, dollar + 1)
      text += braced(template.slice(dollar + 2, end), lookUp, names, depth)
      from = end + 1
    } else if (name === undefined) {
      text += '$'
      from = dollar + 1
    } else {
      text += valueOf(name, lookUp, names)
      from = dollar + 1 + name.length
    }
  }
}

/** The brace that closes the one at `open`; where they come in no pairs, the last one of the line. */
function closingBrace(template: string, open: number): number {
  let depth = 0
  let last = -1
  for (let at = open; at < template.length && template.charAt(at) !== '\n'; at += 1) {
    const sign = template.charAt(at)
    if (sign === '{') depth += 1
    if (sign !== '}') continue
    last = at
    depth -= 1
    if (depth === 0) return at
  }
  if (last === -1) throw new Refusal({ kind: 'malformed' })
  return last
}

function braced(inner: string, lookUp: LookUp, names: Names, depth: number): string {
  const name = match(NAME, inner, 0)
  if (name === undefined) throw new Refusal({ kind: 'malformed' })
  if (name.length === inner.length) return valueOf(name, lookUp, names)
  const operator = match(OPERATOR, inner, name.length)
  if (operator === undefined) throw new Refusal({ kind: 'malformed' })
  const operand = inner.slice(name.length + operator.length)
  const value = lookUp(name)
  const isThere = value !== undefined && (operator.length === 1 || value !== '')
  if (operator.endsWith('+')) return isThere ? expand(operand, lookUp, names, depth + 1) : ''
  if (isThere) {
    names.used.push(name)
    return value
  }
  if (operator.endsWith('?')) throw new Refusal({ kind: 'required', variable: name })
  return expand(operand, lookUp, names, depth + 1)
}

function valueOf(name: string, lookUp: LookUp, names: Names): string {
  const value = lookUp(name)
  if (value === undefined) names.missing.push(name)
  else names.used.push(name)
  return value ?? ''
}

function match(expression: RegExp, text: string, at: number): string | undefined {
  expression.lastIndex = at
  return expression.exec(text)?.[0]
}
