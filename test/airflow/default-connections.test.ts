/** The literal of Airflow's default connections beside what both Airflows create: their own function, read back. */
import { beforeAll, describe, expect, it } from 'vitest'
import { parseConnectionJson, parseConnectionUri, storedConnection } from '../../src/airflow/index.ts'
import { DEFAULT_CONNECTIONS, type Found, isUntouchedDefault } from '../../src/importers/index.ts'
import { type Json, sensitive } from '../../src/sensitive/index.ts'
import { AIRFLOW_LINES, type AirflowLine } from './airflow.case.ts'
import { runProgram } from './program.case.ts'

interface Made {
  readonly conn_id: string
  readonly uri: string
  readonly [field: string]: Json
}

/** Of one line alone: what the other has is in neither's way. */
const ONLY: Readonly<Record<AirflowLine, readonly string[]>> = {
  '3.3': ['gremlin_default', 'opensearch_default'],
  '2.11': ['tabular_default'],
}

const made = new Map<AirflowLine, readonly Made[]>()

beforeAll(async () => {
  await Promise.all(
    AIRFLOW_LINES.map(async (line) => {
      made.set(line, JSON.parse(await runProgram(line, 'default_connections.py', {})) as Made[])
    }),
  )
})

const ids = (line: AirflowLine): string[] => (made.get(line) ?? []).map(({ conn_id: id }) => id)

function found(connection: Parameters<typeof storedConnection>[0]): Found {
  return {
    kind: 'connection',
    id: connection.connId,
    data: storedConnection(connection),
    description: undefined,
    team: undefined,
    origin: { source: 'airflow-db', where: '', place: { kind: 'row', table: 'connection', rowId: 1 } },
    notes: [],
  }
}

describe.each(AIRFLOW_LINES)('Airflow %s', (line) => {
  it('makes connections that are all known as untouched defaults', () => {
    const unknown = (made.get(line) ?? []).filter(({ conn_id: id, ...fields }) => {
      const json = JSON.stringify({ ...fields, uri: undefined })
      return !isUntouchedDefault(found(parseConnectionJson(id, sensitive(json))))
    })
    expect(unknown).toEqual([])
    expect(ids(line).length).toBeGreaterThan(50)
  })

  it('exports them as URIs that are known too', () => {
    const unknown = (made.get(line) ?? []).filter(
      ({ conn_id: id, uri }) => !isUntouchedDefault(found(parseConnectionUri(id, sensitive(uri)))),
    )
    expect(unknown.map(({ conn_id: id, uri }) => ({ id, uri }))).toEqual([])
  })

  it('is the only one with these', () => {
    const others = AIRFLOW_LINES.filter((other) => other !== line).flatMap(ids)
    expect(ids(line).filter((id) => !others.includes(id))).toEqual(ONLY[line])
  })
})

it('lists no connection that neither makes', () => {
  const both = AIRFLOW_LINES.flatMap(ids)
  expect(Object.keys(DEFAULT_CONNECTIONS).filter((id) => !both.includes(id))).toEqual([])
})
