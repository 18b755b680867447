import { describe, expect, it } from 'vitest'
import { AuditRecord } from './audit-record.ts'

const line = (path: string, type: 'request' | 'response', port = 4000): string =>
  `${JSON.stringify({ time: '2030-01-01T00:00:00Z', type, request: { id: '1', operation: 'read', path, remote_port: port } })}\n`

describe('the record of the audit log', () => {
  it('tells what came over the wire, by path and type', () => {
    const record = new AuditRecord()
    record.take(line('a/b', 'request') + line('a/b', 'response'))
    record.take(line('a/c', 'request') + line('sys/mounts', 'request', 0))
    const told = (filter: Parameters<AuditRecord['entries']>[0]) =>
      record.entries(filter).map(({ type, request }) => `${type} ${request.path}`)
    expect(told({})).toEqual(['request a/b', 'response a/b', 'request a/c'])
    expect(told({ path: 'a/*', type: 'request' })).toEqual(['request a/b', 'request a/c'])
    expect(told({ path: '/v1/a/c' })).toEqual(['request a/c'])
    record.clear()
    expect(told({})).toEqual([])
  })

  it('tells nothing rather than a part', () => {
    const record = new AuditRecord()
    for (let index = 0; index < 50_001; index += 1) record.take('{}\n')
    expect(() => record.entries({})).toThrow(expect.objectContaining({ code: 'testing-audit' }))
    record.clear()
    expect(record.entries({})).toEqual([])
  })
})
