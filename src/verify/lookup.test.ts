import { describe, expect, it } from 'vitest'
import { fingerprint, fingerprintKey, type Json, sensitive } from '../sensitive/index.ts'
import { judgeStored } from './lookup.ts'

const key = fingerprintKey(Buffer.alloc(32, 3))
const connection = { kind: 'connection', id: 'c', project: 'p', request: 'secret/data/airflow/connections/c' } as const
const variable = { ...connection, kind: 'variable' } as const
const stored = (data: Readonly<Record<string, Json>>) => sensitive(data)

describe('what Airflow makes of a stored entry', () => {
  it('has a digest for each field that it gets, and none for an empty one', () => {
    const outcome = judgeStored(
      connection,
      stored({ conn_type: 'http', host: '', port: 443, password: 'planted', extra: { a: 1 } }),
      'json',
      key,
    )
    expect(outcome).toEqual({
      kind: 'resolved',
      digests: {
        conn_type: fingerprint(sensitive('http'), key),
        port: fingerprint(sensitive(443), key),
        password: fingerprint(sensitive('planted'), key),
        extra: fingerprint(sensitive({ a: 1 }), key),
      },
      warning: undefined,
    })
  })

  it.each(['constructor', 'json'] as const)('is lost with a key that no connection has (%s)', (generation) => {
    const outcome = judgeStored(connection, stored({ conn_type: 'http', owner: 'planted' }), generation, key)
    expect(outcome).toMatchObject({ kind: 'lost', reason: expect.stringContaining('"owner"') })
    expect(JSON.stringify(outcome)).not.toContain('planted')
  })

  it('warns when only the other generation would lose it', () => {
    const data = stored({ conn_type: 'http', port: 'no number' })
    expect(judgeStored(connection, data, 'json', key).kind).toBe('lost')
    const outcome = judgeStored(connection, data, 'constructor', key)
    expect(outcome).toMatchObject({ kind: 'resolved', warning: expect.stringContaining('from 4.7.2 on') })
  })

  it('of a variable is its value, which must be text', () => {
    expect(judgeStored(variable, stored({ value: 'v' }), 'json', key)).toMatchObject({
      digests: { value: fingerprint(sensitive('v'), key) },
    })
    expect(judgeStored(variable, stored({ value: 5 }), 'json', key).kind).toBe('lost')
  })

  it('holds no digest when no key was given', () => {
    expect(judgeStored(variable, stored({ value: 'v' }), 'json', undefined)).toMatchObject({ digests: {} })
  })
})
