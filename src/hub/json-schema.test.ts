import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { EXAMPLE } from './hub-text.case.ts'
import { hubJsonSchema } from './index.ts'

interface Schema {
  readonly $schema?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
}

const schema = hubJsonSchema() as Schema

function at(...path: readonly string[]): Schema {
  let one: Schema = schema
  for (const part of path) {
    const next = part === '*' ? one.additionalProperties : one.properties?.[part]
    if (next === undefined || typeof next === 'boolean') throw new Error(`nothing at ${path.join('.')}`)
    one = next
  }
  return one
}

describe('the JSON Schema', () => {
  it('accepts the example, and not one with a password in clear', () => {
    const check = z.fromJSONSchema(hubJsonSchema() as z.core.JSONSchema.JSONSchema)
    const clear = EXAMPLE.replace('{ env: IBKR_API_KEY }', 'hunter2')
    expect([check.safeParse(parse(EXAMPLE)).error, check.safeParse(parse(clear)).success]).toEqual([undefined, false])
  })

  it('is of draft 2020-12 and plain JSON', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })

  it('asks for what has no default', () => {
    expect(schema.required).toEqual(['version', 'hub', 'airflow', 'projects'])
    expect(at('projects', '*', 'connections', '*').anyOf).toEqual([
      { required: ['conn_type'] },
      { required: ['external'] },
    ])
  })

  it('refuses unknown keys, and texts for passwords', () => {
    expect(schema.additionalProperties).toBe(false)
    expect(at('projects', '*', 'connections', '*').additionalProperties).toBe(false)
    expect(JSON.stringify(at('projects', '*', 'connections', '*', 'password').anyOf)).not.toContain('"type":"string"}]')
  })

  it('describes every key', () => {
    const silent: string[] = []
    const walk = (one: Schema, path: string): void => {
      for (const [key, inner] of Object.entries(one.properties ?? {})) {
        if (inner.description === undefined && inner.$ref === undefined) silent.push(`${path}.${key}`)
        walk(inner, `${path}.${key}`)
      }
      if (typeof one.additionalProperties === 'object') walk(one.additionalProperties, `${path}.*`)
      for (const inner of one.anyOf ?? []) walk(inner, path)
    }
    walk(schema, '')
    // A reference is described as a whole: { env: … }.
    const kinds = /\.(?:env|file|generate|prompt|vault|literal)$/
    expect([...new Set(silent)].filter((path) => !kinds.test(path))).toEqual([])
  })
})
