/**
 * One service as a compose file writes it -> `Service`, with the variables of its scope put in.
 *
 * Invariant: an entry that is none is a finding, and the service's others are read.
 */
import { sensitive } from '../../sensitive/index.ts'
import type { YamlItem, YamlMap, YamlNode } from '../located-tree.ts'
import type { TextFile } from '../text-files.ts'
import type { LookUp } from './interpolation.ts'
import { type Scope, shapeFinding, shapeRefused, textIn, writtenOf } from './scope.ts'
import {
  type Command,
  distinctUses,
  type EnvFileLayer,
  type EnvFileUse,
  type Extends,
  NO_SERVICE,
  type Service,
  untagged,
} from './service.ts'
import { type Layer, NO_LAYER, type Setting, type Spot, type Written } from './setting.ts'

/** Where the parts of a file are: findings and places need it. */
export interface Reader {
  readonly scope: Scope
  readonly file: TextFile
}

export function spotOf({ file }: Reader, { span }: YamlItem): Spot {
  return { file, ...span }
}

/** Undefined where nothing is set: `service:` alone. */
export function readService(reader: Reader, name: string, item: YamlItem): Service | undefined {
  const { node } = item
  if (isReset(node)) return { ...NO_SERVICE, isFresh: true }
  if (node.kind === 'scalar' && node.text === '') return undefined
  if (node.kind !== 'map') {
    reader.scope.findings.push(shapeFinding(spotOf(reader, item), undefined, `the service ${name} is no mapping`))
    return undefined
  }
  const entry = (key: string): YamlItem | undefined => node.entries.get(key)
  const service: Service = {
    isFresh: false,
    environment: readLayer(reader, entry('environment'), 'environment'),
    args: readArgs(reader, entry('build')),
    hooks: HOOKS.flatMap((key) => readHooks(reader, entry(key))),
    envFiles: readEnvFiles(reader, entry('env_file')),
    commands: new Map(['command', 'entrypoint'].flatMap((key) => commandOf(reader, key, entry(key)))),
    base: readExtends(reader, entry('extends')),
  }
  // Tags below that one are not looked at.
  return isOverride(node) ? { ...untagged(service), isFresh: true } : service
}

const HOOKS = ['pre_start', 'post_start', 'pre_stop']

function isReset({ tag }: YamlNode): boolean {
  return tag === '!reset'
}

function isOverride({ tag }: YamlNode): boolean {
  return tag === '!override'
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.isPlain && /^(?:|~|null|Null|NULL)$/.test(node.text)
}

/** `environment` or `args`: a mapping, or a list of `NAME=value`. */
function readLayer(reader: Reader, item: YamlItem | undefined, what: string): Layer {
  if (item === undefined) return NO_LAYER
  const { node } = item
  if (isReset(node)) return { ...NO_LAYER, isFresh: true }
  if (isNothing(node)) return NO_LAYER
  if (node.kind === 'map') return { isFresh: isOverride(node), settings: mapSettings(reader, node), isListed: false }
  if (node.kind === 'list') {
    const settings = node.items.flatMap((one) => listSetting(reader, one, what))
    const byName = new Map(settings.map((setting) => [setting.name, setting]))
    return { isFresh: isOverride(node), settings: byName, isListed: true }
  }
  reader.scope.findings.push(shapeFinding(spotOf(reader, item), undefined, `${what} is neither mapping nor list`))
  return NO_LAYER
}

function mapSettings(reader: Reader, { entries }: YamlMap): Map<string, Setting | 'gone'> {
  return new Map(
    [...entries].map(([name, item]): readonly [string, Setting | 'gone'] => {
      if (isReset(item.node)) return [name, 'gone']
      const { projectLookUp } = reader.scope
      return [name, setting(reader, item, name, writtenOf(reader.scope, item.node, 'its value'), projectLookUp)]
    }),
  )
}

