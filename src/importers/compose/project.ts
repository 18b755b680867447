/**
 * Compose files -> one project, as docker compose puts it together: each document with what it includes, its services
 * with what they extend, and the whole laid over what the files before it have.
 *
 * Invariants: the work ends (a file that includes itself, a service that extends itself, and more than `MOST_FILES` are
 * findings), and what one file lacks never keeps the others from being read.
 */
import { dirname, isAbsolute, join } from 'node:path'
import type { Finding } from '../found.ts'
import type { YamlItem, YamlMap, YamlNode } from '../located-tree.ts'
import type { TextFile } from '../text-files.ts'
import { documentsOf, isEmpty } from './documents.ts'
import type { LookUp } from './interpolation.ts'
import { type Reader, readService, spotOf } from './read-service.ts'
import { layResource, readResources, type Resource } from './resource.ts'
import { type Scope, shapeFinding, textIn, withEnvFiles } from './scope.ts'
import { extendService, layService, NO_SERVICE, seenFrom, type Service } from './service.ts'
import { type Spot, whereIs } from './setting.ts'

/** By name; jobs as `jobs.<name>`. */
export interface Project {
  readonly services: ReadonlyMap<string, Service>
  /** By `secrets.<name>` and `configs.<name>`. */
  readonly resources: ReadonlyMap<string, Resource>
}

const NO_PROJECT: Project = { services: new Map(), resources: new Map() }

export function readProject(files: readonly TextFile[], scope: Scope): Project {
  return new ProjectReader().read(files, scope, [])
}

/** More is a mistake, or meant to keep the machine busy. */
const MOST_FILES = 500
const LONGEST_CHAIN = 100

interface Services {
  readonly reader: Reader
  readonly services: ReadonlyMap<string, Service>
}

class ProjectReader {
  #files = 0
  /** What many services extend is read once for all who see the same variables. */
  readonly #extendable = new Map<LookUp, Map<string, Services>>()

  read(files: readonly TextFile[], scope: Scope, including: readonly string[]): Project {
    let project = NO_PROJECT
    for (const file of files) {
      const reader = { scope, file }
      for (const root of this.#documents(reader)) {
        const own = this.#document(reader, root, [...including, ...files.map(({ path }) => path)])
        project = layProject(project, own)
      }
    }
    return project
  }

  #documents(reader: Reader): readonly YamlMap[] {
    const { scope, file } = reader
    this.#files += 1
    return documentsOf(file, scope.findings)
  }

  #document(reader: Reader, root: YamlMap, including: readonly string[]): Project {
    const own: Project = { services: servicesOf(reader, root), resources: readResources(reader, root) }
    const includes = this.#includes(reader, root.entries.get('include'), including)
    // What is included first wins over what is included later, and the file itself over both.
    const whole = includes.reduce((top, included) => layProject(included, top, extendService), own)
    return { ...whole, services: this.#extended(reader, whole.services) }
  }

  #includes(reader: Reader, item: YamlItem | undefined, including: readonly string[]): readonly Project[] {
    if (item === undefined || (item.node.kind === 'scalar' && item.node.text === '')) return []
    if (item.node.kind !== 'list') {
      reader.scope.findings.push(shapeFinding(spotOf(reader, item), undefined, 'include is no list'))
      return []
    }
    return item.node.items.flatMap((one) => this.#include(reader, one, including))
  }

  #include(reader: Reader, item: YamlItem, including: readonly string[]): readonly Project[] {
    const { scope } = reader
    const spot = spotOf(reader, item)
    const { node } = item
    const texts = (key: string): readonly string[] => {
      const found = node.kind === 'map' ? node.entries.get(key)?.node : undefined
      return found === undefined ? [] : textsIn(scope, found, spot, key)
    }
    const paths = node.kind === 'map' ? texts('path') : textsIn(scope, node, spot, 'include')
    const files = paths.flatMap((path) => {
      const file = this.#open(scope, path, spot, 'import-compose-include')
      if (file !== undefined && !including.includes(file.path)) return [file]
      if (file !== undefined) scope.findings.push(problem('import-compose-include', spot, 'it includes itself'))
      return []
    })
    const [first] = files
    if (first === undefined) return []
    const [given] = texts('project_directory')
    const folder = given === undefined ? dirname(first.path) : isAbsolute(given) ? given : join(scope.folder, given)
    const named = texts('env_file').filter((path) => path !== '/dev/null')
    const hasOwn = node.kind === 'map' && node.entries.has('env_file')
    const envFiles = hasOwn
      ? named.flatMap((path) => this.#open(scope, path, spot, 'import-compose-file') ?? [])
      : [scope.files.read('.env', folder)].filter((file) => file !== undefined)
    const { services, resources } = this.read(files, { ...withEnvFiles(scope, envFiles), folder }, including)
    return [{ services: allSeenFrom(scope.folder, services), resources }]
  }

  #extended(reader: Reader, services: ReadonlyMap<string, Service>): ReadonlyMap<string, Service> {
    return new Map(
      [...services].map(([name, service]) => [
        name,
        this.#withBase(reader, services, service, [`${reader.file.path}\n${name}`]),
      ]),
    )
  }

  #withBase(
    reader: Reader,
    services: ReadonlyMap<string, Service>,
    service: Service,
    chain: readonly string[],
  ): Service {
    const { base } = service
    if (base === undefined) return service
    const own = { ...service, base: undefined }
    const from = base.file === undefined ? { reader, services } : this.#servicesIn(reader.scope, base.file, base.spot)
    if (from === undefined) return own
    const below = from.services.get(base.service)
    const link = `${from.reader.file.path}\n${base.service}`
    if (below === undefined || chain.includes(link) || chain.length > LONGEST_CHAIN) {
      const text =
        below === undefined
          ? 'the service that it extends is not there'
          : chain.includes(link)
            ? 'it extends itself'
            : `it extends more than ${LONGEST_CHAIN} services, one after the other`
      reader.scope.findings.push(problem('import-compose-extends', base.spot, text))
      return own
    }
    return extendService(this.#withBase(from.reader, from.services, below, [...chain, link]), own)
  }

  #servicesIn(scope: Scope, path: string, spot: Spot): Services | undefined {
    const file = this.#open(scope, path, spot, 'import-compose-extends')
    if (file === undefined) return undefined
    const known = this.#extendable.get(scope.lookUp) ?? new Map<string, Services>()
    this.#extendable.set(scope.lookUp, known)
    const key = `${scope.folder}\n${file.path}`
    const services = known.get(key) ?? this.#servicesOf(scope, file)
    known.set(key, services)
    return services
  }

  #servicesOf(scope: Scope, file: TextFile): Services {
    const reader = { scope: { ...scope, folder: dirname(file.path) }, file }
    const all = this.#documents(reader).map((root) => servicesOf(reader, root))
    const services = all.reduce((below, top) => layServices(below, top), new Map<string, Service>())
    return { reader, services: allSeenFrom(scope.folder, services) }
  }

  #open(
    scope: Scope,
    path: string,
    spot: Spot,
    code: 'import-compose-include' | 'import-compose-extends' | 'import-compose-file',
  ): TextFile | undefined {
    if (/^[a-z][a-z\d+.-]+:|^git@/i.test(path)) {
      scope.findings.push(problem(code, spot, 'what it names lies on another machine and is not fetched'))
      return undefined
    }
    const file = this.#files < MOST_FILES ? scope.files.read(path, scope.folder) : undefined
    const text =
      this.#files < MOST_FILES
        ? 'the file named here cannot be read'
        : `more than ${MOST_FILES} files hang together here`
    if (file === undefined) scope.findings.push(problem(code, spot, text))
    return file
  }
}

