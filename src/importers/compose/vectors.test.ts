/**
 * What docker compose's own library made of these; null: it refuses. Left out: texts from which it makes a variable without
 * a name (a name alone at the very end, something behind a closing quote), which is a mistake of it.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseEnvFile } from './env-file.ts'
import { interpolate } from './interpolation.ts'

interface Vectors<Result> {
  readonly environment: Readonly<Record<string, string>>
  readonly cases: readonly (readonly [string, Result | null])[]
}

const { interpolation, envFiles } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../test/vectors/compose.json'), 'utf8'),
) as { readonly interpolation: Vectors<string>; readonly envFiles: Vectors<Readonly<Record<string, string>>> }

describe('interpolation, as compose-go does it', () => {
  it.each(interpolation.cases)('%j', (template, expected) => {
    const result = interpolate(template, (name) => interpolation.environment[name])
    expect(result.kind === 'text' ? result.text : null).toBe(expected)
  })
})

describe('env files, as compose-go reads them', () => {
  it.each(envFiles.cases)('%j', (text, expected) => {
    const { values, problems } = parseEnvFile(text.replace(/^\uFEFF/, ''), (name) => envFiles.environment[name])
    if (expected === null) expect(problems).not.toEqual([])
    else {
      expect(problems).toEqual([])
      expect(Object.fromEntries([...values].map(([name, { value }]) => [name, value.reveal()]))).toEqual(expected)
    }
  })
})
