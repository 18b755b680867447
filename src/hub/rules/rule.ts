/** What a rule gets to see. Rules change nothing but the findings. */
import type { HubDocument } from '../document.ts'
import type { EnvLayers, FileSource } from '../env-layers.ts'
import type { Findings } from '../messages.ts'
import type { Draft } from '../normalise.ts'

export interface RuleContext {
  readonly draft: Draft
  readonly document: HubDocument
  readonly findings: Findings
  readonly files: FileSource
  /** Undefined: whether references lead anywhere is not to be checked. */
  readonly layers: EnvLayers | undefined
}

export type Rule = (context: RuleContext) => void
