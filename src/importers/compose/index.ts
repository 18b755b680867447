/**
 * `plenum import compose`: compose files with what they extend, include and take from env files, Dockerfiles and
 * devcontainer.json: each name as the container gets it. Nothing is executed, built or fetched.
 *
 *   project.ts      files -> one project, as docker compose puts it together
 *   service.ts      one service; setting.ts: one place that sets a variable, and what it hides
 *   scope.ts        the variables that are put in, and where paths begin
 *   collected.ts    settings of all of them -> objects, each place once
 *
 * Invariant: everything that sets a variable is an object, hidden by one that says so, or a finding with its line.
 */
import { dirname } from 'node:path'
import type { EnvSource } from '../../hub/index.ts'
import type { Reading } from '../found.ts'
import type { TextFile, TextFiles } from '../text-files.ts'
import { Collected } from './collected.ts'
import { commandFindings } from './commands.ts'
import { containerEnvironment } from './container-environment.ts'
import { devcontainerSettings } from './devcontainer.ts'
import { dockerSettings } from './dockerfile.ts'
import { readProject } from './project.ts'
import { resourceObject } from './resource.ts'
import { projectScope } from './scope.ts'
import { settingsOf } from './setting.ts'

export interface ComposeOptions {
  /** The process environment. */
  readonly env: EnvSource
  /** What the files name: env files, other compose files, the files of secrets. */
  readonly files: TextFiles
}

/** `files`: compose files in the order of `-f`, Dockerfiles and devcontainer.json, told apart by their names. */
export function readCompose(files: readonly TextFile[], options: ComposeOptions): Reading {
  const collected = new Collected()
  const of = (kind: FileKind): readonly TextFile[] => files.filter(({ path }) => kindOf(path) === kind)
  addProject(of('compose'), options, collected)
  for (const file of of('dockerfile')) {
    const { stages, findings } = dockerSettings(file)
    for (const finding of findings) collected.report(finding)
    for (const { name, settings } of stages) {
      for (const setting of settings) collected.add(`${file.shown} (${name})`, setting)
    }
  }
  for (const file of of('devcontainer')) {
    const { groups, findings } = devcontainerSettings(file, options.env)
    for (const finding of findings) collected.report(finding)
    for (const { name, settings } of groups) {
      for (const setting of settings) collected.add(`${file.shown} (${name})`, setting)
    }
  }
  collected.reportDifferences()
  const { found, findings, facts } = collected
  return { source: 'compose', label: files.map(({ shown }) => shown).join(', '), facts, found, findings }
}

type FileKind = 'compose' | 'dockerfile' | 'devcontainer'

function kindOf(path: string): FileKind {
  if (/(?:^|[\\/])(?:[^\\/]*\.)?(?:dockerfile|containerfile)(?:\.[^\\/]*)?$/i.test(path)) return 'dockerfile'
  const isDevcontainer =
    /(?:^|[\\/])\.?devcontainer\.json$/i.test(path) || /[\\/]\.devcontainer[\\/].*\.json$/.test(path)
  return isDevcontainer ? 'devcontainer' : 'compose'
}

function addProject(files: readonly TextFile[], options: ComposeOptions, collected: Collected): void {
  const [first] = files
  if (first === undefined) return
  const findings: Parameters<Collected['report']>[0][] = []
  const scope = projectScope({ folder: dirname(first.path), findings, ...options })
  const { services, resources } = readProject(files, scope)
  for (const [name, service] of services) {
    for (const setting of containerEnvironment(service, scope)) collected.add(name, setting)
    for (const layer of service.hooks) {
      for (const setting of settingsOf(layer)) collected.add(`a hook of ${name}`, setting)
    }
    for (const setting of settingsOf(service.args)) collected.add(`the build of ${name}`, setting)
    for (const command of service.commands.values()) findings.push(...commandFindings(name, command))
  }
  for (const resource of resources.values()) {
    const object = resourceObject(resource, options.files)
    if (object.kind === 'found') collected.take(`the ${resource.kind} ${resource.name}`, object.found)
    else if (object.kind === 'finding') collected.report(object.finding)
  }
  for (const finding of findings) collected.report(finding)
}
