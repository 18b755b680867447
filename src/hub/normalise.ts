/**
 * WrittenHub -> Hub: defaults are in, paths are absolute, every field is a reference under its dotted name.
 *
 * The draft keeps for each field where it is written, so that the rules can point at it. Values that cannot be what
 * they seem to be (a malformed reference in `extra`) are reported here and left out of the draft.
 */
import { dirname, resolve } from 'node:path'
import { normalizeConnType } from '../airflow/index.ts'
import type { Json } from '../sensitive/index.ts'
import type { HubDocument } from './document.ts'
import { joinFieldPath } from './field-path.ts'
import type { DeclaredEntry, Hub, Project, Reference, VaultAuth, VaultTarget } from './hub.ts'
import { connectionPath, projectSecretPath, variablePath } from './layout.ts'
import type { Complaint, DocPath } from './messages.ts'
import { findReference, isMapping, type Mapping, readValue, type ValuePlace } from './value.ts'
import type {
  WrittenAuth,
  WrittenConnection,
  WrittenCredential,
  WrittenHub,
  WrittenSecret,
  WrittenVaultTarget,
} from './written.ts'

export interface DraftField {
  readonly name: string
  readonly reference: Reference
  readonly path: DocPath
  /** Of a literal: the value as it is written, before that of a variable became text. */
  readonly literal: Json | undefined
}

export interface DraftEntry {
  readonly entry: DeclaredEntry
  readonly path: DocPath
  readonly fields: readonly DraftField[]
}

export interface Draft {
  readonly hub: Hub
  readonly entries: readonly DraftEntry[]
}

const TEXT_FIELDS = ['description', 'host', 'login', 'password', 'schema'] as const

export function normalise(written: WrittenHub, document: HubDocument, file: string): Draft {
  const folder = dirname(file)
  const entries = new EntryReader(written.vault, document, folder).read(written)
  const environments = Object.entries(written.environments).map(
    ([name, { vault }]) => [name, vault === 'embedded' ? EMBEDDED : remote(vault, folder)] as const,
  )
  const hub: Hub = {
    name: written.hub,
    file,
    folder,
    airflow: written.airflow,
    vault: written.vault,
    envFiles: written.env_files.map((path) => resolve(folder, path)),
    environments: new Map(environments),
    projects: Object.entries(written.projects).map(([name, { owner }]): Project => ({ name, owner })),
    entries: entries.map(({ entry }) => entry),
  }
  return { hub, entries }
}

class EntryReader {
  readonly #vault: Hub['vault']
  readonly #document: HubDocument
  readonly #folder: string
  readonly #entries: DraftEntry[] = []

  constructor(vault: Hub['vault'], document: HubDocument, folder: string) {
    this.#vault = vault
    this.#document = document
    this.#folder = folder
  }

  read({ projects }: WrittenHub): DraftEntry[] {
    for (const [project, { connections = {}, variables = {}, secrets = {} }] of Object.entries(projects)) {
      const at = (section: string, id: string): DocPath => ['projects', project, section, id]
      for (const [id, one] of Object.entries(connections)) this.#connection(project, id, one, at('connections', id))
      for (const [key, one] of Object.entries(variables)) this.#variable(project, key, one, at('variables', key))
      for (const [name, one] of Object.entries(secrets)) this.#secret(project, name, one, at('secrets', name))
    }
    return this.#entries
  }

  #connection(project: string, id: string, written: WrittenConnection, path: DocPath): void {
    const fields: DraftField[] = []
    if (written.conn_type !== undefined) {
      const value = normalizeConnType(written.conn_type)
      fields.push({ ...literalField('conn_type', value, [...path, 'conn_type']), literal: written.conn_type })
    }
    for (const name of TEXT_FIELDS) this.#field(name, written[name], 'text', [...path, name], fields)
    this.#field('port', written.port, 'port', [...path, 'port'], fields)
    this.#json(['extra'], written.extra ?? {}, [...path, 'extra'], fields)
    const declared = { kind: 'connection', id, project, path: connectionPath(this.#vault, id) } as const
    this.#add(declared, written.external === true, fields, path)
  }

  #variable(project: string, key: string, written: Json, path: DocPath): void {
    const external = isMapping(written) && Object.keys(written).length === 1 && written['external'] === true
    const field = external ? undefined : this.#variableValue(written, path)
    const fields = field === undefined ? [] : [field]
    this.#add({ kind: 'variable', id: key, project, path: variablePath(this.#vault, key) }, external, fields, path)
  }

  #secret(project: string, name: string, written: WrittenSecret, path: DocPath): void {
    const external = written['external'] === true
    const fields: DraftField[] = []
    for (const [field, value] of Object.entries(external ? {} : written)) {
      this.#field(joinFieldPath([field]), value, 'text', [...path, field], fields)
    }
    if (!external && fields.length === 0)
      this.#wrong(path, { code: 'hub-type', text: 'a secret has at least one field' })
    const declared = {
      kind: 'secret',
      id: `${project}/${name}`,
      project,
      path: projectSecretPath(this.#vault, project, name),
    } as const
    this.#add(declared, external, fields, path)
  }

