/**
 * The whole database as one reading: all rows, in the order in which they lie there.
 */
import type { Finding, Found, Reading } from '../found.ts'
import type { AirflowDatabase } from './database.ts'
import type { RowReader } from './row-reader.ts'

/** Rows that cannot be read are findings. @throws {ImportError} when the database cannot be read at all. */
export async function readAirflowDatabase(
  database: AirflowDatabase,
  rows: RowReader,
  signal?: AbortSignal,
): Promise<Reading> {
  const { facts, airflow } = await database.describe()
  const found: Found[] = []
  const findings: Finding[] = []
  let blanked = 0
  await database.readRows((page) => {
    for (const row of page) {
      const reading = rows.read(row)
      if (reading.kind === 'found') found.push(reading.found)
      else if (reading.kind === 'finding') findings.push(reading.finding)
      else blanked += 1
    }
  }, signal)
  return {
    source: 'airflow-db',
    label: database.target.label,
    facts: [...facts, rows.fact, ...blankedFact(blanked)],
    airflowLines: airflow.lines,
    found,
    findings,
  }
}

function blankedFact(blanked: number): string[] {
  if (blanked === 0) return []
  return [`${blanked === 1 ? '1 row was' : `${blanked} rows were`} moved to Vault before`]
}
