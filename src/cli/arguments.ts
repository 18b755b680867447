/** Values of options, parsed: what cannot be meant is refused before anything begins. */
import { InvalidArgumentError, Option } from 'commander'

export function parsePort(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535 (0 picks a free one).')
  return value
}

export function parseVersion(text: string): string {
  if (/^\d+\.\d+(\.\d+)?$/.test(text)) return text
  throw new InvalidArgumentError('A version looks like 3.3 or 4.8.4.')
}

/** An option that may be given more than once. */
export function several(flags: string, description: string): Option {
  const collect = (value: string, before?: readonly string[]): string[] => [...(before ?? []), value]
  return new Option(flags, `${description}; may be given more than once`).argParser(collect)
}
