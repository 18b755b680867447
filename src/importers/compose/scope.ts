/**
 * What a compose file is read in: the folder that its paths begin at, the variables that are put into it, and where what
 * is wrong with it is written down.
 *
 * Invariant: the environment of the call wins over `.env` files, and of two `.env` files the one of the project over that
 * of what it includes, as in docker compose.
 */
import type { EnvSource } from '../../hub/index.ts'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import type { Finding } from '../found.ts'
import type { YamlNode } from '../located-tree.ts'
import { decodeText, type TextFile, type TextFiles } from '../text-files.ts'
import { parseEnvFile, refusalText } from './env-file.ts'
import { interpolate, type LookUp } from './interpolation.ts'
import { composePlain } from './plain.ts'
import { type Spot, whereIs, type Written } from './setting.ts'

export interface Scope {
  readonly folder: string
  readonly lookUp: LookUp
  /** Of the project, without what an included one has for itself: compose asks it for names alone in a mapping. */
  readonly projectLookUp: LookUp
  /** `.env:3`; undefined for what is in the environment of the call. */
  readonly whereOf: (variable: string) => string | undefined
  readonly files: TextFiles
  readonly findings: Finding[]
}

export interface ScopeOptions {
  readonly folder: string
  readonly env: EnvSource
  readonly files: TextFiles
  readonly findings: Finding[]
}

/** Of the project itself. */
export function projectScope({ folder, env, files, findings }: ScopeOptions): Scope {
  const lookUp: LookUp = (name) => env.get(name)
  const outer: Scope = { folder, lookUp, projectLookUp: lookUp, whereOf: () => undefined, files, findings }
  const file = files.read('.env', folder)
  if (file === undefined) return outer
  const inner = withEnvFiles(outer, [file])
  return { ...inner, projectLookUp: inner.lookUp }
}

/** The variables of these files as well, the later ones first. Everything that was there already wins. */
export function withEnvFiles(outer: Scope, envFiles: readonly TextFile[]): Scope {
  const values = new Map<string, { readonly value: Sensitive<string>; readonly where: string }>()
  const inFiles = (name: string): string | undefined => values.get(name)?.value.reveal()
  for (const file of envFiles) {
    const { text, badLines } = decodeText(file)
    const content = parseEnvFile(text, outer.lookUp, inFiles)
    for (const [name, { value, line, lastLine }] of content.values) {
      if (!badLines.some((bad) => bad >= line && bad <= lastLine))
        values.set(name, { value, where: `${file.shown}:${line}` })
    }
    outer.findings.push(
      ...content.problems.map(({ line, name, text: said }) => lineFinding('warning', file, line, name, said)),
      ...badLines.map((line) => lineFinding('warning', file, line, undefined, NOT_TEXT)),
    )
  }
  return {
    ...outer,
    lookUp: (name) => outer.lookUp(name) ?? inFiles(name),
    whereOf: (name) => (outer.lookUp(name) === undefined ? values.get(name)?.where : outer.whereOf(name)),
  }
}

export const NOT_TEXT = 'this line is not UTF-8 and is skipped'

export function lineFinding(
  severity: Finding['severity'],
  { shown }: TextFile,
  line: number,
  name: string | undefined,
  text: string,
): Finding {
  const where = `${shown}:${line}`
  if (text === NOT_TEXT) {
    return { severity, code: 'import-not-text', where, id: name, text, hint: 'save the file as UTF-8' }
  }
  const hint = 'a line is NAME=value, or a comment that begins with #; docker compose refuses the whole file for it'
  return { severity, code: 'import-bad-line', where, id: name, text, hint }
}

export function shapeFinding(spot: Spot, id: string | undefined, text: string): Finding {
  return { severity: 'error', code: 'import-compose-shape', where: whereIs(spot), id, text, hint: SHAPE_HINT }
}

const SHAPE_HINT = 'correct it: docker compose refuses it too; everything else was read'

/** A text that is put together, such as a path. Undefined, with a finding, where it cannot be. */
export function textIn(scope: Scope, node: YamlNode, spot: Spot, what: string): string | undefined {
  const written = writtenOf(scope, node, what)
  if (written.kind === 'text') return written.value.reveal()
  if (written.kind === 'refused') {
    const { code, text, hint } = written
    scope.findings.push({ severity: 'error', code, where: whereIs(spot), id: undefined, text, hint })
  }
  return undefined
}

/** The value of a mapping's entry; `bare` where it has none. */
export function writtenOf(scope: Scope, node: YamlNode, what: string): Written {
  if (node.kind !== 'scalar')
    return shapeRefused(`${what} is a ${node.kind === 'map' ? 'mapping' : 'list'} and no text`)
  const { text, isPlain, tag } = node
  const plain = isPlain && tag === undefined ? composePlain(text) : ({ kind: 'text', text } as const)
  switch (plain.kind) {
    case 'nothing':
      return { kind: 'bare', value: undefined }
    case 'refused':
      return shapeRefused(`${what} is infinite or no number to YAML, which compose does not take`)
    case 'text':
      return interpolated(scope, plain.text)
    case 'number':
      return {
        kind: 'text',
        value: sensitive(plain.text),
        used: [],
        missing: [],
        note: plain.isExact ? RESPELT : LOSSY,
      }
  }
}

const RESPELT = 'it is a number or a date without quotes, which compose hands on in another spelling; that one is taken'
const LOSSY = 'it is a number without quotes, of which compose hands on fewer digits than are written; all are taken'

export function shapeRefused(text: string): Written {
  return { kind: 'refused', code: 'import-compose-shape', text, hint: SHAPE_HINT }
}

export function interpolated({ lookUp }: Scope, text: string): Written {
  const result = interpolate(text, lookUp)
  if (result.kind === 'text') {
    return { kind: 'text', value: sensitive(result.text), used: result.used, missing: result.missing, note: undefined }
  }
  const hint = result.kind === 'required' ? SET_IT : 'write $$ for a dollar sign'
  return { kind: 'refused', code: 'import-compose-variable', text: refusalText(result), hint }
}

export const SET_IT = 'set it in the environment, or in .env beside the file, and import again'
