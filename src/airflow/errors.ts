/**
 * What can be wrong with text in one of Airflow's forms.
 *
 * Invariant: a message names the form and the place (field, key), and never holds a piece of the text: any piece of a
 * connection URI may be part of its password.
 */

export type AirflowFormatErrorCode =
  /** Text that Airflow would not take for a connection URI. */
  | 'airflow-uri'
  /** Text that Airflow would not take for a connection as JSON. */
  | 'airflow-json'
  /** `extra` is not a JSON object. */
  | 'airflow-extra'
  /** A connection that no URI can express. */
  | 'airflow-uri-inexpressible'

export class AirflowFormatError extends Error {
  override readonly name = 'AirflowFormatError'
  readonly code: AirflowFormatErrorCode
  readonly connId: string

  constructor(code: AirflowFormatErrorCode, connId: string, message: string) {
    super(`connection ${JSON.stringify(connId)}: ${message}`)
    this.code = code
    this.connId = connId
  }
}