  #add(
    declared: Pick<DeclaredEntry, 'kind' | 'id' | 'project' | 'path'>,
    external: boolean,
    fields: readonly DraftField[],
    path: DocPath,
  ): void {
    const known = new Map(external ? [] : fields.map(({ name, reference }) => [name, reference] as const))
    const entry: DeclaredEntry = {
      ...declared,
      external,
      fields: known,
      at: this.#document.locate({ path, on: 'key' }),
    }
    this.#entries.push({ entry, path, fields })
  }

  /** A field that holds one value. An empty literal is the same as none: Airflow's shape leaves it out. */
  #field(name: string, raw: Json | undefined, place: ValuePlace, path: DocPath, into: DraftField[]): void {
    if (raw === undefined || raw === '') return
    const reading = readValue(raw, place, this.#folder)
    if (reading.kind === 'reference') into.push(referenceField(name, reading.reference, path))
    else if (reading.kind === 'literal') into.push(literalField(name, reading.value, path))
    else if (reading.kind === 'wrong') this.#wrong([...path, ...reading.below], reading.complaint)
  }

  /** `extra`: mappings become dotted fields, down to what is no mapping. `extra` itself is never a reference. */
  #json(keys: readonly string[], mapping: Mapping, path: DocPath, into: DraftField[]): void {
    for (const [key, raw] of Object.entries(mapping)) {
      const below = [...path, key]
      const reading = readValue(raw, 'json', this.#folder)
      switch (reading.kind) {
        case 'reference':
          into.push(referenceField(joinFieldPath([...keys, key]), reading.reference, below))
          break
        case 'literal':
          this.#literal([...keys, key], reading.value, below, into)
          break
        case 'mapping':
          if (Object.keys(reading.value).length === 0) this.#literal([...keys, key], {}, below, into)
          else this.#json([...keys, key], reading.value, below, into)
          break
        case 'wrong':
          this.#wrong([...below, ...reading.below], reading.complaint)
      }
    }
  }

  #literal(keys: readonly string[], value: Json, path: DocPath, into: DraftField[]): void {
    if (isMapping(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) this.#literal([...keys, key], inner, path, into)
    } else {
      into.push(literalField(joinFieldPath(keys), value, path))
    }
  }

  #variableValue(raw: Json, path: DocPath): DraftField | undefined {
    const reading = readValue(raw, 'json', this.#folder)
    if (reading.kind === 'reference') return referenceField('value', reading.reference, path)
    if (reading.kind === 'wrong') return this.#wrong([...path, ...reading.below], reading.complaint)
    if (reading.value === null) {
      return this.#wrong(path, {
        code: 'hub-type',
        text: 'a variable needs a value',
        hint: 'write "" for an empty text',
      })
    }
    const below = reading.kind === 'mapping' ? findReference(reading.value) : undefined
    if (below === undefined) return variableField(reading.value, path)
    const text = 'a reference cannot stand inside of the value of a variable, which is one text'
    const hint = 'make the whole value a reference, or write { literal: { … } } around it when it is none'
    return this.#wrong([...path, ...below], { code: 'hub-reference', text, hint })
  }

  #wrong(path: DocPath, complaint: Complaint): undefined {
    this.#document.findings.error({ path, on: 'value' }, complaint)
    return undefined
  }
}

function referenceField(name: string, reference: Reference, path: DocPath): DraftField {
  return { name, reference, path, literal: undefined }
}

function literalField(name: string, value: Json, path: DocPath): DraftField {
  return { name, reference: { kind: 'literal', value }, path, literal: value }
}

/** A variable is one text: anything else is written as JSON, which `deserialize_json` reads back. */
function variableField(literal: Json, path: DocPath): DraftField {
  const value = typeof literal === 'string' ? literal : JSON.stringify(literal)
  return { name: 'value', reference: { kind: 'literal', value }, path, literal }
}

const EMBEDDED: VaultTarget = { kind: 'embedded' }

function remote(written: WrittenVaultTarget, folder: string): VaultTarget {
  const inFolder = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(folder, path)
  return {
    kind: 'remote',
    address: written.address.replace(/\/+$/, ''),
    namespace: written.namespace,
    caCert: inFolder(written.ca_cert),
    clientCert: inFolder(written.client_cert),
    clientKey: inFolder(written.client_key),
    auth: authOf(written.auth, folder),
  }
}

/** That there is exactly one of token and approle is a rule. */
function authOf(written: WrittenAuth | undefined, folder: string): VaultAuth {
  if (written?.token !== undefined) return { kind: 'token', token: credential(written.token, folder) }
  if (written?.approle === undefined) return { kind: 'ambient' }
  const { mount, role_id: roleId, secret_id: secretId } = written.approle
  return { kind: 'approle', mount, roleId: credential(roleId, folder), secretId: credential(secretId, folder) }
}

function credential(written: WrittenCredential, folder: string): Reference {
  const reading = readValue(written, 'credential', folder)
  return reading.kind === 'reference' ? reading.reference : { kind: 'literal', value: written }
}
