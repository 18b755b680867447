/**
 * The hub as the program uses it: normalised, frozen, every default filled in. What people write is `schema.ts`
 * (`WrittenHub`); nothing after `loadHub` looks at the written form again.
 *
 * `hub/` is the only folder that knows both vocabularies: which Airflow object lies at which Vault path (`layout.ts`),
 * and who may read it (`access.ts`). It opens no connection and writes nothing.
 */
import type { Json, Sensitive } from '../sensitive/index.ts'

/** Where a value comes from. A literal is not secret: rules refuse literals where a secret belongs. */
export type Reference =
  | { readonly kind: 'literal'; readonly value: Json }
  /** Process environment first, then the hub's `env_files` in order. */
  | { readonly kind: 'env'; readonly name: string }
  /** Absolute path; one trailing newline is cut. */
  | { readonly kind: 'file'; readonly path: string }
  /** Made once, when the field is absent in Vault; kept ever after. `alphabet`: the characters, each once. */
  | { readonly kind: 'generate'; readonly length: number; readonly alphabet: string }
  /** Asked on the terminal when the field is absent in Vault; kept ever after. */
  | { readonly kind: 'prompt'; readonly question: string }
  /** Another KV v2 entry of the same Vault: mount-relative path and field. */
  | { readonly kind: 'vault'; readonly path: string; readonly field: string }

/** Where a declaration stands, for messages. Line and column start at 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Dotted field path (`password`, `extra.read_only`, `value`) to its reference. `extra` keys with a dot are escaped `\.`. */
export type Fields = ReadonlyMap<string, Reference>

/** One KV v2 entry that the hub declares. */
export interface DeclaredEntry {
  readonly kind: 'connection' | 'variable' | 'secret'
  /** conn_id, variable key, or `<project>/<name>` for a project secret. */
  readonly id: string
  readonly project: string
  /** Below the mount, without `data/`: `airflow/connections/project_trading_ibkr`. */
  readonly path: string
  /** `external`: someone else writes it. It must exist; Plenum never touches it and `fields` is empty. */
  readonly external: boolean
  readonly fields: Fields
  readonly at: Position
}

export interface Project {
  readonly name: string
  readonly owner: string | undefined
}

/** How to reach and enter the Vault of one environment. */
export type VaultTarget =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 'remote'
      readonly address: string
      readonly namespace: string | undefined
      readonly caCert: string | undefined
      readonly clientCert: string | undefined
      readonly clientKey: string | undefined
      readonly auth: VaultAuth
    }

export type VaultAuth =
  /** VAULT_TOKEN, else `~/.vault-token`, as the Vault CLI does. */
  | { readonly kind: 'ambient' }
  | { readonly kind: 'token'; readonly token: Reference }
  | { readonly kind: 'approle'; readonly mount: string; readonly roleId: Reference; readonly secretId: Reference }

export interface Hub {
  readonly name: string
  /** Absolute path of plenum.yaml and of its folder. */
  readonly file: string
  readonly folder: string
  readonly airflow: {
    /** `3.3` */
    readonly version: string
    /** Of apache-airflow-providers-hashicorp: `4.8` */
    readonly provider: string
  }
  readonly vault: {
    readonly mount: string
    readonly connections: string
    readonly variables: string
    readonly projects: string
  }
  /** Absolute paths. */
  readonly envFiles: readonly string[]
  readonly environments: ReadonlyMap<string, VaultTarget>
  readonly projects: readonly Project[]
  readonly entries: readonly DeclaredEntry[]
}

/** A finding about plenum.yaml. Errors stop; warnings are shown. */
export interface HubMessage {
  readonly severity: 'error' | 'warning'
  /** Stable, documented in docs/errors.md: `hub-unknown-key`, `hub-clear-secret`, ... */
  readonly code: string
  readonly at: Position
  /** Dotted path in the file: `projects.trading.connections.x.password`. */
  readonly path: string
  /** What is wrong; then, in `hint`, what to write instead. */
  readonly text: string
  readonly hint: string | undefined
}

export type HubResult =
  | { readonly kind: 'hub'; readonly hub: Hub; readonly warnings: readonly HubMessage[] }
  | { readonly kind: 'errors'; readonly errors: readonly HubMessage[]; readonly warnings: readonly HubMessage[] }

/** A resolved field: the value itself, or the order to make one when Vault has none. */
export type ResolvedField =
  | { readonly kind: 'value'; readonly value: Sensitive<Json> }
  | { readonly kind: 'keep'; readonly make: Extract<Reference, { kind: 'generate' | 'prompt' }> }
  | { readonly kind: 'vault'; readonly path: string; readonly field: string }
