/**
 * What may be said of an error that a server did not expect. Pure.
 *
 * Invariant (S10): no piece of a request. Messages that are Plenum's own, or the system's about a file or a socket, are
 * said: they hold none. Of everything else only the kind and the place in the code: JavaScript's messages quote what they
 * stumbled over (`"hunter2" is not valid JSON`).
 */

/** Plenum's own codes, the system's (`ENOSPC`), and those of the store, which are numbers. */
const KNOWN_CODE = /^(?:[a-z]+(?:-[a-z0-9]+)*|E[A-Z0-9]+|-?\d+)$/

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something was thrown that is no error'
  if ('code' in error && KNOWN_CODE.test(String(error.code))) return error.message
  const [place] = placesOf(error)
  return `${error.name}${place === undefined ? '' : ` ${place}`}`
}

/** `at Core.handle (…/core.js:12:3)`, innermost first; without the message above them. */
export function placesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const { message, stack = '' } = error
  // A message of several lines may look like one of these.
  return stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^at \S.*:\d+:\d+\)?$/.test(line))
}
