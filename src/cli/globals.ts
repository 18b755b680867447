/** Options that every command takes. */
import { createScreen, type Screen } from './screen.ts'

export interface GlobalOptions {
  readonly hub?: string
  readonly environment: string
  readonly json?: boolean
  readonly color: boolean
  readonly quiet?: boolean
  readonly debug?: boolean
}

export function screenOf({ json = false, quiet = false, color }: GlobalOptions): Screen {
  return createScreen({ json, quiet, color })
}
