/**
 * plenum.yaml -> Hub: parse > structure > normalise > rules. Pure; what it may look at is passed in.
 *
 * Everything that is wrong is found in one go: a part that does not fit is taken out and the rest is checked further.
 * Only text that is not YAML ends it at once.
 */
import type { Json } from '../sensitive/index.ts'
import { type HubDocument, type ParsedText, parseText, readDocument } from './document.ts'
import { type EnvSource, type FileSource, readEnvLayers } from './env-layers.ts'
import { docPath, explainIssues } from './explain.ts'
import type { HubResult } from './hub.ts'
import type { Complaint, DocPath } from './messages.ts'
import { normalise } from './normalise.ts'
import { checkRules } from './rules/index.ts'
import { WRITTEN_HUB } from './schema.ts'
import { isMapping, valueAt } from './value.ts'
import type { WrittenHub } from './written.ts'

export interface LoadOptions {
  /** Absolute path of plenum.yaml. */
  readonly file: string
  readonly text: string | ParsedText
  readonly env: EnvSource
  readonly files: FileSource
  /**
   * Whether `env` and `file` references have to lead somewhere. `unchecked` is for what needs no values: showing the
   * settings of Airflow, stopping a server. Default: `required`.
   */
  readonly references?: 'required' | 'unchecked'
}

export function loadHub({ file, text, env, files, references = 'required' }: LoadOptions): HubResult {
  const document = readDocument(file, typeof text === 'string' ? parseText(text) : text)
  const { findings, plain } = document
  const written = plain === undefined ? undefined : readStructure(plain, document)
  if (written === undefined) return { kind: 'errors', errors: findings.errors, warnings: findings.warnings }
  const draft = normalise(written, document, file)
  const layers = references === 'required' ? readEnvLayers(draft.hub.envFiles, env, files) : undefined
  checkRules({ draft, document, findings, files, layers })
  const { errors, warnings } = findings
  return errors.length > 0 ? { kind: 'errors', errors, warnings } : { kind: 'hub', hub: draft.hub, warnings }
}

/** Stand-ins for what is missing or wrong at the top, so that the rest can be checked. Never part of a result. */
const STAND_INS: Readonly<Record<string, Json>> = {
  version: 1,
  hub: 'hub',
  airflow: { version: '3.3', provider: '4.8' },
  projects: {},
}

const UNEXPLAINED: Complaint = { code: 'hub-type', text: 'this value cannot stand here' }

/** Rounds of taking out what does not fit. Each finds what the one before has hidden. */
const MOST_ROUNDS = 20

/** The file as far as its structure is right; undefined when nothing is left to check. */
function readStructure(plain: Json, { findings }: HubDocument): WrittenHub | undefined {
  const first = WRITTEN_HUB.safeParse(plain)
  if (first.success) return first.data
  explainIssues(first.error.issues, plain, findings)
  // Whatever the explanation missed: a file that does not fit is never taken for one that does.
  const [issue] = first.error.issues
  if (findings.errors.length === 0) findings.error({ path: docPath(issue?.path ?? []), on: 'value' }, UNEXPLAINED)
  if (!isMapping(plain)) return undefined
  let issues = first.error.issues
  let rest: Json = structuredClone(plain)
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    for (const issue of issues) {
      const path = docPath(issue.path)
      const wrong = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
      for (const one of wrong) rest = without(rest, one)
    }
    const next = WRITTEN_HUB.safeParse({ ...STAND_INS, ...(isMapping(rest) ? rest : {}) })
    if (next.success) return next.data
    issues = next.error.issues
  }
  return undefined
}

/** Takes out what is at the path; what should be there and is not takes its mapping along. */
function without(plain: Json, path: DocPath): Json {
  const there = valueAt(plain, path) !== undefined || path.length === 0 ? path : path.slice(0, -1)
  return there.length === 0 ? plain : removed(plain, there)
}

function removed(plain: Json, [part, ...rest]: DocPath): Json {
  if (Array.isArray(plain) && typeof part === 'number') {
    const items: readonly Json[] = plain
    return rest.length === 0
      ? items.filter((_, index) => index !== part)
      : items.map((item, index) => (index === part ? removed(item, rest) : item))
  }
  if (!isMapping(plain) || typeof part !== 'string') return plain
  const entries = Object.entries(plain).filter(([key]) => key !== part || rest.length > 0)
  return Object.fromEntries(entries.map(([key, value]) => [key, key === part ? removed(value, rest) : value]))
}
