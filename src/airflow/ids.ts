/**
 * Connection ids and variable keys that work everywhere Airflow looks: Vault, environment variables, templates, the
 * command line and the REST API. All of them take `[A-Za-z0-9_.-]{1,200}`.
 *
 * An id is no security boundary: Airflow does not check the ids that tasks ask for, and `..` in one leaves its prefix
 * (airflow 1.2). Only the Vault policy holds.
 */

export interface IdFinding {
  readonly severity: 'error' | 'warning'
  /** What is wrong, to follow a colon. */
  readonly text: string
  /** What to do. */
  readonly hint: string
}

const SAFE = /^[A-Za-z0-9_.-]{1,200}$/
const CHARACTERS = 'use letters, digits, "_", "." and "-" alone, 200 at most'

export function checkConnectionId(id: string): IdFinding | undefined {
  if (id.includes('/')) {
    return error(
      'a connection id may not hold "/": Airflow\'s command line, REST API and environment variables refuse it',
      `${CHARACTERS}; "${id.replaceAll('/', '_')}" would do`,
    )
  }
  return checkSegment(id, 'connection id')
}

export function checkVariableKey(key: string): IdFinding | undefined {
  if (!key.includes('/')) return checkSegment(key, 'variable key')
  if (key.length > 200) return tooLong('variable key')
  const broken = key
    .split('/')
    .map((segment) => (segment === '' ? EMPTY_SEGMENT : checkSegment(segment, 'variable key')))
  return (
    broken.find((finding) => finding !== undefined) ?? {
      severity: 'warning',
      text: `the "/" in it works in Vault alone: no environment variable can carry it, {{ var.value.${key} }} is a division, and with teams it reads as another team's key`,
      hint: `"${key.replaceAll('/', '_')}" would work everywhere; otherwise use var.value.get('${key}')`,
    }
  )
}

/** Airflow reads it when Vault has nothing. Upper case: two ids that differ in case alone share it. */
export function connectionEnvName(id: string): string {
  return `AIRFLOW_CONN_${id.toUpperCase()}`
}

export function variableEnvName(key: string): string {
  return `AIRFLOW_VAR_${key.toUpperCase()}`
}

const EMPTY_SEGMENT = error(
  'a variable key may not start or end with "/" or hold "//": the request would go to another path',
  CHARACTERS,
)

function checkSegment(text: string, what: string): IdFinding | undefined {
  if (text === '.' || text === '..')
    return error('it is a relative path segment, which leaves its folder on the way to Vault', 'give it a name')
  if (text === '') return error(`a ${what} may not be empty`, CHARACTERS)
  if (text.length > 200) return tooLong(what)
  if (SAFE.test(text)) return undefined
  const odd = /[^A-Za-z0-9_.-]/u.exec(text)?.[0] ?? ''
  return error(`a ${what} may not hold ${JSON.stringify(odd)}`, CHARACTERS)
}

function tooLong(what: string): IdFinding {
  return error(`a ${what} may not be longer than 200 characters`, 'Airflow cuts or refuses longer ones; shorten it')
}

function error(text: string, hint: string): IdFinding {
  return { severity: 'error', text, hint }
}
