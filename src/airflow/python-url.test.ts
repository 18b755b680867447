import * as fc from 'fast-check'
import { isIPv6 } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseQuery, quote, splitAuthority, splitUrl, UrlSyntaxError, unquote } from './python-url.ts'

describe('splitUrl', () => {
  it.each([
    ['x://h/a?b#c', { scheme: 'x', netloc: 'h', path: '/a', query: 'b' }],
    ['X:y', { scheme: 'x', netloc: '', path: 'y', query: '' }],
    ['a_b://h', { scheme: '', netloc: '', path: 'a_b://h', query: '' }],
    ['1x://h', { scheme: '', netloc: '', path: '1x://h', query: '' }],
    ['//h?q', { scheme: '', netloc: 'h', path: '', query: 'q' }],
    [' \u0000x://a\tb\r\nc/', { scheme: 'x', netloc: 'abc', path: '/', query: '' }],
    ['x://h/ ', { scheme: 'x', netloc: 'h', path: '/ ', query: '' }],
    ['', { scheme: '', netloc: '', path: '', query: '' }],
  ])('takes %j apart', (text, parts) => {
    expect(splitUrl(text)).toEqual(parts)
  })

  it.each([
    'x://[::1',
    'x://::1]',
    'x://[zz]/',
    'x://[1.2.3.4]/',
    'x://a[::1]/',
    'x://[::1]a/',
    'x://[fe80::1%]/',
    'x://a\u2100b/',
  ])('refuses %j', (text) => {
    expect(() => splitUrl(text)).toThrow(UrlSyntaxError)
  })

  it('takes every IPv6 address in brackets, and no other text', () => {
    const group = fc.stringMatching(/^[0-9A-Fa-f]{1,4}$/)
    const likely = fc
      .tuple(
        fc.array(group, { maxLength: 8 }),
        fc.array(group, { maxLength: 8 }),
        fc.constantFrom('::', ':', ':::'),
        fc.constantFrom('', '1.2.3.4', ':1.2.3.4', '::256.1.1.1'),
      )
      .map(([before, after, gap, tail]) => `${before.join(':')}${gap}${after.join(':')}${tail}`)
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), likely, fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), (address) => {
        const takes = (): unknown => splitUrl(`x://[${address}]:1/`)
        if (isIPv6(address)) expect(takes).not.toThrow()
        else expect(takes).toThrow(UrlSyntaxError)
      }),
    )
  })
})

describe('splitAuthority', () => {
  it.each([
    ['h', { hostname: 'h', username: undefined, password: undefined, port: undefined }],
    ['u@v:p:q@H.X:80', { hostname: 'h.x', username: 'u@v', password: 'p:q', port: 80 }],
    ['@:33', { hostname: '', username: '', password: undefined, port: 33 }],
    [':@h:', { hostname: 'h', username: '', password: '', port: undefined }],
    ['AB%2FCD', { hostname: 'ab%2FCD', username: undefined, password: undefined, port: undefined }],
    ['[FE80::1%25Eth0]:0', { hostname: 'fe80::1%25Eth0', username: undefined, password: undefined, port: 0 }],
  ])('takes %j apart', (text, parts) => {
    expect(splitAuthority(text)).toEqual(parts)
  })

  it.each(['h:x', 'h:-1', 'h:+80', 'h: 80', 'h:8_0', 'h:80:90', 'h:65536', 'h:\u0663'])(
    'refuses the port of %j, without showing it',
    (text) => {
      expect(() => splitAuthority(text)).toThrow(/^its port is not a number from 0 to 65535/)
    },
  )
})

describe('percent-encoding', () => {
  it.each([
    ['%zz%4', '%zz%4'],
    ['a+b', 'a+b'],
    ['%E4', '\uFFFD'],
    ['%E4%BDx', '\uFFFDx'],
    ['%EF%BB%BFx', '\uFEFFx'],
    ['ä%C3%A4', 'ää'],
    ['%00%2f', '\u0000/'],
  ])('reads %j as %j', (text, clear) => {
    expect(unquote(text)).toBe(clear)
  })

  it('gives back what it encoded, in unreserved characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquote(quote(text))).toBe(text)
        expect(quote(text)).toMatch(/^(?:[\w.~-]|%[0-9A-F]{2})*$/)
      }),
    )
  })

  it('reads a query as a form', () => {
    expect([...parseQuery('k=a+b&&k=c&e=&f&=x&%26=%3D&a;b=1=2')]).toEqual([
      ['k', 'c'],
      ['e', ''],
      ['f', ''],
      ['', 'x'],
      ['&', '='],
      ['a;b', '1=2'],
    ])
  })
})
