import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrsAllow, cidrsWithin, parseCidrs } from './cidr.ts'

const allow = (cidr: string, address: string) =>
  it(`${cidr} allows ${address}`, () => expect(cidrsAllow([cidr], address)).toBe(true))
const deny = (cidr: string, address: string) =>
  it(`${cidr} denies ${address}`, () => expect(cidrsAllow([cidr], address)).toBe(false))

describe('bound networks', () => {
  allow('10.0.0.0/8', '10.255.1.2')
  allow('10.1.2.3', '10.1.2.3')
  allow('0.0.0.0/0', '1.2.3.4')
  allow('2001:db8::/32', '2001:db8:1::1')
  allow('::1', '::1')
  allow('fe80::/10', 'fe80::1%eth0')
  deny('10.0.0.0/8', '11.0.0.1')
  deny('10.1.2.3', '10.1.2.4')
  deny('10.1.2.3/32', '10.1.2.2')
  deny('2001:db8::/32', '2001:db9::1')
  deny('0.0.0.0/0', '2001:db8::1')
  deny('::/0', '1.2.3.4')
  deny('not a block', '1.2.3.4')
  deny('0.0.0.0/0', 'not an address')
  deny('0.0.0.0/0', '1.2.3.4/32x')
  deny('10.0.0.0/8', '10.0.0.0/9')

  describe('S51: IPv4 mapped into IPv6 is IPv4', () => {
    allow('10.0.0.0/8', '::ffff:10.1.2.3')
    allow('10.0.0.0/8', '::ffff:a01:203')
    allow('::ffff:10.0.0.0/104', '10.1.2.3')
    deny('10.0.0.0/8', '::ffff:11.1.2.3')
  })

  it('nobody is in no block', () => expect(cidrsAllow([], '1.2.3.4')).toBe(false))

  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['127.0.0.1/32', '127.0.0.1/32'],
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::', '::'],
    ['0:0:0:1::/64', '0:0:0:1::/64'],
  ])('%s is written %s', (text, canonical) => expect(parseCidrs([text])).toEqual([canonical]))

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '::/129',
    '10.0.0',
    'fe80::1%eth0',
    '10.0.0.0/8/8',
    ' 10.0.0.1',
  ])('refuses %j without repeating it', (text) =>
    expect(() => parseCidrs(['10.0.0.0/8', text])).toThrow(/^invalid CIDR blocks$/),
  )

  it('knows what lies within what', () => {
    expect(cidrsWithin(['10.1.0.0/16', '192.168.1.1'], ['10.0.0.0/8', '192.168.0.0/16'])).toBe(true)
    expect(cidrsWithin(['10.0.0.0/8'], ['10.1.0.0/16'])).toBe(false)
    expect(cidrsWithin(['0.0.0.0/0'], ['::/0'])).toBe(false)
    expect(cidrsWithin(['::ffff:10.1.0.0/112'], ['10.0.0.0/8'])).toBe(true)
    expect(cidrsWithin([], [])).toBe(true)
    expect(cidrsWithin(['10.0.0.1'], [])).toBe(false)
  })

  it('canonical spelling is stable and keeps the meaning', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4Extended(), fc.ipV6(), fc.ipV4()), fc.nat(128), (address, length) => {
        const bits = address.includes(':') ? 128 : 32
        const text = `${address}/${length % (bits + 1)}`
        let canonical: readonly string[]
        try {
          canonical = parseCidrs([text])
        } catch {
          return
        }
        expect(parseCidrs(canonical)).toEqual(canonical)
        expect(cidrsWithin([text], canonical) && cidrsWithin(canonical, [text])).toBe(true)
        expect(cidrsAllow(canonical, address)).toBe(true)
      }),
    )
  })
})
