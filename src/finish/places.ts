/**
 * Who cleans a place up: the database, an editor of text, or a person, with the words for the person. Pure.
 */
import type { Origin, SourceKind } from '../importers/found.ts'

export type Editor = 'dotenv' | 'compose'

/** Undefined: Plenum does not edit such a file. */
export function editorOf({ source, place }: Origin): Editor | undefined {
  if (place.kind !== 'lines') return undefined
  if (source === 'env-file') return 'dotenv'
  if (source !== 'compose' || isDockerfile(place.file) || isDevcontainer(place.file)) return undefined
  return /\.(?:ya?ml|json)$/i.test(place.file) ? 'compose' : 'dotenv'
}

/** What a person has to do. */
export function instruction({ source, place }: Origin): string {
  if (place.kind === 'lines' && source === 'compose' && isDockerfile(place.file)) {
    return 'remove the line, build the image anew, and change the secret: ENV and ARG stay in every image that was built'
  }
  return INSTRUCTIONS[source]
}

const INSTRUCTIONS: Readonly<Record<SourceKind, string>> = {
  'airflow-db': 'delete the row in Airflow',
  'airflow-export': 'delete the file and its copies: it holds everything in clear text',
  'env-file': 'take it out of the file',
  compose: 'take it out of the file; a file that it names as a secret is to be deleted',
  'airflow-settings': 'take the values out of the file; it is often committed, so look into the history too',
  helm: 'take the values out and upgrade the release; Helm keeps those of earlier revisions in its own secrets',
  vault: 'remove it there with all its versions: vault kv metadata delete',
}

function isDockerfile(file: string): boolean {
  return /(?:^|[\\/])(?:[^\\/]*\.)?(?:dockerfile|containerfile)(?:\.[^\\/]*)?$/i.test(file)
}

function isDevcontainer(file: string): boolean {
  return /(?:^|[\\/])\.?devcontainer\.json$/i.test(file) || /[\\/]\.devcontainer[\\/]/.test(file)
}
