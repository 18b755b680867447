/**
 * airflow.cfg as Python's ConfigParser reads it: sections, continued lines, `%%` and `%(name)s`.
 *
 * Invariant: no error holds a value. Of ConfigParser's rules those are here that a file of Airflow's can meet; a line that
 * is neither a section, an option nor a continuation is passed over.
 */
import { ImportError } from '../found.ts'

export interface AirflowCfg {
  /** Interpolated; undefined when the file does not set it. @throws {ImportError} 'import-airflow-cfg' */
  get(section: string, option: string): string | undefined
}

const DEFAULTS = 'DEFAULT'

export function parseAirflowCfg(text: string, path: string): AirflowCfg {
  const sections = readSections(text)
  const raw = (section: string, option: string): string | undefined =>
    sections.get(section)?.get(option) ?? sections.get(DEFAULTS)?.get(option)
  const get = (section: string, option: string, depth = 0): string | undefined => {
    const value = raw(section, option)
    if (value === undefined) return undefined
    if (depth > DEEPEST) throw broken(path, section, option)
    return value.replaceAll(/%(?:(%)|\((?<name>[^)]+)\)s|)/g, (_, percent?: string, name?: string) => {
      if (percent !== undefined) return '%'
      const other = name === undefined ? undefined : get(section, name.toLowerCase(), depth + 1)
      if (other === undefined) throw broken(path, section, option)
      return other
    })
  }
  return { get: (section, option) => get(section, option) }
}

/** Python's own limit. */
const DEEPEST = 10

function readSections(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let options: Map<string, string> | undefined
  let last: string | undefined
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue
    const section = /^\[(?<name>[^\]]+)\]/.exec(line)?.groups?.['name']
    if (section !== undefined) {
      options = sections.get(section) ?? new Map<string, string>()
      sections.set(section, options)
      last = undefined
    } else if (/^\s+\S/.test(line) && options !== undefined && last !== undefined) {
      options.set(last, `${options.get(last) ?? ''}\n${line.trim()}`)
    } else if (options !== undefined && line.trim() !== '') {
      const { name = '', value = '' } = /^(?<name>[^=:]+?)\s*[=:]\s*(?<value>.*)$/.exec(line)?.groups ?? {}
      last = name.trim().toLowerCase()
      if (last === '') last = undefined
      else options.set(last, value.trim())
    }
  }
  return sections
}

function broken(path: string, section: string, option: string): ImportError {
  return new ImportError(
    'import-airflow-cfg',
    `${path}: the value of [${section}] ${option} has a "%" that Airflow cannot read`,
    {
      hint: 'write %% for every % in airflow.cfg, also in a percent-encoded password',
    },
  )
}
