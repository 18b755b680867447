/**
 * Everything that the values give to a container by name: `env` lists at the top and of components, `secret`, `extraEnv`,
 * and what the chart's own secrets and config maps hold.
 *
 * Invariant: each entry is given once, or is a finding with its place.
 */
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import type { Finding, Note } from '../found.ts'
import type { YamlItem, YamlScalar } from '../located-tree.ts'
import { isBroken } from '../yaml-file.ts'
import { base64Text } from './base64.ts'
import { isNothing, type MergedMap, type Placed, placedAt, placedNode } from './merge.ts'
import { type ReadBy, scalarText } from './scalar-text.ts'
import { holdsTemplate, readNested, templateFinding } from './templates.ts'

export type GivenValue =
  | { readonly kind: 'text'; readonly value: Sensitive<string>; readonly notes: readonly Note[] }
  /** Of a Kubernetes secret or config map, as the values name it. */
  | { readonly kind: 'reference'; readonly holder: Holder; readonly key: string }

export interface Holder {
  readonly kind: 'secret' | 'config map'
  readonly name: string
}

export interface Given {
  readonly name: string
  /** `env`, `workers.env`, `extraSecrets.my-secret`. */
  readonly path: string
  readonly placed: Placed
  readonly value: GivenValue
}

export interface GivenValues {
  /** Of env lists. */
  readonly set: readonly Given[]
  /** Of the chart's own secrets and config maps, with the holder's name as it is written. */
  readonly held: readonly (Given & { readonly holder: Holder })[]
  /** Secrets and config maps of which a container gets every key. */
  readonly taken: readonly { readonly holder: Holder; readonly placed: Placed }[]
}

/** `prefix`: `airflow.` where the chart is a part of another one. */
export function givenValues(root: MergedMap, prefix: string, findings: Finding[]): GivenValues {
  const reader = new Reader(prefix, findings)
  const at = (key: string): Placed | undefined => root.entries.get(key)
  return {
    set: [
      ...reader.envList(at('env'), 'env', 'helm'),
      ...reader.secretList(at('secret')),
      ...reader.envList(at('extraEnv'), 'extraEnv', 'kubernetes'),
      ...reader.components(root),
    ],
    held: [...reader.held(at('extraSecrets'), 'secret'), ...reader.held(at('extraConfigMaps'), 'config map')],
    taken: reader.envFrom(at('extraEnvFrom')),
  }
}

/** Not searched for the `env` of a component. */
const NO_COMPONENTS: ReadonlySet<string> = new Set(['env', 'config', 'extraSecrets', 'extraConfigMaps', 'airflow'])

class Reader {
  readonly #prefix: string
  readonly #findings: Finding[]

  constructor(prefix: string, findings: Finding[]) {
    this.#prefix = prefix
    this.#findings = findings
  }

  /** `env` and `extraEnv`: name and value, or where the value comes from. */
  envList(from: Placed | undefined, path: string, readBy: ReadBy): Given[] {
    return this.#items(from, path).flatMap((placed) => this.#envEntry(placed, path, readBy) ?? [])
  }

