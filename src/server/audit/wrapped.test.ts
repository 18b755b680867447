import { expect, it } from 'vitest'
import { createEntries, type EntryOptions } from './entry.ts'
import { auditedRequest, auditedResponse, PLANTED } from './exchange.case.ts'
import { createHasher } from './hash.ts'

const hasher = createHasher(Buffer.alloc(32, 1))
const entries = (options: Partial<EntryOptions> = {}) =>
  createEntries(hasher, { hmacAccessor: true, elideListResponses: false, logRaw: false, prefix: '', ...options })

const wrapped = auditedResponse({
  data: undefined,
  wrapInfo: {
    token: 'hvs.planted-wrapping',
    accessor: 'planted-outer',
    ttl: 60,
    creationTime: 1_700_000_000_600,
    creationPath: 'secret/data/a',
    wrappedAccessor: 'planted-inner',
  },
})

it('S12: of a wrapped answer the log holds how it is wrapped, token and accessors hashed', () => {
  const line = entries().response(auditedRequest({ wrapTtl: 60 }), wrapped, undefined)
  expect(line).not.toMatch(PLANTED)
  const { request, response } = JSON.parse(line)
  expect(request.wrap_ttl).toBe(60)
  expect(response.wrap_info).toEqual({
    ttl: 60,
    token: hasher.text('hvs.planted-wrapping'),
    accessor: hasher.text('planted-outer'),
    creation_time: '2023-11-14T22:13:20.6Z',
    creation_path: 'secret/data/a',
    wrapped_accessor: hasher.text('planted-inner'),
  })
  expect(Object.keys(response)).not.toContain('data')
})

it('shows accessors where a device is told to, never the token', () => {
  const line = entries({ hmacAccessor: false }).response(auditedRequest(), wrapped, undefined)
  expect(JSON.parse(line).response.wrap_info).toMatchObject({
    accessor: 'planted-outer',
    wrapped_accessor: 'planted-inner',
    token: hasher.text('hvs.planted-wrapping'),
  })
  expect(JSON.parse(line).request.wrap_ttl).toBeUndefined()
})
