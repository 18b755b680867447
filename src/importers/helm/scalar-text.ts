/**
 * A scalar of the values as the text that arrives in a container. Helm writes the values' own numbers and booleans as Go
 * does; what stands within a text of YAML goes to Kubernetes as it is, which takes nothing but text for an environment.
 */
import type { Note } from '../found.ts'
import { goScalar } from '../go-scalar.ts'
import type { YamlScalar } from '../located-tree.ts'

export type ReadBy = 'helm' | 'kubernetes'

export interface ScalarText {
  readonly text: string
  readonly notes: readonly Note[]
}

export function scalarText(node: YamlScalar, readBy: ReadBy): ScalarText {
  const scalar = goScalar(node, 'v2')
  const written = node.text
  switch (scalar.kind) {
    case 'nothing':
      return { text: '', notes: [] }
    case 'text':
    case 'time':
      return { text: written, notes: [] }
    case 'boolean':
      return readBy === 'kubernetes' ? refused(written, 'boolean') : booleanText(written, String(scalar.value))
    case 'number':
      return readBy === 'kubernetes' ? refused(written, 'number') : numberText(written, scalar.text, scalar.isExact)
  }
}

function refused(written: string, what: string): ScalarText {
  const text = `it is a ${what} without quotes, which Kubernetes refuses here; taken as it is written`
  return { text: written, notes: [{ kind: 'dialect', text }] }
}

function booleanText(written: string, text: string): ScalarText {
  if (written === text) return { text, notes: [] }
  const said = 'it is a boolean without quotes, of which Helm makes true or false'
  return { text, notes: [{ kind: 'normalised', text: said }] }
}

/** To Helm every number is a double, written with an exponent from a million on. */
function numberText(written: string, text: string, isExact: boolean): ScalarText {
  const size = Math.abs(Number(text))
  if (!isExact || size >= 1e6 || (size > 0 && size < 1e-4)) {
    const said =
      'it is a number without quotes, which Helm hands on with an exponent, maybe with fewer digits; its digits are taken'
    return { text, notes: [{ kind: 'dialect', text: said }] }
  }
  if (written === text) return { text, notes: [] }
  return {
    text,
    notes: [{ kind: 'normalised', text: 'it is a number without quotes, which Helm writes in another way' }],
  }
}
