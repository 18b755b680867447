/** `config`: the settings of the whole mount (vault-api 6.4). */
import type { Description, LogicalRequest, LogicalResponse } from '../../logical/index.ts'
import { configAnswer } from './answers.ts'
import type { Engine, Operations } from './operations.ts'
import { SETTING_FIELDS, settingsParameter } from './settings.ts'

export const CONFIG: Description = {
  about: 'Settings of the whole mount, which its keys may tighten.',
  fields: SETTING_FIELDS,
}

export function configOperations(engine: Engine): Operations {
  return {
    read: () => ({ kind: 'data', data: configAnswer(engine.config.current) }),
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
