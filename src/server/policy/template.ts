/**
 * `{{…}}` in rule paths: who the caller is, written into the path (vault-api 10.5).
 *
 * A policy is kept unexpanded and expanded for one caller when an ACL is compiled. A path that cannot be resolved (no
 * entity, no such key, not a member of the group) is dropped, the other paths stay.
 *
 * Invariant (S6): a resolved value never widens a path. One that is empty or holds `*`, `+` or `/` drops the path.
 * There is no option to switch that off.
 */

/** An immutable picture of the caller. A change of the entity or its groups makes a new object: ACLs are cached by it. */
export interface TemplateSubject {
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly aliases: readonly TemplateAlias[]
  /** Only the groups that the entity belongs to. */
  readonly groups: readonly TemplateGroup[]
}
export interface TemplateAlias {
  readonly mountAccessor: string
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly customMetadata: Readonly<Record<string, string>>
}
export interface TemplateGroup {
  readonly id: string
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
}

type Selector = (subject: TemplateSubject) => string | undefined
export type TemplatePart = { readonly literal: string } | { readonly selector: Selector }
export interface PathTemplate {
  readonly kind: 'template'
  readonly parts: readonly TemplatePart[]
}

export class TemplateError extends Error {
  readonly code = 'path-template'
}

/**
 * `undefined` for a path without braces. A well-formed selector that Vault does not know is accepted, as Vault does; it
 * resolves for nobody.
 * @throws {TemplateError} when the braces do not pair up.
 */
export function parseTemplate(path: string): PathTemplate | undefined {
  if (!path.includes('{{') && !path.includes('}}')) return undefined
  const [head = '', ...tail] = path.split('{{')
  if (head.includes('}}')) throw unbalanced()
  const parts: TemplatePart[] = [{ literal: head }]
  for (const piece of tail) {
    const [selector = '', literal, ...more] = piece.split('}}')
    if (literal === undefined || more.length > 0) throw unbalanced()
    parts.push({ selector: parseSelector(selector.trim()) }, { literal })
  }
  return { kind: 'template', parts }
}

/** The path for this caller, `undefined` when it must be dropped. */
export function expandTemplate(template: PathTemplate, subject: TemplateSubject | undefined): string | undefined {
  if (subject === undefined) return undefined
  let path = ''
  for (const part of template.parts) {
    const text = 'literal' in part ? part.literal : resolve(part.selector, subject)
    if (text === undefined) return undefined
    path += text
  }
  return path
}

function resolve(selector: Selector, subject: TemplateSubject): string | undefined {
  const value = selector(subject)
  return value === undefined || value === '' || /[*+/]/.test(value) ? undefined : value
}

function unbalanced(): TemplateError {
  return new TemplateError('failed to validate policy templating: unbalanced templating characters')
}

const NOBODY: Selector = () => undefined

function parseSelector(text: string): Selector {
  const entity = after(text, 'identity.entity.')
  if (entity !== undefined) return entitySelector(entity)
  const byId = after(text, 'identity.groups.ids.')
  if (byId !== undefined) return groupSelector(byId, (group) => group.id)
  const byName = after(text, 'identity.groups.names.')
  if (byName !== undefined) return groupSelector(byName, (group) => group.name)
  return NOBODY
}

function entitySelector(text: string): Selector {
  if (text === 'id') return (subject) => subject.id
  if (text === 'name') return (subject) => subject.name
  const key = after(text, 'metadata.')
  if (key !== undefined) return (subject) => lookUp(subject.metadata, key)
  const alias = after(text, 'aliases.')
  return alias === undefined ? NOBODY : aliasSelector(alias)
}

function aliasSelector(text: string): Selector {
  const { name: accessor, rest } = cutAtDot(text)
  const read = fieldReader<TemplateAlias>(rest, [
    ['metadata.', (alias) => alias.metadata],
    ['custom_metadata.', (alias) => alias.customMetadata],
  ])
  return (subject) => firstOf(subject.aliases, (alias) => alias.mountAccessor === accessor, read)
}

function groupSelector(text: string, identify: (group: TemplateGroup) => string): Selector {
  const { name, rest } = cutAtDot(text)
  const read = fieldReader<TemplateGroup>(rest, [['metadata.', (group) => group.metadata]])
  return (subject) => firstOf(subject.groups, (group) => identify(group) === name, read)
}

/** `id`, `name`, or a key of one of the maps. */
function fieldReader<T extends { readonly id: string; readonly name: string }>(
  text: string,
  maps: readonly (readonly [prefix: string, read: (thing: T) => Readonly<Record<string, string>>])[],
): (thing: T) => string | undefined {
  if (text === 'id') return (thing) => thing.id
  if (text === 'name') return (thing) => thing.name
  for (const [prefix, read] of maps) {
    const key = after(text, prefix)
    if (key !== undefined) return (thing) => lookUp(read(thing), key)
  }
  return () => undefined
}

function firstOf<T>(
  things: readonly T[],
  wanted: (thing: T) => boolean,
  read: (thing: T) => string | undefined,
): string | undefined {
  const thing = things.find(wanted)
  return thing === undefined ? undefined : read(thing)
}

/** Own keys only: `constructor` is an ordinary metadata key (S55). */
function lookUp(map: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

function after(text: string, prefix: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined
}

function cutAtDot(text: string): { readonly name: string; readonly rest: string } {
  const dot = text.indexOf('.')
  return dot === -1 ? { name: text, rest: '' } : { name: text.slice(0, dot), rest: text.slice(dot + 1) }
}
