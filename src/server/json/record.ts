/**
 * A small document that Plenum wrote itself, or somebody damaged: its members, `undefined` for what is no object. Without
 * the limits and exact numbers that what clients send needs.
 */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
