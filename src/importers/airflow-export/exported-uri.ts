/**
 * A URI that Airflow's `get_uri` wrote, in a form that every reader takes for what Airflow had.
 *
 * `get_uri` percent-encodes login, password, host and schema in full. A protocol inside the host it leaves as it is; from
 * Airflow 3.1 on not one that is the type as well. Its readers lower-case the host, and read `http://http://example.com`,
 * which Airflow up to 3.0 writes for a host `http://example.com` of the type http, as a connection without host. The file
 * has both; so both are kept.
 *
 * Whatever has another form was not written by `get_uri`, and is read as Airflow reads it.
 */
import { AirflowFormatError, parseConnectionUri } from '../../airflow/index.ts'
import type { Sensitive } from '../../sensitive/index.ts'

const PART = '(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})*'
const EXPORTED = new RegExp(
  `^(?<type>[a-z][a-z0-9+.-]*)://(?:(?<protocol>[A-Za-z][A-Za-z0-9+.-]*)://)?` +
    `(?<login>${PART}(?::${PART})?@)?(?<host>${PART})(?<port>:\\d+)?(?<schema>/${PART})?(?<query>\\?[^#]*)?$`,
)

export interface ExportedUri {
  readonly uri: Sensitive<string>
  /** Airflow itself reads another host, or none. */
  readonly isReadOtherwise: boolean
}

export function exportedUri(id: string, uri: Sensitive<string>): ExportedUri {
  const plain = uri.map(withPlainHost)
  return { uri: plain, isReadOtherwise: hostIn(id, uri) !== hostIn(id, plain) }
}

function withPlainHost(uri: string): string {
  const groups = EXPORTED.exec(uri)?.groups
  if (groups === undefined) return uri
  const { type, protocol, login = '', host = '', port = '', schema = '', query = '' } = groups
  const whole = protocol === undefined ? host : `${encodeURIComponent(`${protocol}://`)}${host}`
  return `${type}://${login}${keepCase(whole)}${port}${schema}${query}`
}

/** Readers lower-case a host up to its first `%`. */
function keepCase(host: string): string {
  const upper = host.search(/[A-Z%]/)
  if (upper === -1 || host.charAt(upper) === '%') return host
  return `${host.slice(0, upper)}%${host.charCodeAt(upper).toString(16)}${host.slice(upper + 1)}`
}

function hostIn(id: string, uri: Sensitive<string>): string | undefined {
  try {
    return parseConnectionUri(id, uri).host
  } catch (error) {
    if (error instanceof AirflowFormatError) return undefined
    throw error
  }
}

/** The text in `__extra__`, the last of several; undefined for a plain query, of which every value is text. */
export function extraInUri(uri: string): string | undefined {
  const query = /\?([^#]*)/.exec(uri)?.[1]
  return query === undefined ? undefined : new URLSearchParams(query).getAll('__extra__').at(-1)
}
