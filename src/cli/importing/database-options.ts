/** Options that say which Airflow database is meant. */
import { Option } from 'commander'

export function databaseOptions(): Option[] {
  return [
    new Option(
      '--airflow-home <dir>',
      'of the Airflow whose settings are taken (default: AIRFLOW_HOME, else ~/airflow)',
    ),
    new Option('--dsn <url>', 'the database itself, as SQLAlchemy writes it; better in PLENUM_IMPORT_DSN').env(
      'PLENUM_IMPORT_DSN',
    ),
    new Option('--fernet-key-file <file>', 'file with the Fernet key, or several with commas between'),
    new Option('--schema <name>', 'PostgreSQL schema of the tables, when it is not the usual one'),
    new Option('--write-dsn <url>', 'the same database as a role that may write, for what changes rows').env(
      'PLENUM_IMPORT_WRITE_DSN',
    ),
  ]
}
