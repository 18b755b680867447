import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileAcl } from './acl.ts'
import { parsePolicy } from './parse.ts'
import { ruleText } from './rules.case.ts'
import type { TemplateSubject } from './template.ts'

const nobody: TemplateSubject = { id: 'e-1', name: 'alice', metadata: {}, aliases: [], groups: [] }

function canRead(template: string, path: string, subject: TemplateSubject | undefined): boolean {
  const acl = compileAcl([parsePolicy('p', ruleText(template, ['read']))], subject)
  return acl.authorize({ path, operation: 'read', data: undefined, wrapTtlSeconds: undefined }).allowed
}

describe('a templated path', () => {
  const alias = { mountAccessor: 'acc_1', id: 'a-1', name: 'al', metadata: { team: 't' }, customMetadata: { c: 'v' } }
  const group = { id: 'g-1', name: 'ops', metadata: { zone: 'z' } }
  const subject = { ...nobody, metadata: { org: 'o', constructor: 'own' }, aliases: [alias], groups: [group] }
  it.each([
    ['{{identity.entity.id}}', 'e-1'],
    ['{{ identity.entity.name }}', 'alice'],
    ['{{identity.entity.metadata.org}}', 'o'],
    ['{{identity.entity.metadata.constructor}}', 'own'],
    ['{{identity.entity.aliases.acc_1.id}}', 'a-1'],
    ['{{identity.entity.aliases.acc_1.name}}', 'al'],
    ['{{identity.entity.aliases.acc_1.metadata.team}}', 't'],
    ['{{identity.entity.aliases.acc_1.custom_metadata.c}}', 'v'],
    ['{{identity.groups.ids.g-1.name}}', 'ops'],
    ['{{identity.groups.names.ops.id}}', 'g-1'],
    ['{{identity.groups.names.ops.metadata.zone}}', 'z'],
  ])('%s is %s', (template, value) => {
    expect(canRead(`s/${template}/*`, `s/${value}/x`, subject)).toBe(true)
    expect(canRead(`s/${template}/*`, `s/${value}x/x`, subject)).toBe(false)
  })

  it.each([
    '{{identity.entity.metadata.toString}}',
    '{{identity.entity.aliases.other.id}}',
    '{{identity.groups.ids.g-2.name}}',
    '{{identity.entity.none}}',
    '{{}}',
  ])('S55, S6: %s resolves for nobody, and the path is dropped', (template) => {
    expect(canRead(`s/${template}*`, 's/', subject)).toBe(false)
    expect(canRead(`s/${template}*`, 's/undefined', subject)).toBe(false)
  })

  it('S6: a name never widens the path, whatever it holds', () => {
    const hostile = fc.array(fc.constantFrom('*', '+', '/', 'a', ''), { maxLength: 4 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(hostile, fc.constantFrom('name', 'metadata.m', 'aliases.acc.name'), (value, selector) => {
        const evil: TemplateSubject = {
          ...nobody,
          name: value,
          metadata: { m: value },
          aliases: [{ ...alias, mountAccessor: 'acc', name: value }],
        }
        for (const path of ['s/other/x', 's/a/b/x', 's//x', 's/x']) {
          const own = /^a+$/.test(value) && path.startsWith(`s/${value}/`)
          expect(canRead(`s/{{identity.entity.${selector}}}/*`, path, evil)).toBe(own)
        }
      }),
    )
  })

  it.each(['s/{{identity.entity.id', 's/identity.entity.id}}', 's/}}{{', 's/{{a{{b}}'])('refuses %s', (path) => {
    expect(() => parsePolicy('p', ruleText(path, ['read']))).toThrow('failed to validate policy templating')
  })

  it('refuses a template that could make a forbidden wildcard', () => {
    expect(() => parsePolicy('p', ruleText('s/{{identity.entity.id}}/+*', ['read']))).toThrow("'+*' is forbidden")
  })
})
