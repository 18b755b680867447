/** What was asked of `plenum import`, in the words of the command line, and what of it contradicts itself. */
import type { SourceKind } from '../../importers/index.ts'
import { CommandError } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'

/** `folder` is every source that a folder has. */
export type ImportSource = 'folder' | SourceKind

export interface ImportOptions extends GlobalOptions {
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  readonly project?: readonly string[]
  readonly projectMap?: string
  readonly dags?: string
  readonly holding: string
  readonly withDefaults?: boolean
  readonly names: 'secrets' | 'variables' | 'none'
  readonly class?: readonly string[]
  readonly prefer?: string

  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly overwrite?: boolean
  readonly check?: boolean
  readonly finish?: 'blank' | 'remove'
  readonly undo?: string
  readonly list?: boolean
  readonly forget?: string
  readonly report?: string
  readonly out?: string
  readonly name?: string
  readonly airflowVersion?: string
  readonly provider?: string
  readonly port: number
  readonly all?: boolean

  // airflow-db
  readonly airflowHome?: string
  readonly dsn?: string
  readonly fernetKeyFile?: string
  readonly schema?: string
  readonly writeDsn?: string
  // airflow-export
  readonly what?: 'connections' | 'variables'
  // vault
  readonly fromAddress?: string
  readonly fromTokenFile?: string
  readonly fromCaCert?: string
  readonly fromNamespace?: string
  readonly mount?: string
  readonly kvVersion?: '1' | '2'
  readonly prefix?: string
  readonly connectionsPath?: string
  readonly variablesPath?: string
  readonly projectsPath?: string
  readonly withVersions?: boolean
}

export type ImportMode = 'import' | 'check' | 'finish' | 'undo'

/** @throws {CommandError} for two modes at once, and for what belongs to another one. */
export function modeOf({ check, finish, undo, list, forget }: ImportOptions): ImportMode {
  if (undo === undefined && (list === true || forget !== undefined))
    throw new CommandError('call-wrong', `--${list === true ? 'list' : 'forget'} belongs to --undo`, {
      hint: 'write --undo before it',
      status: 2,
    })
  if (list === true && forget !== undefined) throw twoThings('list', 'forget')
  const modes: ImportMode[] = []
  if (check === true) modes.push('check')
  if (finish !== undefined) modes.push('finish')
  if (undo !== undefined) modes.push('undo')
  const [mode = 'import', other] = modes
  if (other === undefined) return mode
  throw twoThings(mode, other)
}

function twoThings(one: string, other: string): CommandError {
  return new CommandError('call-wrong', `--${one} and --${other} are two different things`, {
    hint: 'do one after the other',
    status: 2,
  })
}
