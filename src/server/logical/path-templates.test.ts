import { describe, expect, it } from 'vitest'
import { pathTemplates } from './path-templates.ts'
import { NAME } from './routes.ts'

describe('path templates', () => {
  it.each<[RegExp, string[]]>([
    [/capabilities-self/, ['capabilities-self']],
    [/mounts\/?/, ['mounts']],
    [/mounts\/(?<path>.+?)\/tune/, ['mounts/{path}/tune']],
    [/mounts\/(?<path>.+?)\/?/, ['mounts/{path}']],
    [/seal|step-down/, ['seal', 'step-down']],
    [new RegExp(`role/(?<name>${NAME})/role-id`), ['role/{name}/role-id']],
    [/tools\/hash(?:\/(?<algorithm>[^)/]+))?/, ['tools/hash', 'tools/hash/{algorithm}']],
    [/(?:leases\/)?renew(?:\/(?<id>.+))?/, ['renew', 'renew/{id}', 'leases/renew', 'leases/renew/{id}']],
    [/rekey\/(?:init|update)/, ['rekey/init', 'rekey/update']],
  ])('%s', (pattern, templates) => {
    expect(pathTemplates(pattern)).toEqual(templates)
  })

  it.each([/a.b/, /a[bc]/, /\w+/, /a+/, /(a|b)/])('says so of %s, which none can say', (pattern) => {
    expect(() => pathTemplates(pattern)).toThrow(SyntaxError)
  })
})
