/** Which declared kind lives where below the KV mount: the way back from a path to an address. */
import type { Hub } from '../hub/index.ts'
import type { EntryKind } from '../plan/index.ts'

export interface Place {
  readonly kind: EntryKind
  /** Below the mount, without a slash at the end. */
  readonly folder: string
}

interface Located {
  readonly kind: EntryKind
  /** conn_id, variable key, or `<project>/<name>`. */
  readonly id: string
}

export function placesOf({ vault }: Hub): readonly Place[] {
  return [
    { kind: 'connection', folder: vault.connections },
    { kind: 'variable', folder: vault.variables },
    { kind: 'secret', folder: vault.projects },
  ]
}

/** The place whose folder is the longest: one may lie within another. Undefined outside of all three. */
export function locate(places: readonly Place[], path: string): Located | undefined {
  const inside = places.filter(({ folder }) => path.startsWith(`${folder}/`))
  const place = inside.sort((a, b) => b.folder.length - a.folder.length)[0]
  return place === undefined ? undefined : { kind: place.kind, id: path.slice(place.folder.length + 1) }
}
