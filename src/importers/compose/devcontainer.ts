/**
 * `containerEnv`, `remoteEnv` and `build.args` of a devcontainer.json: JSON with comments and commas at the end.
 *
 * `${localEnv:NAME}` and `${localEnv:NAME:default}` take the environment of the call; every other `${…}` is known to the
 * editor alone, so that a value with one is a finding.
 */
import type { EnvSource } from '../../hub/index.ts'
import { sensitive } from '../../sensitive/index.ts'
import type { Finding } from '../found.ts'
import { readLocatedJson } from '../located-json.ts'
import type { YamlItem, YamlNode } from '../located-tree.ts'
import { decodeText, type TextFile } from '../text-files.ts'
import { notText } from './documents.ts'
import { withoutComments } from './json-comments.ts'
import { type Setting, type Spot, whereIs } from './setting.ts'

export interface DevcontainerSettings {
  /** `containerEnv`, `remoteEnv`, `build.args`, with what each of them sets. */
  readonly groups: readonly { readonly name: string; readonly settings: readonly Setting[] }[]
  readonly findings: readonly Finding[]
}

export function devcontainerSettings(file: TextFile, env: EnvSource): DevcontainerSettings {
  const findings: Finding[] = []
  const { text, badLines } = decodeText(file)
  const [bad] = badLines
  if (bad !== undefined) return { groups: [], findings: [notText(file, bad)] }
  const root = readLocatedJson({ shown: file.shown, text: withoutComments(text), findings })
  const groups = [
    { name: 'containerEnv', node: entry(root, 'containerEnv') },
    { name: 'remoteEnv', node: entry(root, 'remoteEnv') },
    { name: 'build.args', node: entry(entry(root, 'build'), 'args') },
  ].map(({ name, node }) => ({ name, settings: settingsIn(node, file, env, findings) }))
  return { groups, findings }
}

function entry(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.node : undefined
}

function settingsIn(node: YamlNode | undefined, file: TextFile, env: EnvSource, findings: Finding[]): Setting[] {
  if (node?.kind !== 'map') return []
  return [...node.entries].flatMap(([name, item]) => settingOf(name, item, file, env, findings))
}

function settingOf(
  name: string,
  { node, span }: YamlItem,
  file: TextFile,
  env: EnvSource,
  findings: Finding[],
): Setting[] {
  const spot: Spot = { file, ...span }
  // `null` takes the variable away.
  if (node.kind === 'scalar' && node.isPlain && node.text === 'null') return []
  const value =
    node.kind === 'scalar' ? expanded(node.text, env) : ({ kind: 'refused', text: 'its value is no text' } as const)
  if (value.kind === 'text') {
    const written = {
      kind: 'text',
      value: sensitive(value.text),
      used: value.used,
      missing: [],
      note: undefined,
    } as const
    return [{ name, written, spot, whereOf: () => undefined, hides: [] }]
  }
  findings.push({
    severity: 'warning',
    code: 'import-devcontainer-variable',
    where: whereIs(spot),
    id: name,
    text: `${value.text}; the value is not taken`,
    hint: 'set the variable in the environment and import again, or put the value into Vault by hand',
  })
  return []
}

type Expanded =
  | { readonly kind: 'text'; readonly text: string; readonly used: readonly string[] }
  | { readonly kind: 'refused'; readonly text: string }

function expanded(written: string, env: EnvSource): Expanded {
  const used: string[] = []
  const missing: string[] = []
  const others: string[] = []
  const text = written.replaceAll(
    /\$\{(?<kind>\w+)(?::(?<name>[^:}]*)(?::(?<fallback>[^}]*))?)?\}/g,
    (whole, kind: string, name?: string, fallback?: string) => {
      if (!/^(?:local)?env$/i.test(kind) || name === undefined) {
        others.push(kind)
        return whole
      }
      const value = env.get(name)
      if (value === undefined && fallback === undefined) missing.push(name)
      if (value !== undefined) used.push(name)
      return value ?? fallback ?? ''
    },
  )
  if (others.length > 0) return { kind: 'refused', text: `\${${others[0]}…} in it is known to the editor alone` }
  if (missing.length > 0)
    return { kind: 'refused', text: `it takes ${missing.join(', ')}, which the environment does not have` }
  return { kind: 'text', text, used }
}
