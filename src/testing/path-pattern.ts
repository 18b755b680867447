/** Paths as a test names them: below `/v1/`, and with `*` at the end all that begin so. */

/** A trailing slash of a list counts for nothing. */
export function matchesPath(pattern: string, path: string): boolean {
  const wanted = pattern.replace(/^\/?(?:v1\/)?/, '')
  if (wanted.endsWith('*')) return path.startsWith(wanted.slice(0, -1))
  return trimmed(path) === trimmed(wanted)
}

function trimmed(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}
