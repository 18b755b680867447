/** One entry of `variables`. The CLI makes none of an entry without a value. */
import { storedVariable } from '../../airflow/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import type { Finding, Found } from '../found.ts'
import { type Entry, fieldText, originOf, problem } from './entry.ts'

export function readVariable(entry: Entry, findings: Finding[]): Found | undefined {
  const name = fieldText(entry, 'variable_name')
  const value = fieldText(entry, 'variable_value')
  const refuse = (
    id: string | undefined,
    text: string,
    hint: string,
    severity: Finding['severity'] = 'error',
  ): undefined => {
    findings.push(problem(entry, { severity, code: 'import-bad-variable', id, text, hint }))
  }
  if (name === undefined) return refuse(undefined, 'its variable_name is no text', NAME_IT)
  if (name.text === '') return refuse(undefined, 'it has no variable_name; the Astro CLI skips it', NAME_IT)
  if (value === undefined) {
    const text = 'its variable_value is a list or a mapping, for which the Astro CLI refuses the file'
    return refuse(name.text, text, 'write the JSON that the DAG shall read as a text in quotes')
  }
  if (value.text === '') {
    return refuse(
      name.text,
      'it has no variable_value; the Astro CLI skips it',
      'give it a value, or remove it',
      'warning',
    )
  }
  if (value.text.includes('\0')) return refuse(name.text, 'its value holds a NUL byte', 'remove the byte from the file')
  const description = fieldText(entry, 'variable_description')?.text
  return {
    kind: 'variable',
    id: name.text,
    data: storedVariable(sensitive(value.text)),
    description: description === '' ? undefined : description,
    team: undefined,
    origin: originOf(entry),
    notes: [...name.notes, ...value.notes],
  }
}

const NAME_IT = 'give it a name, or remove it'
