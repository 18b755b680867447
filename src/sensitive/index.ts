export {
  canonicalJson,
  type Fingerprint,
  type FingerprintKey,
  fingerprint,
  fingerprintKey,
  type Json,
} from './fingerprint.ts'
export { redactor } from './redact.ts'
export { Sensitive, sensitive } from './sensitive.ts'
export { visible } from './visible.ts'
