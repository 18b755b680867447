/** What editors are given is what the program checks: `node scripts/schema.mjs` writes it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hubJsonSchema } from '../src/hub/index.ts'

it('plenum.schema.json is the schema of the code', () => {
  const shipped: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../plenum.schema.json'), 'utf8'))
  expect(shipped).toEqual(hubJsonSchema())
})
