/** A port that comes as text: from an environment variable, a file, another entry. */
import { PORT_RANGE } from './schema.ts'

export const PORT_TEXT: string = `a whole number from ${PORT_RANGE.least} to ${PORT_RANGE.most}`

/** Undefined when it is none. */
export function parsePort(text: string): number | undefined {
  const trimmed = text.trim()
  if (!/^\d{1,5}$/.test(trimmed)) return undefined
  const port = Number(trimmed)
  return port >= PORT_RANGE.least && port <= PORT_RANGE.most ? port : undefined
}