function listSetting(reader: Reader, item: YamlItem, what: string): Setting[] {
  const { node } = item
  const spot = spotOf(reader, item)
  if (isReset(node)) return []
  if (node.kind !== 'scalar' || isNothing(node)) {
    reader.scope.findings.push(shapeFinding(spot, undefined, `an entry of the list ${what} is not NAME=value`))
    return []
  }
  const written = writtenOf(reader.scope, node, 'it')
  if (written.kind === 'text' && written.used.length > 0 && !node.text.includes('=')) {
    // What would be its name may be a secret.
    return [setting(reader, item, node.text, shapeRefused('variables alone stand where NAME=value is expected'))]
  }
  // The name may hold variables too; of what cannot be put together it is known as it stands.
  const whole = written.kind === 'text' ? written.value.reveal() : node.text
  const equals = whole.indexOf('=')
  const name = equals === -1 ? whole : whole.slice(0, equals)
  if (/\s$/.test(name)) {
    return [setting(reader, item, name.trimEnd(), shapeRefused('a blank stands between its name and the equals sign'))]
  }
  if (written.kind !== 'text') return [setting(reader, item, name, written)]
  const lookUp = what === 'args' ? reader.scope.projectLookUp : reader.scope.lookUp
  const value = equals === -1 ? BARE : { ...written, value: sensitive(whole.slice(equals + 1)) }
  return [setting(reader, item, name, value, lookUp)]
}

const BARE: Written = { kind: 'bare', value: undefined }

function setting(
  reader: Reader,
  item: YamlItem,
  name: string,
  written: Written,
  lookUp: LookUp = reader.scope.lookUp,
): Setting {
  const { scope } = reader
  const found = written.kind === 'bare' ? lookUp(name) : undefined
  return {
    name,
    written: found === undefined ? written : { kind: 'bare', value: sensitive(found) },
    spot: spotOf(reader, item),
    whereOf: scope.whereOf,
    hides: [],
  }
}

function readArgs(reader: Reader, build: YamlItem | undefined): Layer {
  if (build === undefined) return NO_LAYER
  if (isReset(build.node)) return { ...NO_LAYER, isFresh: true }
  if (build.node.kind !== 'map') return NO_LAYER
  const args = readLayer(reader, build.node.entries.get('args'), 'args')
  return isOverride(build.node) ? { ...args, isFresh: true } : args
}

function readHooks(reader: Reader, item: YamlItem | undefined): Layer[] {
  if (item?.node.kind !== 'list') return []
  return item.node.items.flatMap(({ node }) =>
    node.kind === 'map' ? [readLayer(reader, node.entries.get('environment'), 'environment')] : [],
  )
}

function readEnvFiles(reader: Reader, item: YamlItem | undefined): EnvFileLayer {
  if (item === undefined || isNothing(item.node)) return { isFresh: item !== undefined && isReset(item.node), uses: [] }
  const { node } = item
  if (isReset(node)) return { isFresh: true, uses: [] }
  const uses = node.kind === 'list' ? node.items : [item]
  return { isFresh: isOverride(node), uses: distinctUses(uses.flatMap((one) => envFileUse(reader, one))) }
}

function envFileUse(reader: Reader, item: YamlItem): EnvFileUse[] {
  const { scope } = reader
  const { node } = item
  const spot = spotOf(reader, item)
  const at = (key: string): string | undefined => {
    const found = node.kind === 'map' ? node.entries.get(key) : undefined
    return found === undefined ? undefined : textIn(scope, found.node, spot, key)
  }
  const path = node.kind === 'map' ? at('path') : textIn(scope, node, spot, 'env_file')
  if (path === undefined || path === '') {
    scope.findings.push(shapeFinding(spot, undefined, 'env_file names no file here'))
    return []
  }
  const isRequired = at('required') !== 'false'
  return [{ path, folder: scope.folder, isRequired, isRaw: at('format') === 'raw', spot }]
}

function commandOf(reader: Reader, key: string, item: YamlItem | undefined): [string, Command][] {
  return item === undefined ? [] : [[key, { node: item.node, spot: spotOf(reader, item) }]]
}

function readExtends(reader: Reader, item: YamlItem | undefined): Extends | undefined {
  if (item === undefined || isNothing(item.node)) return undefined
  const { node } = item
  const spot = spotOf(reader, item)
  const at = (key: string): string | undefined => {
    const found = node.kind === 'map' ? node.entries.get(key) : undefined
    return found === undefined ? undefined : textIn(reader.scope, found.node, spot, key)
  }
  const service = node.kind === 'map' ? at('service') : textIn(reader.scope, node, spot, 'extends')
  if (service !== undefined) return { service, file: at('file'), spot }
  reader.scope.findings.push(shapeFinding(spot, undefined, 'extends names no service'))
  return undefined
}
