/**
 * What a path of another Vault means: a connection, a variable or a secret, by the folders in which Airflow's backend
 * looks. Pure.
 *
 * Also recognised is the commonest mistake (airflow 6, row 1): a client that puts the mount, or KV's own `data/`, in
 * front of every path was given paths that had it already. Such a secret lies where no backend asks for it.
 */

export interface SourceFolders {
  /** Below the mount, as in Airflow's backend_kwargs; undefined or empty: there are none. */
  readonly connections?: string | undefined
  readonly variables?: string | undefined
  /** Secrets of projects: `<projects>/<project>/<name>`. */
  readonly projects?: string | undefined
}

/** `secrets`: nothing in there is Airflow's. */
export type SourceLayout = SourceFolders | 'secrets'

export interface Recognised {
  readonly kind: 'connection' | 'variable' | 'secret'
  readonly id: string
  /** What stands in the path once too often: `secret/`. */
  readonly superfluous: string | undefined
}

export interface RecogniseOptions {
  readonly mount: string
  /** The folder that was read; ids of secrets outside of the layout begin below it. */
  readonly prefix: string
  readonly layout: SourceLayout
}

export function recognise(path: string, { mount, prefix, layout }: RecogniseOptions): Recognised {
  const folders = layout === 'secrets' ? [] : foldersOf(layout)
  for (const superfluous of ['', `${mount}/data/`, `${mount}/`, 'data/']) {
    if (!path.startsWith(superfluous)) continue
    const found = inFolders(path.slice(superfluous.length), folders)
    if (found !== undefined) return { ...found, superfluous: superfluous === '' ? undefined : superfluous }
  }
  return { kind: 'secret', id: below(path, prefix) ?? lastSegment(path), superfluous: undefined }
}

interface Folder {
  readonly kind: Recognised['kind']
  readonly path: string
}

/** The longest first: `airflow` may hold connections and `airflow/variables` variables. */
function foldersOf({ connections, variables, projects }: SourceFolders): Folder[] {
  const given: [Recognised['kind'], string | undefined][] = [
    ['connection', connections],
    ['variable', variables],
    ['secret', projects],
  ]
  const folders = given.map(([kind, path = '']): Folder => ({ kind, path: trimSlashes(path) }))
  return folders.filter(({ path }) => path !== '').sort((a, b) => b.path.length - a.path.length)
}

function inFolders(path: string, folders: readonly Folder[]): Pick<Recognised, 'kind' | 'id'> | undefined {
  for (const folder of folders) {
    const id = below(path, folder.path)
    if (id !== undefined) return { kind: folder.kind, id }
  }
  return undefined
}

function below(path: string, folder: string): string | undefined {
  if (folder === '') return path
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function trimSlashes(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, '')
}
