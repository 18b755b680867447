/**
 * The structure of plenum.yaml, and what an editor shows about each key. One definition: it checks the file
 * (`explain.ts` puts its findings into words) and makes the JSON Schema (`json-schema.ts`).
 *
 * Structure alone: ids, paths, addresses and everything that concerns two places of the file are the rules' (`rules/`).
 */
import { z } from 'zod'
import type { Json } from '../sensitive/index.ts'
import { FEWEST_CHARACTERS, alphabetOf } from './alphabets.ts'
import type { WrittenHub, WrittenVaultTarget } from './written.ts'

/** Both ends may be used. */
interface Range {
  readonly least: number
  readonly most: number
}
export const LENGTH_RANGE: Range = { least: 8, most: 1024 }
export const PORT_RANGE: Range = { least: 1, most: 65_535 }
export const USUAL_LENGTH: number = 32
const VAULT_DEFAULTS: WrittenHub['vault'] = {
  mount: 'secret',
  connections: 'airflow/connections',
  variables: 'airflow/variables',
  projects: 'projects',
}
/** What may name an environment variable. */
export const ENV_NAME: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/

const nonEmpty = z.string().min(1)

const env = z.strictObject({ env: z.string().regex(ENV_NAME) }).meta({
  description:
    'The environment variable of this name: from the process environment, else from the first of env_files that has it.',
})
const file = z.strictObject({ file: nonEmpty }).meta({
  description:
    'The text of this file, without one newline at its end. A relative path begins at the folder of plenum.yaml.',
})
const generate = z
  .strictObject({
    generate: z.strictObject({
      length: z
        .int()
        .min(LENGTH_RANGE.least)
        .max(LENGTH_RANGE.most)
        .default(USUAL_LENGTH)
        .meta({
          description: `Characters, from ${LENGTH_RANGE.least} to ${LENGTH_RANGE.most}; ${USUAL_LENGTH} when left out.`,
        }),
      alphabet: z
        .string()
        .refine((text) => alphabetOf(text) !== undefined)
        .default('alphanumeric')
        .meta({
          description: `alphanumeric (when left out), hex, base64url, printable, or the characters themselves: at least ${FEWEST_CHARACTERS} different ones, visible ASCII.`,
          examples: ['alphanumeric', 'hex', 'base64url', 'printable'],
        }),
    }),
  })
  .meta({
    description: 'Made at random when Vault has no value yet, and kept ever after.',
    examples: [{ generate: {} }, { generate: { length: 40, alphabet: 'hex' } }],
  })
const prompt = z
  .strictObject({ prompt: nonEmpty })
  .meta({ description: 'Asked on the terminal, with this question, when Vault has no value yet; kept ever after.' })
const vault = z
  .strictObject({
    vault: z.strictObject({
      path: nonEmpty.meta({ description: 'Path below the mount, without the mount and without data/.' }),
      field: nonEmpty.meta({ description: 'Key in the data of that entry.' }),
    }),
  })
  .meta({ description: 'Copied from another entry of the same KV mount.' })

const references = [env, file, generate, prompt, vault] as const
const text = z.union([z.string(), ...references])
const textOf = (description: string): typeof text => text.meta({ description })

/** YAML has only given JSON by then, so anything goes; what is meant by it is decided by `readValue`. */
const anything = z.unknown() as z.ZodType<Json>
const literal = z.strictObject({ literal: anything }).meta({
  description:
    'This very value, where it would be taken for a reference otherwise: { literal: { env: prod } } is the object {"env": "prod"}.',
})
const anyValue = z.union([z.string(), z.number(), z.boolean(), ...references, literal, anything])

const external = z
  .literal(true)
  .meta({ description: 'Someone else writes this entry: it has to exist in Vault, and Plenum never touches it.' })

const connection = z
  .strictObject({
    external: external.optional(),
    conn_type: nonEmpty.optional().meta({
      description: 'The connection type, as Airflow names it: http, postgres, google_cloud_platform, ...',
      examples: ['http', 'postgres', 'generic'],
    }),
    description: textOf('Shown in Airflow. Not secret.').optional(),
    host: textOf('Host name, address or URL. Never with a password in it.').optional(),
    login: textOf('User name, account or key id.').optional(),
    password: z
      .union(references)
      .optional()
      .meta({ description: 'A secret: always a reference, never the password itself.' }),
    schema: textOf('Database, schema or, for http, the protocol.').optional(),
    port: z
      .union([z.int().min(PORT_RANGE.least).max(PORT_RANGE.most), env, file, vault])
      .optional()
      .meta({ description: `A number from ${PORT_RANGE.least} to ${PORT_RANGE.most}, without quotes.` }),
    extra: z.record(z.string(), anyValue).optional().meta({
      description:
        'Everything else the connection type knows. Values keep their types. A mapping with one key that is env, file, generate, prompt or vault is a reference, also further down; write { literal: { env: prod } } for an object that has such a key itself. Values below a key with a sensitive name (token, secret, api_key, ...) have to be references.',
    }),
  })
  .meta({
    description: 'An Airflow connection. Its id is the conn_id.',
    anyOf: [{ required: ['conn_type'] }, { required: ['external'] }],
  })

const variable = z.union([z.strictObject({ external }), ...anyValue.options]).meta({
  description:
    'An Airflow variable. A text is stored as it is; numbers, true, false, lists and mappings are stored as JSON text, as `deserialize_json=True` reads them. References as everywhere; { literal: … } for a mapping that looks like one. A name that sounds secret (token, secret, api_key, ...) needs a reference.',
})

const secret = z.union([z.strictObject({ external }), z.record(z.string(), z.union(references))]).meta({
  description: "A secret of the project's own services, which Airflow does not read. Every field is a reference.",
})

