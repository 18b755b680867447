/**
 * The lines of an export in `.env` format: `id=value`, without quotes, prefixes or continuation; `#` begins a comment.
 * It is a format of Airflow's own, not that of `.env` files for shells and Docker.
 *
 * Invariant: each id once, the last of several; every other line is a finding with its number. What stands in such a line
 * is not named: it may be a piece of a value that somebody broke.
 */
import type { Finding, Origin } from '../found.ts'
import type { DecodedText, TextFile } from '../text-files.ts'
import type { Entry } from './entry.ts'

export function readEnvLines(
  { shown, path }: TextFile,
  { text, badLines }: DecodedText,
  findings: Finding[],
): readonly Entry[] {
  const entries = new Map<string, Entry & { readonly line: number }>()
  for (const [index, written] of text.split(/\r\n|[\r\n]/).entries()) {
    const line = index + 1
    const where = `${shown}:${line}`
    const problem = (id: string | undefined, said: string, hint: string): void => {
      findings.push({ severity: 'error', code: 'import-bad-line', where, id, text: said, hint })
    }
    if (badLines.includes(line)) problem(undefined, 'this line is not UTF-8 and is skipped', 'save the file as UTF-8')
    if (written.trim() === '' || /^\s*#/.test(written)) continue
    const equals = written.indexOf('=')
    const id = written.slice(0, Math.max(equals, 0)).trim()
    const value = written.slice(equals + 1)
    if (id === '' || value.trim() === '') {
      const said = equals === -1 ? 'this line has no equals sign' : `this line has no ${id === '' ? 'id' : 'value'}`
      problem(undefined, said, 'a line is id=value, without quotes')
      continue
    }
    if (value.includes('\0')) {
      problem(undefined, 'this line holds a NUL byte', 'remove the byte')
      continue
    }
    const first = entries.get(id)
    if (first !== undefined) {
      problem(
        id,
        `it also stands in line ${first.line}; this one is taken`,
        'Airflow refuses the file: remove one of the two',
      )
    }
    const origin: Origin = { source: 'airflow-export', where, place: { kind: 'file', file: path } }
    entries.set(id, { id, line, origin, node: { kind: 'scalar', text: value, isPlain: false, tag: undefined } })
  }
  return [...entries.values()]
}
