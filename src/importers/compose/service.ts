/**
 * One service: what it sets, which env files it takes, what it runs, what it extends, and how one lies over another, as
 * docker compose merges them. Pure.
 */
import { isAbsolute, relative, resolve } from 'node:path'
import type { YamlNode } from '../located-tree.ts'
import { layOver, type Layer, NO_LAYER, type Spot, withoutTags } from './setting.ts'

export interface EnvFileUse {
  readonly path: string
  /** The folder that `path` begins at. */
  readonly folder: string
  readonly isRequired: boolean
  /** `NAME=value` to the end of the line; no quotes, nothing put in. */
  readonly isRaw: boolean
  readonly spot: Spot
}

export interface EnvFileLayer {
  readonly isFresh: boolean
  readonly uses: readonly EnvFileUse[]
}

/** `command` or `entrypoint`. */
export interface Command {
  readonly node: YamlNode
  readonly spot: Spot
}

export interface Extends {
  readonly service: string
  /** Undefined: in the same file. */
  readonly file: string | undefined
  readonly spot: Spot
}

export interface Service {
  readonly isFresh: boolean
  readonly environment: Layer
  readonly args: Layer
  /** `post_start` and its like have an environment of their own. */
  readonly hooks: readonly Layer[]
  readonly envFiles: EnvFileLayer
  readonly commands: ReadonlyMap<string, Command>
  readonly base: Extends | undefined
}

export const NO_SERVICE: Service = {
  isFresh: false,
  environment: NO_LAYER,
  args: NO_LAYER,
  hooks: [],
  envFiles: { isFresh: false, uses: [] },
  commands: new Map(),
  base: undefined,
}

export function layService(below: Service, top: Service): Service {
  if (top.isFresh) return top
  return {
    isFresh: below.isFresh,
    environment: layOver(below.environment, top.environment),
    args: layOver(below.args, top.args),
    hooks: [...below.hooks, ...top.hooks],
    envFiles: top.envFiles.isFresh
      ? top.envFiles
      : { isFresh: below.envFiles.isFresh, uses: distinctUses([...below.envFiles.uses, ...top.envFiles.uses]) },
    commands: new Map([...below.commands, ...top.commands]),
    base: top.base,
  }
}

/**
 * A service over the one that it extends, or over what an included file has of it. Tags of the one below meant what lies
 * below that one, and `!override` of the whole service means files before this one.
 */
export function extendService(below: Service, top: Service): Service {
  const { isFresh } = top
  const laid = layService(untagged(below), { ...top, isFresh: false })
  return {
    ...laid,
    isFresh,
    environment: { ...laid.environment, isFresh: top.environment.isFresh },
    args: { ...laid.args, isFresh: top.args.isFresh },
    envFiles: { ...laid.envFiles, isFresh: top.envFiles.isFresh },
  }
}

export function untagged(service: Service): Service {
  const { environment, args, envFiles } = service
  return {
    ...service,
    isFresh: false,
    environment: withoutTags(environment),
    args: withoutTags(args),
    envFiles: { ...envFiles, isFresh: false },
  }
}

/**
 * For the one who takes it from another file: without its tags, which meant what lies below it there, and with the paths
 * of its env files from `folder`, as compose compares them.
 */
export function seenFrom(folder: string, service: Service): Service {
  const { uses } = service.envFiles
  const seen = uses.map((use) => {
    const path = isAbsolute(use.path) ? use.path : relative(folder, resolve(use.folder, use.path))
    return { ...use, path, folder }
  })
  return { ...untagged(service), envFiles: { isFresh: false, uses: distinctUses(seen) } }
}

/** The last of one path, where the first one stood. */
export function distinctUses(uses: readonly EnvFileUse[]): EnvFileUse[] {
  return [...new Map(uses.map((use) => [use.path, use])).values()]
}
