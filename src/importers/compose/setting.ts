/**
 * One place that sets a variable for a container or a build, and how places lie over one another. Pure.
 *
 * Invariant: what a setting hides is remembered, so that no value is lost without a word.
 */
import type { Sensitive } from '../../sensitive/index.ts'
import type { Span } from '../located-tree.ts'
import type { TextFile } from '../text-files.ts'

export interface Spot extends Span {
  readonly file: TextFile
}

export type Written =
  | {
      readonly kind: 'text'
      readonly value: Sensitive<string>
      /** Variables that are put into it. */
      readonly used: readonly string[]
      /** Variables in it that are set nowhere; they became nothing. */
      readonly missing: readonly string[]
      /** Otherwise than it is written. */
      readonly note: string | undefined
    }
  /** A name alone: what the environment has for it. */
  | { readonly kind: 'bare'; readonly value: Sensitive<string> | undefined }
  | { readonly kind: 'refused'; readonly code: RefusedCode; readonly text: string; readonly hint: string }

export type RefusedCode = 'import-compose-variable' | 'import-compose-shape' | 'import-bad-line' | 'import-not-text'

export interface Setting {
  readonly name: string
  readonly written: Written
  readonly spot: Spot
  /** Where a variable of the project comes from: `.env:3`; undefined for the environment of the call. */
  readonly whereOf: (variable: string) => string | undefined
  /** Places below that set it too. */
  readonly hides: readonly Spot[]
}

/** `gone`: taken away by `!reset`. */
export type Settings = ReadonlyMap<string, Setting | 'gone'>

export interface Layer {
  /** `!override` or `!reset`: nothing of what lies below stays. */
  readonly isFresh: boolean
  readonly settings: Settings
  /** From a list, or put together: compose finds no single entry of it for `!reset`. */
  readonly isListed: boolean
}

export const NO_LAYER: Layer = { isFresh: false, settings: new Map(), isListed: false }

/** Each name keeps the place of its first setting in the order. */
export function layOver(below: Layer, top: Layer): Layer {
  if (top.isFresh) return top
  if (below.settings.size === 0) return { ...top, isFresh: below.isFresh }
  if (top.settings.size === 0) return below
  const settings = new Map(below.settings)
  for (const [name, setting] of top.settings) {
    if (setting !== 'gone') settings.set(name, hiding(settings.get(name), setting))
    else if (!below.isListed) settings.set(name, 'gone')
  }
  return { isFresh: below.isFresh, settings, isListed: true }
}

/** What `!override` and `!reset` left, without them. */
export function withoutTags(layer: Layer): Layer {
  const settings = new Map(settingsOf(layer).map((setting) => [setting.name, setting]))
  return { ...layer, isFresh: false, settings }
}

function hiding(below: Setting | 'gone' | undefined, top: Setting): Setting {
  if (below === undefined || below === 'gone' || isSamePlace(below.spot, top.spot)) return top
  return { ...top, hides: [...below.hides, below.spot, ...top.hides] }
}

/** A service that extends another one of the same anchor sets one place twice. */
function isSamePlace(a: Spot, b: Spot): boolean {
  return a.file.path === b.file.path && a.line === b.line && a.column === b.column
}

export function settingsOf({ settings }: Layer): readonly Setting[] {
  return [...settings.values()].filter((setting) => setting !== 'gone')
}

/** `docker-compose.yml:14:7` */
export function whereIs({ file, line, column }: Spot): string {
  return `${file.shown}:${line}:${column}`
}
