export {
  type ArrivalFinding,
  type ArrivalOptions,
  type ArrivalOutcome,
  type ExpectedObject,
  proveArrival,
} from './arrival.ts'
export type { IsolationFinding, Lookup, LookupFinding, LookupOutcome, VerifyReport } from './findings.ts'
export {
  compareReal,
  parseRealAnswer,
  REAL_BACKEND_PROGRAM,
  type RealAnswer,
  type RealFinding,
  realBackendInput,
  type RealOutcome,
} from './real-backend.ts'
export { findingLines, renderVerify, verifyDocument, type VerifyPaint, verifySums } from './render.ts'
export { type VerifyOptions, verifyHub } from './verify.ts'
