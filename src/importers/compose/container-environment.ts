/**
 * What a container of a service finds in its environment: the env files in their order, then what the service itself
 * sets. As docker compose does it when it starts one.
 *
 * Invariant: each name has one setting, and that one remembers the places that it hides.
 */
import type { Finding } from '../found.ts'
import { decodeText, type TextFile } from '../text-files.ts'
import { type EnvFileContent, parseEnvFile } from './env-file.ts'
import type { LookUp } from './interpolation.ts'
import { parseRawEnvFile } from './raw-env-file.ts'
import { lineFinding, NOT_TEXT, type Scope } from './scope.ts'
import type { EnvFileUse, Service } from './service.ts'
import { layOver, type Layer, NO_LAYER, type Setting, settingsOf, whereIs } from './setting.ts'

export function containerEnvironment(service: Service, scope: Scope): readonly Setting[] {
  const own = new Map(settingsOf(service.environment).map((setting) => [setting.name, setting]))
  const ownValue: LookUp = (name) => {
    const written = own.get(name)?.written
    return written === undefined || written.kind === 'refused' ? undefined : written.value?.reveal()
  }
  const lookUp: LookUp = (name) => scope.lookUp(name) ?? ownValue(name)
  const fromFiles = service.envFiles.uses.reduce(
    (below, use) => layOver(below, envFileLayer(use, scope, lookUp, below)),
    NO_LAYER,
  )
  // `!reset` takes away what is set below it, and nothing of an env file.
  return settingsOf(layOver(fromFiles, { ...NO_LAYER, settings: own }))
}

function envFileLayer(use: EnvFileUse, scope: Scope, lookUp: LookUp, below: Layer): Layer {
  const file = scope.files.read(use.path, use.folder)
  if (file !== undefined) return layerOf(file, use.isRaw, scope, lookUp, below)
  if (use.isRequired) {
    const where = whereIs(use.spot)
    // Its path may hold what a variable has.
    const text = 'the env file named here cannot be read; what it sets is not brought in'
    const hint = 'bring the file there, or say required: false'
    scope.findings.push({ severity: 'error', code: 'import-compose-file', where, id: undefined, text, hint })
  }
  return NO_LAYER
}

function layerOf(file: TextFile, isRaw: boolean, scope: Scope, lookUp: LookUp, below: Layer): Layer {
  const { text, badLines } = decodeText(file)
  const before: LookUp = (name) => {
    const setting = below.settings.get(name)
    return setting === undefined || setting === 'gone' || setting.written.kind !== 'text'
      ? undefined
      : setting.written.value.reveal()
  }
  const content = isRaw ? parseRawEnvFile(text, lookUp) : parseEnvFile(text, lookUp, before)
  scope.findings.push(...problemsOf(file, content, badLines))
  const settings = [...content.values]
    .filter(([, { line, lastLine }]) => !badLines.some((bad) => bad >= line && bad <= lastLine))
    .map(([name, { value, line, lastLine, missing }]): [string, Setting] => {
      const written = { kind: 'text', value, used: [], missing, note: undefined } as const
      const spot = { file, line, column: 1, lastLine }
      return [name, { name, written, spot, whereOf: scope.whereOf, hides: [] }]
    })
  return { ...NO_LAYER, settings: new Map(settings) }
}

function problemsOf(file: TextFile, { problems, values }: EnvFileContent, badLines: readonly number[]): Finding[] {
  const nameAt = (line: number): string | undefined =>
    [...values].find(([, value]) => line >= value.line && line <= value.lastLine)?.[0]
  return [
    ...badLines.map((line) => lineFinding('error', file, line, nameAt(line), NOT_TEXT)),
    ...problems
      .filter(({ line }) => !badLines.includes(line))
      .map(({ line, name, text }) => lineFinding('error', file, line, name, text)),
  ]
}
