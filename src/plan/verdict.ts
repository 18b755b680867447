/** What comes of comparing one declared thing with what Vault has. Exactly one of these. */
import type { Blocked, Change, Desired, Drift } from './plan.ts'

export type Verdict =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'drift'; readonly drift: Drift }
  /** An external entry that does not exist. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'blocked'; readonly blocked: Blocked }

export interface Judged {
  readonly one: Desired
  readonly verdict: Verdict
}
