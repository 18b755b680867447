/**
 * Where secrets are today -> hub entries and values. Each source reads itself into one form (`found.ts`); what of that is
 * brought in is decided here. Nothing in this folder writes, but for what `airflow-db` changes on behalf of `--finish`.
 *
 *   selectObjects   readings -> entries, and what is left out and why
 *   importReport    both as plain data, for people and programs
 */
export {
  type AirflowDatabase,
  airflowHomeSettings,
  blankedColumns,
  createRowReader,
  type DatabaseTarget,
  NOTIFY_SQL,
  openAirflowDatabase,
  parseDsn,
  type RawRow,
  type RowReader,
  readAirflowDatabase,
} from './airflow-db/index.ts'
export { type AirflowExportOptions, readAirflowExport } from './airflow-export/index.ts'
export { readAirflowSettings } from './airflow-settings/index.ts'
export {
  type Assigner,
  type Assignment,
  assignProject,
  projectAssigner,
  type ProjectRule,
  type ProjectRules,
  requireProjectName,
} from './assign.ts'
export type { NameClassifier } from './candidate.ts'
export { classifyName } from './classify.ts'
export { type ComposeOptions, readCompose } from './compose/index.ts'
export { type DagFile, mentionsOf } from './dag-mentions.ts'
export { DEFAULT_CONNECTIONS, isUntouchedDefault } from './default-connections.ts'
export { readEnvFiles } from './env-file/index.ts'
export {
  type Finding,
  type Found,
  ImportError,
  type Note,
  type Origin,
  type Place,
  type Reading,
  SOURCE_KINDS,
  type SourceKind,
} from './found.ts'
export { readHelm } from './helm/index.ts'
export { type FoundKind, matches } from './patterns.ts'
export { parseProjectMap } from './project-map.ts'
export { renderReportMarkdown } from './report-markdown.ts'
export { type RenderReportOptions, renderReport, type ReportPaint } from './report-text.ts'
export { type ImportReport, importReport, type ReportCounts, type ReportedEntry } from './report.ts'
export { selectObjects } from './select.ts'
export {
  type Because,
  CLASSES,
  type Collision,
  type Declared,
  type Duplicate,
  ENV_SECRET,
  type EntryKind,
  type ImportedEntry,
  type LeftOut,
  type LeftOutReason,
  type NameClass,
  type SelectOptions,
  type Selection,
} from './selection.ts'
export { type OlderVersion, readVaultSource, type VaultReading } from './vault/index.ts'
export { type DecodedText, decodeText, type TextFile, type TextFiles } from './text-files.ts'
