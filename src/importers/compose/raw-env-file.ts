/**
 * An env file of the format `raw`: `NAME=value` to the end of the line, as `docker run --env-file` reads it. No quotes, no
 * comments behind a value, nothing put in. A name alone takes what the environment has.
 */
import { sensitive } from '../../sensitive/index.ts'
import type { EnvFileContent, EnvFileProblem, EnvFileValue } from './env-file.ts'
import type { LookUp } from './interpolation.ts'

export function parseRawEnvFile(text: string, lookUp: LookUp): EnvFileContent {
  const values = new Map<string, EnvFileValue>()
  const problems: EnvFileProblem[] = []
  for (const [index, whole] of text.split('\n').entries()) {
    const line = index + 1
    const statement = whole.replace(/\r$/, '').trimStart()
    if (statement === '' || statement.startsWith('#')) continue
    const equals = statement.indexOf('=')
    const name = equals === -1 ? statement : statement.slice(0, equals)
    const value = equals === -1 ? lookUp(name) : statement.slice(equals + 1)
    if (name === '' || /\s/.test(name)) {
      problems.push({ line, name: undefined, text: 'this line is not NAME=value and is skipped' })
    } else if (value !== undefined) {
      values.set(name, { value: sensitive(value), line, lastLine: line, missing: [] })
    }
  }
  return { values, problems }
}
