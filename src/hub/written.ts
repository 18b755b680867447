/** What people write in plenum.yaml, once its structure is right (`schema.ts`). Only `normalise.ts` reads it. */
import type { Json } from '../sensitive/index.ts'

export type WrittenReference =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly generate: { readonly length: number; readonly alphabet: string } }
  | { readonly prompt: string }
  | { readonly vault: { readonly path: string; readonly field: string } }

export type WrittenText = string | WrittenReference

/** References, literals of any shape and `{ literal: … }`: told apart by `readValue`. */
export type WrittenJson = Json

export interface WrittenConnection {
  readonly external?: true | undefined
  readonly conn_type?: string | undefined
  readonly description?: WrittenText | undefined
  readonly host?: WrittenText | undefined
  readonly login?: WrittenText | undefined
  readonly password?: WrittenReference | undefined
  readonly schema?: WrittenText | undefined
  readonly port?: number | WrittenReference | undefined
  readonly extra?: Readonly<Record<string, WrittenJson>> | undefined
}

export type WrittenSecret = { readonly external: true } | Readonly<Record<string, WrittenReference>>

export interface WrittenProject {
  readonly owner?: string | undefined
  readonly connections?: Readonly<Record<string, WrittenConnection>> | undefined
  readonly variables?: Readonly<Record<string, WrittenJson>> | undefined
  readonly secrets?: Readonly<Record<string, WrittenSecret>> | undefined
}

/** What an environment's credentials may come from: something that is there before Vault is. */
export type WrittenCredential = string | { readonly env: string } | { readonly file: string }

export interface WrittenAuth {
  readonly token?: WrittenCredential | undefined
  readonly approle?:
    | { readonly mount: string; readonly role_id: WrittenCredential; readonly secret_id: WrittenCredential }
    | undefined
}

export interface WrittenVaultTarget {
  readonly address: string
  readonly namespace?: string | undefined
  readonly ca_cert?: string | undefined
  readonly client_cert?: string | undefined
  readonly client_key?: string | undefined
  readonly auth?: WrittenAuth | undefined
}

export interface WrittenEnvironment {
  readonly vault: 'embedded' | WrittenVaultTarget
}

export interface WrittenHub {
  readonly version: 1
  readonly hub: string
  readonly airflow: { readonly version: string; readonly provider: string }
  readonly vault: {
    readonly mount: string
    readonly connections: string
    readonly variables: string
    readonly projects: string
  }
  readonly env_files: readonly string[]
  readonly environments: Readonly<Record<string, WrittenEnvironment>>
  readonly projects: Readonly<Record<string, WrittenProject>>
}
