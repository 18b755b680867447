export { BLANKED_DESCRIPTION, blankedColumns, isBlanked } from './blanked.ts'
export type {
  AirflowDatabase,
  Columns,
  DatabaseDescription,
  DatabaseOptions,
  RawRow,
  RowChange,
  TableName,
} from './database.ts'
export { type DatabaseKind, type DatabaseTarget, parseDsn } from './dsn.ts'
export {
  type AirflowHomeOptions,
  type AirflowSettingsFound,
  airflowHomeSettings,
  type EnvLike,
} from './home-settings.ts'
export { NOTIFY_CHANNEL, NOTIFY_SQL } from './notify.ts'
export { openAirflowDatabase } from './open.ts'
export { readAirflowDatabase } from './read-database.ts'
export { createRowReader, type RowReader, type RowReading, rowPlace } from './row-reader.ts'
