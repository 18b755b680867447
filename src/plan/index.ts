export { addressOf, idOf } from './address.ts'
export { desiredState, entryMarks } from './desired.ts'
export { planDocument } from './document.ts'
export { isEmptyPlan, makePlan } from './make.ts'
export type {
  Actual,
  ActualEntry,
  ActualSettings,
  ActualSource,
  Address,
  Blocked,
  Change,
  Desired,
  DesiredEntry,
  DesiredField,
  DesiredSettings,
  Drift,
  EntryKind,
  FieldChange,
  Plan,
  PlanOptions,
  ResourceKind,
  Settings,
  SettingsKind,
  Shadow,
} from './plan.ts'
export { type Paint, renderPlan, type RenderPlanOptions } from './render.ts'
export { sameSettings } from './settings.ts'
export { shadowsOf } from './shadow.ts'
