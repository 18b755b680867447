/**
 * What verification finds, as plain data: it can be shown here, printed as JSON or sent to another process. No finding
 * holds a value; digests mean something only to whoever has the key of the run.
 */

/** One look-up that Airflow will make. */
export interface Lookup {
  readonly kind: 'connection' | 'variable'
  /** conn_id or variable key. */
  readonly id: string
  readonly project: string
  /** The request without `/v1/`: `secret/data/airflow/connections/x`. */
  readonly request: string
}

export type LookupOutcome =
  /** Airflow gets it. `digests`: of each field it gets, when a key was given. `warning`: what other providers would make of it. */
  | {
      readonly kind: 'resolved'
      readonly digests: Readonly<Record<string, string>>
      readonly warning: string | undefined
    }
  /** 404: Airflow says "isn't defined". `deleted`: the newest version is deleted or destroyed. */
  | { readonly kind: 'missing'; readonly deleted: boolean }
  /** 403. */
  | { readonly kind: 'denied' }
  /** It is there, and Airflow cannot make sense of it: it says "isn't defined" as well. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** The server did not answer as a Vault should. */
  | { readonly kind: 'failed'; readonly text: string }
  /** The role could not log in. */
  | { readonly kind: 'untried' }

export interface LookupFinding extends Lookup {
  readonly outcome: LookupOutcome
}

/** What a role must and must not be able to do, and whether that holds. */
export interface IsolationFinding {
  /** The role's name in Vault. */
  readonly role: string
  /** `airflow`, or the project that the role serves. */
  readonly subject: { readonly kind: 'airflow' } | { readonly kind: 'project'; readonly project: string }
  readonly expected: 'login' | 'found' | 'miss' | 'refused'
  /** `GET secret/data/projects/trading/api_keys` */
  readonly request: string
  /** `undefined`: it holds. */
  readonly problem: { readonly text: string; readonly hint: string | undefined } | undefined
}

export interface VerifyReport {
  /** Of apache-airflow-providers-hashicorp, as declared. */
  readonly provider: string
  /** The name of Airflow's role in Vault. */
  readonly role: string
  readonly lookups: readonly LookupFinding[]
  readonly isolation: readonly IsolationFinding[]
  readonly ok: boolean
}
