import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../json/index.ts'
import { boundedPageFields, pageFields } from './paging.ts'

const fields = (data: JsonObject): unknown => boundedPageFields(data, 10)

describe('the fields of a page', () => {
  it('are a name and a number; none, 0, less and max set no bound', () => {
    expect(pageFields({ after: 'a/b', limit: '5' })).toEqual({ after: 'a/b', limit: 5 })
    for (const limit of [0, '0', '', -1, '-7', 'max', null])
      expect(pageFields({ limit })).toEqual({ after: '', limit: 0 })
    expect(pageFields({})).toEqual({ after: '', limit: 0 })
    for (const limit of ['planted', ' ', '1.5', true, []]) {
      expect(() => pageFields({ limit })).toThrow('Field validation failed')
      expect(() => pageFields({ limit })).not.toThrow('planted')
    }
  })

  it('S31: get the bound of the policy when they name none', () => {
    for (const limit of [null, 0, '0', '', '000', 'max'])
      expect(fields({ after: 'x', limit })).toEqual({ after: 'x', limit: 10 })
    expect(boundedPageFields(undefined, 10)).toEqual({ limit: 10 })
    expect(fields({ limit: '7' })).toEqual({ limit: 7 })
    expect(fields({ limit: 10 })).toEqual({ limit: 10 })
  })

  it('S31: are refused when they ask for more, for less than none, or for what is no number', () => {
    for (const limit of [
      11,
      '11',
      '99999999999999999999',
      -1,
      '-1',
      '+5',
      ' 5',
      '5 ',
      '0x5',
      '1e1',
      1.5,
      'MAX',
      true,
      ['5'],
      {},
    ]) {
      expect([limit, fields({ limit })]).toEqual([limit, undefined])
    }
  })

  it('leave the request’s own fields as they are', () => {
    const data: JsonObject = { limit: 'max' }
    boundedPageFields(data, 10)
    expect(data).toEqual({ limit: 'max' })
  })
})
