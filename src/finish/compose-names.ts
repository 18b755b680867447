/**
 * Names that a compose file takes from the environment or `.env` without `${…}`: an entry of `environment` that is a name
 * alone, and `environment: NAME` of a secret or config. Pure. What it takes must not go from `.env` while it stays there.
 */
import { composeItems } from './compose-items.ts'

/** None where the text is no YAML. */
export function namesTaken(text: string): readonly string[] {
  return (composeItems(text)?.items ?? []).flatMap(({ name, form, value, alias }) => {
    if (value === undefined) return alias === undefined ? [name] : []
    return form === 'map' && name === 'environment' ? [value.reveal()] : []
  })
}
