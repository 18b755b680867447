/**
 * What a person enters into Airflow, and the ways there: each goes through Airflow's own code to its database, so that
 * the rows are those that a hub really has.
 */
import type { Json } from '../../src/sensitive/index.ts'

export interface EnteredConnection {
  readonly kind: 'connection'
  readonly id: string
  readonly connType: string
  readonly description: string | null
  readonly host: string | null
  readonly login: string | null
  readonly password: string | null
  readonly schema: string | null
  readonly port: number | null
  readonly extra: EnteredExtra | null
}

export interface EnteredExtra {
  /** As it is typed into the form. */
  readonly text: string
  /** What Python makes of it, as found.py has it. */
  readonly found: Json
}

export interface EnteredVariable {
  readonly kind: 'variable'
  readonly id: string
  readonly value: string
  readonly description: string | null
}

export type Entered = EnteredConnection | EnteredVariable

/** A way into Airflow's database. Each call resolves when Airflow has it, and fails where Airflow refuses it. */
export interface Editor {
  create(entered: Entered): Promise<void>
  /** All of it anew; it exists. */
  edit(entered: Entered): Promise<void>
  remove(entered: Pick<Entered, 'kind' | 'id'>): Promise<void>
  stop(): Promise<void>
}

const text = (value: string | null): Json => (value === null ? null : { str: value })

/** What a VaultBackend must return for it, as found.py has it. */
export function asFound(entered: Entered): Json {
  if (entered.kind === 'variable') return { str: entered.value }
  const { connType, description, host, login, password, schema, port, extra } = entered
  return {
    conn_type: text(connType),
    description: text(description),
    host: text(host),
    login: text(login),
    password: text(password),
    schema: text(schema),
    port: port === null ? null : { int: String(port) },
    extra_dejson: extra?.found ?? { dict: {} },
  }
}
