/** `config`: the settings of the whole mount (vault-api 6.4). */
import type { LogicalRequest, LogicalResponse } from '../../logical/index.ts'
import { configAnswer } from './answers.ts'
import type { Engine, Operations } from './operations.ts'
import { parameterWarnings } from './parameters.ts'
import { SETTING_FIELDS, settingsParameter } from './settings.ts'

const FIELDS: ReadonlySet<string> = new Set(SETTING_FIELDS)

export function configOperations(engine: Engine): Operations {
  return {
    read: ({ data }) => ({
      kind: 'data',
      data: configAnswer(engine.config.current),
      warnings: parameterWarnings(data, FIELDS),
    }),
    update: (request) => update(engine, request),
  }
}

async function update({ config }: Engine, { data }: LogicalRequest): Promise<LogicalResponse> {
  const changes = settingsParameter(data)
  // Any negative duration means "switched off" here, and is shown as one second.
  const after = changes.deleteVersionAfter
  if (Object.keys(changes).length > 0) {
    await config.change(after === undefined || after >= 0 ? changes : { ...changes, deleteVersionAfter: -1 })
  }
  return { kind: 'none' }
}
