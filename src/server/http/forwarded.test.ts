import { describe, expect, it } from 'vitest'
import { type ForwardedFor, sourceOf } from './forwarded.ts'

const rule: ForwardedFor = { trusted: ['10.0.0.0/8', '::1'], skipHops: 0, untrusted: 'reject', absent: 'reject' }
const address = (text: string) => ({ kind: 'address', address: text })

describe('X-Forwarded-For', () => {
  it('gives the last entry of a trusted proxy, the one that it added itself', () => {
    expect(sourceOf(rule, '10.1.2.3', '192.0.2.1, 192.0.2.2')).toEqual(address('192.0.2.2'))
    expect(sourceOf(rule, '::1', '2001:db8::7')).toEqual(address('2001:db8::7'))
    expect(sourceOf(rule, '::ffff:10.1.2.3', '192.0.2.2')).toEqual(address('192.0.2.2'))
  })

  it('passes over as many proxies as it is told', () => {
    expect(sourceOf({ ...rule, skipHops: 1 }, '10.1.2.3', '192.0.2.1,192.0.2.2')).toEqual(address('192.0.2.1'))
    expect(sourceOf({ ...rule, skipHops: 2 }, '10.1.2.3', '192.0.2.1,192.0.2.2')).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('hops to skip (2)') as string,
    })
  })

  it('S30: is refused, or counts for nothing, from a peer that is not trusted', () => {
    expect(sourceOf(rule, '192.0.2.9', '10.1.2.3')).toMatchObject({ kind: 'refused' })
    expect(sourceOf({ ...rule, untrusted: 'ignore' }, '192.0.2.9', '10.1.2.3')).toEqual(address('192.0.2.9'))
    // The peer of a Unix socket has no address.
    expect(sourceOf(rule, '', '10.1.2.3')).toMatchObject({ kind: 'refused' })
  })

  it('may be missing, where the rule says so', () => {
    expect(sourceOf(rule, '10.1.2.3', '')).toMatchObject({ kind: 'refused' })
    expect(sourceOf({ ...rule, absent: 'ignore' }, '10.1.2.3', '')).toEqual(address('10.1.2.3'))
  })

  it('holds addresses, nothing else', () => {
    for (const text of ['unknown', '192.0.2.1:80', '10.0.0.0/8', ' ', ','])
      expect(sourceOf(rule, '10.1.2.3', text)).toEqual({
        kind: 'refused',
        text: 'x-forwarded-for does not hold an address',
      })
  })
})
