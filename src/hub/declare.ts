/**
 * Declarations of entries whose values are in Vault alone, put into plenum.yaml: `external: true` for each.
 *
 * Invariant: afterwards the file says what it said before and the additions, and nothing else; that is checked by
 * reading it again before it is handed out. What it could not hold beside what it has is left out and said.
 */
import { canonicalJson, type Json } from '../sensitive/index.ts'
import { type ParsedText, parseText, readDocument } from './document.ts'
import type { DeclaredEntry } from './hub.ts'
import { isMapping, type Mapping } from './value.ts'
import { type Branch, insertKeys, NotEditable } from './yaml-insert.ts'
import { quotedText } from './yaml-words.ts'

/** `id` of a secret: `<project>/<name>`. Ids and projects are ones that a hub takes. */
export type DeclaredAddition = Pick<DeclaredEntry, 'kind' | 'id' | 'project'>

export interface DeclareOptions {
  /** For messages. */
  readonly file: string
  /** For a file that is made anew. */
  readonly hub: { readonly name: string; readonly airflow: string; readonly provider: string }
  readonly entries: readonly DeclaredAddition[]
  /** By project; for projects that are not in the file yet. */
  readonly owners?: ReadonlyMap<string, string> | undefined
}

export interface Declaration {
  readonly text: string
  /** `text`, as it was parsed for the check. */
  readonly parsed: ParsedText
  /** `kind:id`. */
  readonly added: readonly string[]
  /** What the file could not hold: differs in case alone from another one, or lies below it. `kind:id`. */
  readonly left: readonly string[]
}

export class HubEditError extends Error {
  override readonly name = 'HubEditError'
  readonly code = 'hub-not-editable'
  readonly hint = 'write the declarations to another file with --out, and bring the two together by hand'

  constructor(file: string, why: string) {
    super(`${file} cannot be added to in place: ${why}`)
  }
}

/**
 * `text`: of plenum.yaml; undefined makes one. With at least one entry the result of a sound text is sound.
 * @throws {HubEditError} where the text has no place for additions. Nothing is lost: it is as it was.
 */
export function declareEntries(text: string | undefined, options: DeclareOptions): Declaration {
  const base = text === undefined || isBlank(text) ? newHubText(text ?? '', options.hub) : text
  const parsedBase = parseText(base)
  const before = readPlain(parsedBase, options.file)
  const { branch, added, left } = additions(before, options)
  if (added.length === 0) {
    const same = text ?? base
    return { text: same, parsed: same === base ? parsedBase : parseText(same), added, left }
  }
  const edited = edit(base, branch, options.file)
  const parsed = parseText(edited)
  const expected = canonicalJson(grafted(before, branch))
  if (canonicalJson(readPlain(parsed, options.file)) !== expected)
    throw new HubEditError(options.file, 'its layout is one that additions do not fit into')
  return { text: edited, parsed, added, left }
}

function edit(text: string, branch: Branch, file: string): string {
  try {
    return insertKeys(text, branch)
  } catch (error) {
    if (error instanceof NotEditable) throw new HubEditError(file, error.message)
    throw error
  }
}

function readPlain(text: ParsedText, file: string): Mapping {
  const { plain, findings } = readDocument(file, text)
  if (findings.errors.length > 0 || !isMapping(plain)) throw new HubEditError(file, 'it cannot be read as it is')
  return plain
}

const SECTIONS: Readonly<Record<DeclaredEntry['kind'], string>> = {
  connection: 'connections',
  variable: 'variables',
  secret: 'secrets',
}

const EXTERNAL = '{ external: true }'

interface Additions {
  readonly branch: Branch
  readonly added: readonly string[]
  readonly left: readonly string[]
}

