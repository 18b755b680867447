export { type ApplyOptions, applyPlan } from './apply.ts'
export { ApplyError, type ApplyErrorCode } from './errors.ts'
export { readActual, type ReadActualOptions } from './read-actual.ts'
export type { ApplyReport, ChangeResult } from './report.ts'
