/**
 * Which project an object goes to. In this order: the rules of the call, the map file, a project's name in the id, the
 * DAGs that mention the id, and the holding project for what nothing decides.
 *
 * Invariant: evidence that points at two projects decides nothing. A wrong project would hand a secret to a wrong reader;
 * the holding project is reported and can be sorted out later.
 *
 * Names count as whole words: `trading` is in `project_trading_api` and `Trading-API`, not in `tradings`. Where one name
 * lies inside of another (`trading` in `trading-eu`) the longer one is meant.
 */
import { isProjectName } from '../hub/index.ts'
import { ImportError } from './found.ts'
import { type FoundKind, isExact, matches, splitPattern } from './patterns.ts'

export interface ProjectRule {
  readonly pattern: string
  readonly project: string
}

export interface ProjectRules {
  /** Of the call; the first that matches decides. */
  readonly rules: readonly ProjectRule[]
  /** Of the map file: an id as it is decides before patterns, patterns in their order. */
  readonly map: readonly ProjectRule[]
  /** Declared in plenum.yaml. */
  readonly projects: readonly string[]
  /** Id to the folder of DAGs that alone mentions it: `mentionsOf`. */
  readonly mentions: ReadonlyMap<string, string>
  /** For what nothing decides. */
  readonly holding: string
}

export type Assignment = { readonly project: string } & (
  | { readonly because: 'rule' | 'map'; readonly pattern: string }
  | { readonly because: 'name' }
  | { readonly because: 'dags'; readonly folder: string }
  /** `candidates`: projects whose names are in the id, when there are several. */
  | { readonly because: 'holding'; readonly candidates: readonly string[] }
)

export type Assigner = (id: string, kind: FoundKind) => Assignment

export function assignProject(id: string, kind: FoundKind, rules: ProjectRules): Assignment {
  return projectAssigner(rules)(id, kind)
}

/**
 * For many ids: what the rules say is prepared once.
 * @throws {ImportError} 'import-project-name' for a project that no hub can declare.
 */
export function projectAssigner({ rules, map, projects, mentions, holding }: ProjectRules): Assigner {
  for (const { project } of [...rules, ...map]) requireProjectName(project)
  requireProjectName(holding)
  const mapped = ruleIndex(map)
  const named = projects.map((name) => ({ name, words: wordsOf(name) }))
  return (id, kind) => {
    const rule = rules.find(({ pattern }) => matches(pattern, id, kind))
    if (rule !== undefined) return { ...rule, because: 'rule' }
    const entry = mapped(id, kind)
    if (entry !== undefined) return { ...entry, because: 'map' }
    const candidates = projectsIn(id, named)
    const [only] = candidates
    if (only !== undefined && candidates.length === 1) return { project: only, because: 'name' }
    const folder = mentions.get(id)
    const project = folder === undefined ? undefined : projectOfFolder(folder, named)
    if (folder !== undefined && project !== undefined) return { project, because: 'dags', folder }
    return { project: holding, because: 'holding', candidates }
  }
}

export function requireProjectName(project: string): void {
  if (isProjectName(project)) return
  const lower = project.toLowerCase()
  throw new ImportError('import-project-name', `${JSON.stringify(project)} cannot be the name of a project`, {
    hint: isProjectName(lower)
      ? `write ${lower}`
      : 'lower-case letters, digits, _ . and -, a letter or digit first, 63 characters at most',
  })
}

/** Ids are looked up, so that a map of thousands of lines costs no more than one of ten. */
function ruleIndex(map: readonly ProjectRule[]): (id: string, kind: FoundKind) => ProjectRule | undefined {
  const patterns = map.filter(({ pattern }) => !isExact(pattern))
  const exact = new Map<string, ProjectRule>()
  for (const rule of map) {
    const { only, text } = splitPattern(rule.pattern)
    const key = `${only ?? ''}:${text}`
    if (isExact(rule.pattern) && !exact.has(key)) exact.set(key, rule)
  }
  return (id, kind) =>
    exact.get(`${kind}:${id}`) ?? exact.get(`:${id}`) ?? patterns.find(({ pattern }) => matches(pattern, id, kind))
}

interface NamedProject {
  readonly name: string
  readonly words: string
}

/** `_trading_eu_` of `Trading-EU`: the words, with `_` on both sides of each. */
function wordsOf(text: string): string {
  return `_${text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '_')}_`.replaceAll(/_{2,}/g, '_')
}

/** Projects named in the text, without those whose name is only a part of another one's. */
function projectsIn(text: string, projects: readonly NamedProject[]): string[] {
  const words = wordsOf(text)
  const found = projects.filter((project) => words.includes(project.words))
  if (found.length < 2) return found.map(({ name }) => name)
  const longest = found.filter(
    ({ words: own }) => !found.some((other) => other.words.length > own.length && other.words.includes(own)),
  )
  return longest.map(({ name }) => name)
}

/** A folder of a declared project, or one that can be the name of a new project. */
function projectOfFolder(folder: string, projects: readonly NamedProject[]): string | undefined {
  const candidates = projectsIn(folder, projects)
  if (candidates.length > 0) return candidates.length === 1 ? candidates[0] : undefined
  const name = folder.toLowerCase()
  return isProjectName(name) ? name : undefined
}