function additions(before: Mapping, { entries, owners }: DeclareOptions): Additions {
  const projects = isMapping(before['projects']) ? before['projects'] : {}
  const known = new Declarations(projects)
  const tree = new Map<string, Map<string, Map<string, string> | string>>()
  const added: string[] = []
  const left: string[] = []
  for (const { kind, id, project } of entries) {
    const address = `${kind}:${id}`
    if (known.has(address)) continue
    if (known.isInTheWay(address)) {
      left.push(address)
      continue
    }
    known.add(address)
    added.push(address)
    const sections = tree.get(project) ?? new Map<string, Map<string, string> | string>()
    const owner = owners?.get(project)
    if (!tree.has(project) && !Object.hasOwn(projects, project) && owner !== undefined)
      sections.set('owner', quotedText(owner))
    tree.set(project, sections)
    const section = sections.get(SECTIONS[kind])
    const names = section instanceof Map ? section : new Map<string, string>()
    sections.set(SECTIONS[kind], names.set(kind === 'secret' ? id.slice(project.length + 1) : id, EXTERNAL))
  }
  for (const [project, sections] of tree) tree.set(project, inOrder(sections))
  return { branch: new Map([['projects', tree]]), added, left }
}

/** Owner first, then connections, variables and secrets, as everywhere. */
function inOrder<Value>(sections: ReadonlyMap<string, Value>): Map<string, Value> {
  const order = ['owner', ...Object.values(SECTIONS)]
  return new Map([...sections].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)))
}

/** What a hub declares, by `kind:id`, and what could not stand beside it (`rules/collisions.ts`). */
class Declarations {
  readonly #addresses = new Set<string>()
  readonly #lower = new Set<string>()
  /** Folders that some entry lies in. */
  readonly #above = new Set<string>()

  constructor(projects: Mapping) {
    for (const [project, sections] of Object.entries(projects)) {
      for (const [kind, section] of Object.entries(SECTIONS)) {
        const names = isMapping(sections) ? sections[section] : undefined
        if (!isMapping(names)) continue
        for (const name of Object.keys(names)) this.add(`${kind}:${kind === 'secret' ? `${project}/` : ''}${name}`)
      }
    }
  }

  add(address: string): void {
    this.#addresses.add(address)
    this.#lower.add(caseless(address))
    for (const folder of foldersOf(address)) this.#above.add(folder)
  }

  has(address: string): boolean {
    return this.#addresses.has(address)
  }

  isInTheWay(address: string): boolean {
    if (address.split(/[:/]/).includes('__proto__')) return true
    return (
      this.#lower.has(caseless(address)) ||
      this.#above.has(address) ||
      foldersOf(address).some((folder) => this.#addresses.has(folder))
    )
  }
}

/** Names of secrets may differ in case alone: they are no environment variables. */
function caseless(address: string): string {
  return address.startsWith('secret:') ? address : address.toLowerCase()
}

function foldersOf(address: string): string[] {
  const folders: string[] = []
  for (let end = address.indexOf('/'); end !== -1; end = address.indexOf('/', end + 1)) {
    folders.push(address.slice(0, end))
  }
  return folders
}

/** What the text has to mean afterwards. */
function grafted(plain: Json | undefined, branch: Branch): Json {
  const mapping: Record<string, Json> = { ...(isMapping(plain) ? plain : {}) }
  for (const [key, value] of branch) {
    if (typeof value !== 'string') mapping[key] = grafted(mapping[key], value)
    else mapping[key] = value === EXTERNAL ? { external: true } : (ownText(value) ?? value)
  }
  return mapping
}

function ownText(written: string): string | undefined {
  return written.startsWith('"') ? (JSON.parse(written) as string) : undefined
}

/** Nothing in it but comments. */
function isBlank(text: string): boolean {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .every((line) => /^\s*(?:#|$)/.test(line))
}

function newHubText(above: string, { name, airflow, provider }: DeclareOptions['hub']): string {
  const head = above === '' || above.endsWith('\n') ? above : `${above}\n`
  return `${head}# The secrets of this hub: where they come from, and who reads them. \`plenum plan\` shows what would change,
# \`plenum apply\` does it, \`plenum verify\` reads everything as Airflow does.
version: 1
hub: ${quotedText(name)}

# The Airflow that reads the secrets, and its apache-airflow-providers-hashicorp.
airflow:
  version: ${JSON.stringify(airflow)}
  provider: ${JSON.stringify(provider)}

# Where the hub lives; chosen with -e. \`embedded\` is the server that \`plenum up\` starts. For another Vault:
#   prod: { vault: { address: https://vault.example.com:8200 } }
environments:
  dev: { vault: embedded }

# \`external: true\`: Vault has the value and nothing else does. To let this file say where a value comes from, write
# fields instead, for example  { conn_type: http, host: api.example.com, password: { env: API_PASSWORD } }
projects: {}
`
}
