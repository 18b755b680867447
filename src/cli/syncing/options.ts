/** What was asked of `plenum sync`, in the words of the command line. */
import type { ConflictRule } from '../../sync/index.ts'
import type { ListenPlace } from '../arguments.ts'
import type { GlobalOptions } from '../globals.ts'
import type { ProjectOptions } from '../importing/selection.ts'
import type { DatabaseOptions } from '../importing/sources.ts'

export interface SyncOptions extends GlobalOptions, ProjectOptions, DatabaseOptions {
  readonly once?: boolean
  readonly dryRun?: boolean
  /** In ms, like every duration here. */
  readonly interval: number
  readonly fullEvery?: number
  readonly listen: ListenPlace | 'none'
  readonly onConflict: ConflictRule
  readonly bothWays?: boolean
  readonly printTrigger?: boolean
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  readonly withDefaults?: boolean
  readonly port: number
}
