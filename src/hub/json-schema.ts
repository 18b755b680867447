/** The structure of plenum.yaml as JSON Schema (draft 2020-12), for editors. */
import { z } from 'zod'
import { WRITTEN_HUB } from './schema.ts'

export function hubJsonSchema(): object {
  // `input`: keys with a default may be left out.
  return z.toJSONSchema(WRITTEN_HUB, { target: 'draft-2020-12', io: 'input' })
}
