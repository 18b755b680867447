/**
 * Field names of an entry as one text: `password`, `extra.read_only`, `extra.bootstrap\.servers`.
 *
 * Invariant: joining and splitting are each other's inverse, whatever characters the keys have.
 */

export function joinFieldPath(keys: readonly string[]): string {
  return keys.map((key) => key.replace(/[\\.]/g, '\\$&')).join('.')
}

export function splitFieldPath(path: string): string[] {
  const keys: string[] = []
  let key = ''
  for (let index = 0; index < path.length; index += 1) {
    const character = path.charAt(index)
    if (character === '\\') {
      index += 1
      key += path.charAt(index)
    } else if (character === '.') {
      keys.push(key)
      key = ''
    } else {
      key += character
    }
  }
  return [...keys, key]
}