  /** `secret`: the name in the container, and where its value lies. */
  secretList(from: Placed | undefined): Given[] {
    return this.#items(from, 'secret').flatMap((placed): Given[] => {
      const name = this.#name(placed, 'envName')
      const holder = this.#text(placed.node, 'secretName')
      if (name === undefined) return []
      if (holder === undefined || holder === '') {
        this.#shape(placed, name, 'it has no secretName', 'name the Kubernetes secret, or remove the entry')
        return []
      }
      const key = this.#text(placed.node, 'secretKey') ?? 'value'
      return [this.#given(name, 'secret', placed, { kind: 'reference', holder: { kind: 'secret', name: holder }, key })]
    })
  }

  /** Every `env` list below the top, also of containers in lists. */
  components(root: MergedMap): Given[] {
    return [...root.entries].flatMap(([key, placed]) => (NO_COMPONENTS.has(key) ? [] : this.#below(placed, key)))
  }

  #below({ file, node }: Placed, path: string): Given[] {
    switch (node.kind) {
      case 'scalar':
        return []
      case 'list':
        return node.items.flatMap((item, index) => {
          const placed = { file, span: item.span, node: placedNode(file, item.node) }
          return this.#below(placed, `${path}[${index}]`)
        })
      case 'map':
        return [...node.entries].flatMap(([key, placed]) => {
          const here = `${path}.${key}`
          return key === 'env' && placed.node.kind === 'list'
            ? this.envList(placed, here, 'helm')
            : this.#below(placed, here)
        })
    }
  }

  /** `extraSecrets` and `extraConfigMaps`: name -> data. */
  held(from: Placed | undefined, kind: Holder['kind']): (Given & { readonly holder: Holder })[] {
    if (from === undefined || isNothing(from.node)) return []
    const path = kind === 'secret' ? 'extraSecrets' : 'extraConfigMaps'
    if (from.node.kind !== 'map') {
      this.#shape(
        from,
        `${this.#prefix}${path}`,
        'it is no mapping',
        'write the name of each as a key, with its data below',
      )
      return []
    }
    return [...from.node.entries].flatMap(([name, placed]) => {
      if (placed.node.kind !== 'map') {
        if (!isNothing(placed.node))
          this.#shape(placed, name, `it is no mapping`, 'write "data" or "stringData" below it')
        return []
      }
      const holder: Holder = { kind, name }
      const here = `${path}.${name}`
      const isEncoded = kind === 'secret'
      return [
        ...this.#data(placed.node.entries.get('data'), `${here}.data`, isEncoded),
        ...(isEncoded ? this.#data(placed.node.entries.get('stringData'), `${here}.stringData`, false) : []),
      ].map((given) => ({ ...given, holder }))
    })
  }

  #data(from: Placed | undefined, path: string, isEncoded: boolean): Given[] {
    if (from === undefined) return []
    const node = this.#nested(from)
    if (node === undefined) return []
    if (node.kind !== 'map') {
      this.#shape(
        from,
        `${this.#prefix}${path}`,
        'it is no mapping of names to values',
        'write KEY: value, a line for each',
      )
      return []
    }
    return [...node.entries].flatMap(([key, placed]) => this.#dataEntry(key, placed, path, isEncoded) ?? [])
  }

  #dataEntry(key: string, placed: Placed, path: string, isEncoded: boolean): Given | undefined {
    if (this.#isBroken(placed, key)) return undefined
    if (holdsTemplate(key)) return this.#template(placed, undefined, 'its name holds a template')
    const { node } = placed
    if (node.kind !== 'scalar') return this.#shape(placed, key, 'its value is a list or a mapping', 'write a text')
    if (holdsTemplate(node.text)) return this.#template(placed, key, HOLDS)
    const { text, notes } = scalarText(node, 'kubernetes')
    if (!isEncoded) return this.#given(key, path, placed, { kind: 'text', value: sensitive(text), notes })
    const decoded = base64Text(node.text)
    if (decoded.kind === 'text') {
      return this.#given(key, path, placed, { kind: 'text', value: decoded.value, notes: decoded.notes })
    }
    this.#findings.push({
      severity: 'error',
      code: 'import-helm-base64',
      where: placedAt(placed),
      id: key,
      text: decoded.text,
      hint: decoded.hint,
    })
    return undefined
  }

  /** `extraEnvFrom`: secrets and config maps as a whole. */
  envFrom(from: Placed | undefined): GivenValues['taken'] {
    return this.#items(from, 'extraEnvFrom').flatMap((placed) => {
      const secret = this.#holder(placed, 'secretRef', 'secret')
      const map = this.#holder(placed, 'configMapRef', 'config map')
      const holder = secret ?? map
      if (holder !== undefined) return [{ holder, placed }]
      this.#shape(
        placed,
        `${this.#prefix}extraEnvFrom`,
        'it names neither a secret nor a config map',
        'write secretRef with a name below',
      )
      return []
    })
  }

  #holder({ node }: Placed, key: string, kind: Holder['kind']): Holder | undefined {
    const reference = node.kind === 'map' ? node.entries.get(key)?.node : undefined
    const name = reference === undefined ? undefined : this.#text(reference, 'name')
    return name === undefined || name === '' ? undefined : { kind, name }
  }

  #envEntry(placed: Placed, path: string, readBy: ReadBy): Given | undefined {
    const name = this.#name(placed, 'name')
    if (name === undefined || placed.node.kind !== 'map') return undefined
    const from = placed.node.entries.get('valueFrom')
    if (from?.node.kind === 'map') {
      const reference = referenceOf(from.node)
      // Otherwise a field of the pod itself: no secret.
      return reference === undefined ? undefined : this.#given(name, path, placed, reference)
    }
    const value = placed.node.entries.get('value')
    if (value === undefined) return this.#given(name, path, placed, NOTHING)
    if (value.node.kind !== 'scalar')
      return this.#shape(placed, name, 'its value is a list or a mapping', 'write a text')
    if (holdsTemplate(value.node.text)) return this.#template(placed, name, HOLDS)
    const { text, notes } = scalarText(value.node, readBy)
    return this.#given(name, path, placed, { kind: 'text', value: sensitive(text), notes })
  }

  /** Undefined, with a finding, where the entry gives no name. */
  #name(placed: Placed, key: string): string | undefined {
    const name = this.#text(placed.node, key)
    if (this.#isBroken(placed, name)) return undefined
    if (name === undefined || name === '')
      return this.#shape(placed, undefined, `it has no ${key}`, 'name it, or remove it')
    return holdsTemplate(name) ? this.#template(placed, undefined, 'its name holds a template') : name
  }

  #text(node: Placed['node'], key: string): string | undefined {
    const value = node.kind === 'map' ? node.entries.get(key)?.node : undefined
    // `N` and `on` are names here, whatever YAML takes them for.
    return value?.kind === 'scalar' && !isNothing(value) ? value.text : undefined
  }

  /** The entries of a list, or of a text that holds one. */
  #items(from: Placed | undefined, path: string): Placed[] {
    if (from === undefined) return []
    const list = this.#nested(from)
    if (list === undefined) return []
    if (list.kind !== 'list') {
      this.#shape(from, `${this.#prefix}${path}`, 'it is no list', 'begin each entry with "-"')
      return []
    }
    return list.items.map((item) => this.#place(from, item))
  }

  #place({ file }: Placed, { node, span }: YamlItem): Placed {
    return { file, span, node: placedNode(file, node) }
  }

  /** What the values hold, or what the YAML in their text does; undefined for nothing. */
  #nested(from: Placed): Placed['node'] | undefined {
    if (isNothing(from.node)) return undefined
    const node = from.node.kind === 'scalar' ? this.#read(from.node, from) : from.node
    return node === undefined || isNothing(node) ? undefined : node
  }

  #read(scalar: YamlScalar, from: Placed): Placed['node'] | undefined {
    const node = readNested(scalar, from, this.#findings)
    return node === undefined ? undefined : placedNode(from.file, node)
  }

  #given(name: string, path: string, placed: Placed, value: GivenValue): Given {
    return { name, path: `${this.#prefix}${path}`, placed, value }
  }

  #isBroken(placed: Placed, id: string | undefined): boolean {
    if (!isBroken(placed.file, placed.span)) return false
    this.#findings.push({
      severity: 'error',
      code: 'import-not-text',
      where: placedAt(placed),
      id: id === undefined || id === '' || id.includes('\uFFFD') ? undefined : id,
      text: 'a line of it is not UTF-8; it is not taken',
      hint: 'save the file as UTF-8',
    })
    return true
  }

  #shape(placed: Placed, id: string | undefined, text: string, hint: string): undefined {
    this.#findings.push({ severity: 'error', code: 'import-helm-shape', where: placedAt(placed), id, text, hint })
  }

  #template(placed: Placed, id: string | undefined, text: string): undefined {
    this.#findings.push(templateFinding(placedAt(placed), id, text))
  }
}

const HOLDS = 'its value holds a template, which is not executed'
const NOTHING: GivenValue = { kind: 'text', value: sensitive(''), notes: [] }

function referenceOf({ entries }: MergedMap): GivenValue | undefined {
  for (const [key, kind] of [
    ['secretKeyRef', 'secret'],
    ['configMapKeyRef', 'config map'],
  ] as const) {
    const node = entries.get(key)?.node
    if (node?.kind !== 'map') continue
    const [name, field] = ['name', 'key'].map((one) => {
      const part = node.entries.get(one)?.node
      return part?.kind === 'scalar' ? part.text : ''
    })
    return { kind: 'reference', holder: { kind, name: name ?? '' }, key: field ?? '' }
  }
  return undefined
}
