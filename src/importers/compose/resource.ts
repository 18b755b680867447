/**
 * The top-level `secrets` and `configs` of a compose file, and what they hold: a text of the environment, a text in the
 * file itself, another file, or something that somebody else keeps.
 *
 * Invariant: each of them is an object or a finding, but for the credentials that Plenum itself gave out.
 */
import { storedVariable } from '../../airflow/index.ts'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import type { Finding, Found, Note } from '../found.ts'
import type { YamlItem, YamlMap } from '../located-tree.ts'
import { decodeText } from '../text-files.ts'
import { interpolated, type Scope, SET_IT, shapeFinding, shapeRefused } from './scope.ts'
import { type Reader, spotOf } from './read-service.ts'
import { type Spot, whereIs, type Written } from './setting.ts'

interface Field {
  readonly written: Written
  readonly spot: Spot
  readonly folder: string
}

export interface Resource {
  readonly kind: 'secret' | 'config'
  readonly name: string
  readonly spot: Spot
  readonly lookUp: Scope['lookUp']
  readonly fields: ReadonlyMap<string, Field>
}

const FIELDS = ['environment', 'content', 'file', 'external'] as const

export function readResources(reader: Reader, root: YamlMap): Map<string, Resource> {
  const resources = new Map<string, Resource>()
  for (const [key, kind] of [
    ['secrets', 'secret'],
    ['configs', 'config'],
  ] as const) {
    const item = root.entries.get(key)
    if (item?.node.kind !== 'map') continue
    for (const [name, one] of item.node.entries) {
      if (one.node.kind === 'map') resources.set(`${key}.${name}`, resourceOf(reader, kind, name, one, one.node))
    }
  }
  return resources
}

function resourceOf(
  reader: Reader,
  kind: Resource['kind'],
  name: string,
  item: YamlItem,
  { entries }: YamlMap,
): Resource {
  const fields = FIELDS.flatMap((key): [string, Field][] => {
    const one = entries.get(key)
    if (one === undefined) return []
    // `external: {name: x}` is an old way to say yes.
    const written: Written = one.node.kind === 'map' ? YES : fieldText(reader, one)
    return [[key, { written, spot: spotOf(reader, one), folder: reader.scope.folder }]]
  })
  return { kind, name, spot: spotOf(reader, item), lookUp: reader.scope.lookUp, fields: new Map(fields) }
}

function fieldText({ scope }: Reader, { node }: YamlItem): Written {
  return node.kind === 'scalar' ? interpolated(scope, node.text) : shapeRefused('it is no text')
}

const YES: Written = { kind: 'text', value: sensitive('true'), used: [], missing: [], note: undefined }

export function layResource(below: Resource | undefined, top: Resource): Resource {
  return below === undefined ? top : { ...top, fields: new Map([...below.fields, ...top.fields]) }
}

export type ResourceObject =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** What Plenum itself left there for Airflow: the way into Vault cannot be kept in it. */
  | { readonly kind: 'own' }

/** The folder beside plenum.yaml that `plenum up` writes to. */
const OWN_FOLDER = /(?:^|[\\/])\.plenum[\\/]/

/** `files`: where the secret's own file is read. */
export function resourceObject(resource: Resource, files: Scope['files']): ResourceObject {
  const { kind, name, fields, lookUp } = resource
  const refused = [...fields.values()].find(({ written }) => written.kind === 'refused')
  if (refused?.written.kind === 'refused') {
    const { code, text, hint } = refused.written
    return { kind: 'finding', finding: { severity: 'error', code, where: whereIs(refused.spot), id: name, text, hint } }
  }
  const external = textOf(resource, 'external')
  if (external !== undefined && external.clear !== 'false') return problem(resource, 'external')
  const variable = textOf(resource, 'environment')
  if (variable !== undefined) {
    const value = lookUp(variable.clear)
    return value === undefined
      ? problem(resource, 'unset', variable.isLiteral ? variable.clear : undefined)
      : object(resource, sensitive(value), [])
  }
  const content = fields.get('content')?.written
  if (content?.kind === 'text') {
    const [missing] = content.missing
    return missing === undefined ? object(resource, content.value, []) : problem(resource, 'unset', missing)
  }
  const path = textOf(resource, 'file')
  if (path !== undefined && OWN_FOLDER.test(path.clear)) return { kind: 'own' }
  if (path !== undefined)
    return kind === 'config' ? problem(resource, 'config') : fileObject(resource, path.clear, files)
  const text = `the ${kind} ${name} says nothing of where it is`
  return { kind: 'finding', finding: shapeFinding(resource.spot, name, text) }
}

/** `isLiteral`: no variable is in it, so that it may be shown. */
function textOf(
  { fields }: Resource,
  key: (typeof FIELDS)[number],
): { readonly clear: string; readonly isLiteral: boolean } | undefined {
  const written = fields.get(key)?.written
  return written?.kind === 'text' ? { clear: written.value.reveal(), isLiteral: written.used.length === 0 } : undefined
}

function fileObject(resource: Resource, path: string, files: Scope['files']): ResourceObject {
  const file = files.read(path, resource.fields.get('file')?.folder)
  if (file === undefined) return problem(resource, 'unreadable')
  const { text, badLines } = decodeText(file)
  if (badLines.length > 0) return problem(resource, 'bytes')
  const note = 'its file ends with a line end, which is a part of the secret as compose hands it on'
  const notes: Note[] = text.endsWith('\n') ? [{ kind: 'dialect', text: note }] : []
  return object(resource, sensitive(text), notes, file.path)
}

type ProblemKind = 'external' | 'unset' | 'config' | 'unreadable' | 'bytes'

const PROBLEMS: Readonly<Record<ProblemKind, Omit<Finding, 'where' | 'id'>>> = {
  external: {
    severity: 'warning',
    code: 'import-compose-external',
    text: 'is kept outside of compose, where Plenum cannot read it',
    hint: 'put its value into Vault by hand',
  },
  unset: {
    severity: 'error',
    code: 'import-compose-variable',
    text: 'needs a variable that is set nowhere',
    hint: SET_IT,
  },
  config: {
    severity: 'warning',
    code: 'import-compose-file',
    text: 'is a file, which is not brought in',
    hint: 'if it holds a secret, put that into Vault by hand',
  },
  unreadable: {
    severity: 'error',
    code: 'import-compose-file',
    text: 'is a file that cannot be read',
    hint: 'bring the file there, and import again',
  },
  bytes: {
    severity: 'error',
    code: 'import-not-text',
    text: 'is a file that is not UTF-8',
    hint: 'keep it as a file, or encode it as base64',
  },
}

function problem({ kind, name, spot }: Resource, what: ProblemKind, variable?: string): ResourceObject {
  const { text, ...rest } = PROBLEMS[what]
  const said = `the ${kind} ${name} ${text}${variable === undefined ? '' : `: ${variable}`}`
  return { kind: 'finding', finding: { ...rest, where: whereIs(spot), id: name, text: said } }
}

/** No place for an editor: an entry of `secrets` without its source would be none. */
function object(
  { kind, name, spot }: Resource,
  value: Sensitive<string>,
  notes: readonly Note[],
  file: string = spot.file.path,
): ResourceObject {
  const origin = { source: 'compose', where: whereIs(spot), place: { kind: 'file', file } } as const
  const data = storedVariable(value)
  const found = { id: name, data, description: undefined, team: undefined, origin, notes }
  // A config is no secret by what it is; its name and look decide.
  return { kind: 'found', found: kind === 'secret' ? { kind: 'secret', ...found } : { kind: 'name', ...found } }
}
