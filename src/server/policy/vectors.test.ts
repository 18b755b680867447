import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../json/json.ts'
import { type AccessOperation, type Acl, compileAcl, RootPolicyError } from './acl.ts'
import { mergePolicies } from './merge.ts'
import { parsePolicy } from './parse.ts'
import { formatPattern } from './pattern.ts'
import type { Policy } from './policy.ts'
import { PolicySyntaxError } from './syntax-error.ts'
import { loadVectors, readVectorFile, type AccessVector, type Vector, type VectorFile } from './vectors.case.ts'

const files = loadVectors()

function policiesOf(file: VectorFile, given: readonly string[]): Policy[] {
  return given.map((name) => parsePolicy(name, (file.policies[name] ?? []).join('\n')))
}

/** As the server's own parser makes it: without prototypes. */
function plain(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value as JsonValue
  const out = Object.create(null) as JsonObject
  for (const [name, member] of Object.entries(value)) out[name] = plain(member)
  return out
}

/** What the code makes of a vector, in the shape of `wanted`. */
function found(file: VectorFile, vector: Vector): unknown {
  switch (vector.kind) {
    case 'access':
      return vector.operations.map((operation) => decided(vector, operation, aclOf(file, vector)))
    case 'capabilities':
      return [...compileAcl(policiesOf(file, vector.given)).capabilitiesOn(vector.path)].sort()
    case 'merged': {
      const { rules } = mergePolicies(policiesOf(file, vector.given), undefined, 0)
      const rule = rules.find(({ pattern }) => formatPattern(pattern) === vector.path)
      return rule && [Object.fromEntries(rule.allowed), rule.minWrappingTtl, rule.maxWrappingTtl]
    }
    case 'refused':
      return refusal(PolicySyntaxError, () => parsePolicy('p', vector.text.join('\n')))
    case 'root':
      return refusal(RootPolicyError, () => compileAcl(policiesOf(file, vector.given)))
    case 'visible':
      return compileAcl(policiesOf(file, vector.given)).canSee(vector.mount)
  }
  return unreachable(vector)
}

function wanted(vector: Vector): unknown {
  switch (vector.kind) {
    case 'access': {
      const { allowed, sudo, grantedBy } = vector
      return vector.operations.map((operation) => ({ operation, allowed, sudo, grantedBy }))
    }
    case 'capabilities':
      return vector.capabilities
    case 'merged':
      return [vector.allowedParameters ?? {}, vector.minWrappingTtl ?? 0, vector.maxWrappingTtl ?? 0]
    case 'refused':
    case 'root':
      return vector.error
    case 'visible':
      return vector.visible
  }
  return unreachable(vector)
}

function unreachable(vector: never): never {
  throw new Error(`no such vector: ${JSON.stringify(vector)}`)
}

function aclOf(file: VectorFile, { given, subject }: AccessVector): Acl {
  return compileAcl(policiesOf(file, given), subject && { ...subject, metadata: {}, aliases: [], groups: [] })
}

/** `sudo` and `grantedBy` only where the vector asks for them. */
function decided(
  { path, data, wrapTtl, needsSudo, ...asked }: AccessVector,
  operation: AccessOperation,
  acl: Acl,
): unknown {
  const fields = data === undefined ? undefined : (plain(data) as JsonObject)
  const decision = acl.authorize({ path, operation, data: fields, wrapTtlSeconds: wrapTtl })
  const sudo = decision.allowed && decision.sudo
  return {
    operation,
    allowed: decision.allowed && (needsSudo !== true || sudo),
    sudo: asked.sudo === undefined ? undefined : sudo,
    grantedBy: asked.grantedBy === undefined || !decision.allowed ? undefined : decision.grantedBy,
  }
}

function refusal(kind: abstract new (...of: never[]) => Error, act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof kind) return error.message
    throw error
  }
  return 'not refused'
}

describe('the policy vectors', () => {
  for (const file of files) {
    describe(`${file.name}: ${file.about}`, () => {
      for (const [index, vector] of file.vectors.entries()) {
        it(`${vector.number} (${index}) ${vector.kind}`, () => {
          expect(found(file, vector)).toEqual(wanted(vector))
        })
      }
    })
  }

  it('are all there, 1 to 134', () => {
    const numbers = new Set(files.flatMap(({ vectors }) => vectors.map(({ number }) => number)))
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 134 }, (_, index) => index + 1))
  })

  it('cannot hold a key that nobody reads', () => {
    const vector = { number: 1, kind: 'visible', given: [], mount: 'a/', visible: true }
    const file = { about: '', policies: {}, vectors: [vector] }
    expect(readVectorFile('ok', file).vectors).toHaveLength(1)
    expect(() => readVectorFile('x', { ...file, vectors: [{ ...vector, pth: 'a' }] })).toThrow('unknown key pth')
    expect(() => readVectorFile('x', { ...file, vectors: [{ ...vector, given: ['no'] }] })).toThrow('no policy no')
    expect(() => readVectorFile('x', { ...file, extra: 1 })).toThrow('unknown key extra')
  })
})