const project = z
  .strictObject({
    owner: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .meta({ description: 'Whom to ask. Written to the metadata of every entry of the project.' }),
    connections: z.record(z.string(), connection).optional().meta({ description: 'Airflow connections by conn_id.' }),
    variables: z.record(z.string(), variable).optional().meta({ description: 'Airflow variables by key.' }),
    secrets: z.record(z.string(), secret).optional().meta({
      description:
        "Secrets of the project's own services, at <vault.projects>/<project>/<name>. Only the project's role reads them.",
    }),
  })
  .meta({ description: 'What one team brings to the hub.' })

const credential = z.union([z.string(), env, file])
const auth = z
  .strictObject({
    token: credential.optional().meta({ description: 'A Vault token, as { env: … } or { file: … }.' }),
    approle: z
      .strictObject({
        mount: nonEmpty
          .default('approle')
          .meta({ description: 'Where the AppRole method is mounted, below auth/; approle when left out.' }),
        role_id: credential.meta({ description: 'Not secret: may stand here as text.' }),
        secret_id: credential.meta({ description: 'Secret: { env: … } or { file: … }.' }),
      })
      .optional()
      .meta({ description: 'Log in with an AppRole.' }),
  })
  .meta({
    description:
      'How to enter this Vault: exactly one of token and approle. Left out: VAULT_TOKEN, else ~/.vault-token.',
  })

const vaultTarget = z
  .strictObject({
    address: nonEmpty.meta({ description: 'URL of the server, for example https://vault.example.com:8200' }),
    namespace: nonEmpty.optional().meta({ description: 'Vault namespace, where the server has them.' }),
    ca_cert: nonEmpty
      .optional()
      .meta({ description: 'File with the CA certificates (PEM) that vouch for the server.' }),
    client_cert: nonEmpty
      .optional()
      .meta({ description: 'File with the client certificate (PEM), where the server asks for one.' }),
    client_key: nonEmpty.optional().meta({ description: 'File with the key (PEM) of client_cert.' }),
    auth: auth.optional(),
  })
  .meta({ description: 'A Vault or OpenBao that is already there.' })

const environment = z
  .strictObject({
    vault: z
      .union([z.literal('embedded'), vaultTarget])
      .meta({ description: 'embedded (the server that `plenum up` starts), or how to reach a Vault.' }),
  })
  .meta({ description: 'One place where this hub lives. Chosen with -e.' })

const path = (description: string, usual: string): z.ZodDefault<z.ZodString> =>
  nonEmpty.default(usual).meta({ description })

const hub = z
  .strictObject({
    version: z.literal(1).meta({ description: 'Of this file format: 1.' }),
    hub: nonEmpty.meta({
      description: 'Name of the hub, lower case. Part of the names of its policies and roles in Vault.',
    }),
    airflow: z
      .strictObject({
        version: nonEmpty.meta({
          description: 'Of Airflow, in quotes. Decides settings and import paths.',
          examples: ['3.3', '2.11'],
        }),
        provider: nonEmpty.meta({
          description: 'Of apache-airflow-providers-hashicorp, in quotes. Decides how secrets are read.',
          examples: ['4.8', '4.8.4'],
        }),
      })
      .meta({ description: 'The Airflow that reads the secrets.' }),
    vault: z
      .strictObject({
        mount: path('Where the KV version 2 engine is mounted; secret when left out.', VAULT_DEFAULTS.mount),
        connections: path(
          'Folder of the connections below the mount; airflow/connections when left out.',
          VAULT_DEFAULTS.connections,
        ),
        variables: path(
          'Folder of the variables below the mount; airflow/variables when left out.',
          VAULT_DEFAULTS.variables,
        ),
        projects: path(
          "Folder of the projects' own secrets below the mount; projects when left out.",
          VAULT_DEFAULTS.projects,
        ),
      })
      .default(VAULT_DEFAULTS)
      .meta({ description: 'Where things lie in Vault. Paths go without the mount and without data/.' }),
    env_files: z
      .array(nonEmpty)
      .default([])
      .meta({
        description:
          'Files read for env references, after the process environment; the first that has a variable wins. Read as python-dotenv does, but ${NAME} is left alone in single quotes.',
        examples: [['.env']],
      }),
    environments: z
      .record(z.string(), environment)
      .default({ dev: { vault: 'embedded' } })
      .meta({ description: 'Where this hub lives. When left out: dev, with the embedded server.' }),
    projects: z
      .record(z.string(), project)
      .meta({ description: 'The projects that share the hub, by name (lower case).' }),
  })
  .meta({ title: 'plenum.yaml', description: 'An Airflow hub and its secrets.' })

export const WRITTEN_HUB: z.ZodType<WrittenHub> = hub

export const VAULT_TARGET: z.ZodType<WrittenVaultTarget> = vaultTarget

/** The keys of each kind of mapping, for suggestions. */
export type MappingKind =
  | 'hub'
  | 'airflow'
  | 'vault'
  | 'environment'
  | 'target'
  | 'auth'
  | 'approle'
  | 'project'
  | 'connection'
export const KNOWN_KEYS: Readonly<Record<MappingKind, readonly string[]>> = {
  hub: Object.keys(hub.shape),
  airflow: Object.keys(hub.shape.airflow.shape),
  vault: Object.keys(VAULT_DEFAULTS),
  environment: Object.keys(environment.shape),
  target: Object.keys(vaultTarget.shape),
  auth: Object.keys(auth.shape),
  approle: ['mount', 'role_id', 'secret_id'],
  project: Object.keys(project.shape),
  connection: Object.keys(connection.shape),
}