function problem(
  code: 'import-compose-include' | 'import-compose-extends' | 'import-compose-file',
  spot: Spot,
  text: string,
): Finding {
  return { severity: 'error', code, where: whereIs(spot), id: undefined, text, hint: PROBLEM_HINTS[code] }
}

const PROBLEM_HINTS = {
  'import-compose-include': 'name the files that belong together in the call, one after the other',
  'import-compose-extends': 'correct the name or the path; the service was read without what it extends',
  'import-compose-file': 'bring the file there, or take the entry out',
}

function servicesOf(reader: Reader, root: YamlMap): Map<string, Service> {
  const services = new Map<string, Service>()
  for (const [key, prefix] of [
    ['services', ''],
    ['jobs', 'jobs.'],
  ] as const) {
    const item = root.entries.get(key)
    if (item === undefined || isEmpty(item.node)) continue
    if (item.node.kind !== 'map') {
      reader.scope.findings.push(shapeFinding(spotOf(reader, item), undefined, `${key} is no mapping`))
      continue
    }
    for (const [name, one] of item.node.entries) {
      const service = readService(reader, name, one)
      if (service !== undefined) services.set(`${prefix}${name}`, service)
    }
  }
  return services
}

type Lay = (below: Service, top: Service) => Service

function layProject(below: Project, top: Project, lay: Lay = layService): Project {
  const resources = new Map(below.resources)
  for (const [key, resource] of top.resources) resources.set(key, layResource(resources.get(key), resource))
  return { services: layServices(below.services, top.services, lay), resources }
}

function layServices(
  below: ReadonlyMap<string, Service>,
  top: ReadonlyMap<string, Service>,
  lay: Lay = layService,
): Map<string, Service> {
  const services = new Map(below)
  for (const [name, service] of top) services.set(name, lay(services.get(name) ?? NO_SERVICE, service))
  return services
}

function allSeenFrom(folder: string, services: ReadonlyMap<string, Service>): Map<string, Service> {
  return new Map([...services].map(([name, service]) => [name, seenFrom(folder, service)]))
}

function textsIn(scope: Scope, node: YamlNode, spot: Spot, what: string): readonly string[] {
  const nodes = node.kind === 'list' ? node.items.map((item) => item.node) : [node]
  return nodes.flatMap((one) => textIn(scope, one, spot, what) ?? [])
}
