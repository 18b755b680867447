import { describe, expect, it } from 'vitest'
import type { ChangeResult } from '../apply/index.ts'
import { sumUp } from './application.ts'

const result = (id: string, rest: Pick<ChangeResult, 'status'> & Partial<ChangeResult>): ChangeResult => ({
  kind: 'variable',
  address: `variable:${id}`,
  action: 'create',
  ...rest,
})

describe('the sum of results', () => {
  const results = [
    result('a', { status: 'applied', version: 1 }),
    result('b', { status: 'drifted', reason: 'somebody wrote it' }),
    result('c', { status: 'failed', error: Object.assign(new Error('403'), { code: 'vault-denied' }) }),
    result('d', { status: 'skipped', reason: 'the mount was not made' }),
  ]

  it('says of each that was not done why, and what to do where that is known', () => {
    const { done, notDone, left } = sumUp(results, 1.4, false)
    expect(done).toEqual([{ action: 'create', address: 'variable:a' }])
    expect(notDone.map(({ status, text }) => `${status}: ${text}`)).toEqual([
      'drifted: somebody wrote it',
      'failed: 403',
      'skipped: the mount was not made',
    ])
    expect(notDone[1]?.hint).toContain('VAULT_TOKEN')
    expect(left).toBe(0)
  })

  it('counts what an interruption left, instead of naming it', () => {
    const { notDone, left } = sumUp(results, 0, true)
    expect([notDone.length, left]).toEqual([2, 1])
  })

  it('is plain data: no error object travels to another process', () => {
    expect(JSON.stringify(sumUp(results, 0, false))).not.toContain('"error"')
  })
})
