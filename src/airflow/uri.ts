/**
 * Connections as URIs (airflow 4.1), checked against Airflow 2.11.2 and 3.3.2.
 *
 * A URI says less than a connection: the description is lost, `-` and `_` in the type are one, and every value of a
 * plain query is text. Plenum stores fields; this is for what people have.
 *
 * Reading follows Airflow 2 and the Task SDK of Airflow 3, which tasks use. The server side of Airflow 3 (the metadata
 * model, at least in 3.3.2) differs in one point: it takes a query value that is JSON (`?port=1`, `?flag=true`) for
 * that JSON. `formatConnectionUri` writes nothing that the two would read differently.
 */
import { sensitive, type Sensitive } from '../sensitive/index.ts'
import { type Connection, isJsonObject, type JsonObject, normalizeConnType, parseJsonText } from './connection.ts'
import { AirflowFormatError } from './errors.ts'
import {
  parseQuery,
  partition,
  quote,
  type SplitUrl,
  splitAuthority,
  splitUrl,
  UrlSyntaxError,
  unquote,
} from './python-url.ts'

/** The query parameter that holds `extra` as JSON; with it every other parameter is ignored. */
const EXTRA = '__extra__'

/** @throws {AirflowFormatError} 'airflow-uri' or 'airflow-extra'. */
export function parseConnectionUri(connId: string, uri: Sensitive<string>): Connection {
  try {
    return parse(connId, uri.reveal())
  } catch (error) {
    if (error instanceof UrlSyntaxError)
      throw new AirflowFormatError('airflow-uri', connId, `the URI cannot be read: ${error.message}`)
    throw error
  }
}

function parse(connId: string, text: string): Connection {
  if (text === '') throw new UrlSyntaxError('it is empty')
  const marks = text.split('://').length - 1
  if (marks > 2) throw new UrlSyntaxError('it has "://" more than twice')
  const { scheme } = splitUrl(text)
  // Airflow drops the scheme wherever it stands in the text. With a protocol inside the host, what is left starts with it.
  const below = text.replaceAll(`${scheme}://`, marks === 2 ? '' : '//')
  if (marks === 2 && /[@:]/.test(partition(below, '://')[0])) {
    throw new UrlSyntaxError('login, password and port stand after the inner "://"')
  }
  const url = splitUrl(below)
  const { username, password, port, hostname } = splitAuthority(url.netloc)
  const host = hostOf(url, hostname)
  return {
    connId,
    connType: normalizeConnType(scheme),
    host: marks === 2 && host !== '' && url.scheme !== '' ? `${url.scheme}://${host}` : host,
    login: username === undefined ? undefined : unquote(username),
    // An empty password is none: Airflow's models keep the absence, its Task SDK the empty text.
    password: password === undefined || password === '' ? undefined : sensitive(unquote(password)),
    schema: unquote(url.path.replace(/^./su, '')),
    port,
    extra: extraOf(connId, url.query),
  }
}

/** A host that holds a `/` (a path, an inner URL) is taken from the text as it stands, with its case. */
function hostOf({ netloc }: SplitUrl, hostname: string): string {
  const host = unquote(hostname)
  if (!host.includes('/')) return host
  return unquote(partition(netloc.slice(netloc.lastIndexOf('@') + 1), ':')[0])
}

function extraOf(connId: string, query: string): Sensitive<JsonObject> | undefined {
  if (query === '') return undefined
  const values = parseQuery(query)
  const json = values.get(EXTRA)
  if (json === undefined) return sensitive(Object.fromEntries(values))
  if (json === '') return undefined
  const value = parseJsonText(json)?.value
  if (isJsonObject(value)) return sensitive(value)
  throw new AirflowFormatError('airflow-extra', connId, `the URI's ${EXTRA} does not hold a JSON object`)
}

/**
 * A URI that every Airflow reads back as this connection, but for its description and for empty fields.
 *
 * @throws {AirflowFormatError} 'airflow-uri-inexpressible' for a type that is no URI scheme, and for half a surrogate pair.
 */
export function formatConnectionUri(connection: Connection): Sensitive<string> {
  const { connId, connType, host = '', login, password, schema = '', port, extra } = connection
  const scheme = normalizeConnType(connType).replaceAll('_', '-')
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    throw inexpressible(connId, `its type ${JSON.stringify(connType)} is no URI scheme; use the JSON form`)
  }
  const encode = (text: string): string => {
    if (text.isWellFormed()) return quote(text)
    throw inexpressible(connId, 'a field holds half a surrogate pair; use the JSON form')
  }
  const secret = password === undefined ? '' : `:${encode(password.reveal())}`
  const user = `${encode(login ?? '')}${secret}`
  const authority = `${user === '' ? '' : `${user}@`}${keepCase(encode(host))}${port === undefined ? '' : `:${port}`}`
  const query = extra === undefined ? '' : formatExtra(extra.reveal())
  return sensitive(`${scheme}://${authority}/${encode(schema)}${query}`)
}

/** Airflow lower-cases a host up to its first `%`. */
function keepCase(quoted: string): string {
  const [plain] = partition(quoted, '%')
  const upper = plain.search(/[A-Z]/)
  if (upper === -1) return quoted
  return `${plain.slice(0, upper)}%${quoted.charCodeAt(upper).toString(16)}${quoted.slice(upper + 1)}`
}

/** A plain query where every value is text that no Airflow takes for anything else; JSON in one parameter otherwise. */
function formatExtra(extra: JsonObject): string {
  const entries = Object.entries(extra)
  if (entries.length === 0) return ''
  const plain = entries.map(([key, value]) =>
    key !== EXTRA && key.isWellFormed() && isPlainText(value) ? `${quote(key)}=${quote(value)}` : undefined,
  )
  return plain.includes(undefined) ? `?${EXTRA}=${quote(JSON.stringify(extra))}` : `?${plain.join('&')}`
}

function isPlainText(value: unknown): value is string {
  if (typeof value !== 'string' || !value.isWellFormed()) return false
  return !/^\s*(?:NaN|-?Infinity)\s*$/.test(value) && parseJsonText(value) === undefined
}

function inexpressible(connId: string, message: string): AirflowFormatError {
  return new AirflowFormatError('airflow-uri-inexpressible', connId, `it cannot be written as a URI: ${message}`)
}
