import { describe, expect, it } from 'vitest'
import { createEntries, type EntryOptions } from './entry.ts'
import {
  auditedMount,
  auditedRequest,
  auditedResponse,
  caller,
  fields,
  login,
  PLANTED,
  TOKEN,
} from './exchange.case.ts'
import { createHasher } from './hash.ts'

const hasher = createHasher(Buffer.alloc(32, 1))
const hash = (text: string) => hasher.text(text)
const entries = (options: Partial<EntryOptions> = {}) =>
  createEntries(hasher, { hmacAccessor: true, elideListResponses: false, logRaw: false, prefix: '', ...options })

describe('a request entry', () => {
  it('holds what Vault writes', () => {
    const line = entries().request(auditedRequest(), undefined)
    expect(line.endsWith('}\n')).toBe(true)
    expect(JSON.parse(line)).toEqual({
      time: '2023-11-14T22:13:20.500Z',
      type: 'request',
      auth: {
        client_token: hash(TOKEN),
        accessor: hash('planted-accessor'),
        display_name: 'approle',
        policies: ['default', 'team'],
        token_policies: ['default', 'team'],
        metadata: { role_name: 'team' },
        token_type: 'service',
        token_ttl: 3600,
        token_issue_time: '2023-11-14T22:13:20.000Z',
        remaining_uses: 3,
        policy_results: { allowed: true, granting_policies: [{ name: 'team', namespace_id: 'root', type: 'acl' }] },
      },
      request: {
        id: '11111111-1111-1111-1111-111111111111',
        operation: 'update',
        mount_point: 'secret/',
        mount_type: 'kv',
        mount_accessor: 'kv_12345678',
        mount_class: 'secret',
        client_token: hash(TOKEN),
        client_token_accessor: hash('planted-accessor'),
        namespace: { id: 'root' },
        path: 'secret/data/a',
        data: {
          data: { password: hash('planted-1'), nested: [{ token: hash('PLANTED-2') }], port: 5432 },
          options: { cas: 1 },
        },
        remote_address: '127.0.0.1',
        remote_port: 1234,
      },
    })
  })

  it('holds the headers asked for, hashed or not', () => {
    const headers = [
      { name: 'x-trace', value: 'trace-1', hmac: false },
      { name: 'x-secret', value: 'planted-header', hmac: true },
    ]
    expect(JSON.parse(entries().request(auditedRequest({ headers }), undefined)).request.headers).toEqual({
      'x-trace': ['trace-1'],
      'x-secret': [hash('planted-header')],
    })
  })

  it('leaves in clear what the mount names, at the top level alone', () => {
    const data = fields('{"note":{"deep":["shown"]},"data":{"note":"planted"},"n":1.10}')
    const mount = auditedMount({ auditNonHmacRequestKeys: ['note', 'absent', 'n'], auditNonHmacResponseKeys: ['data'] })
    const entry = entries()
    const request = auditedRequest({ data, mount })
    const line = entry.request(request, undefined)
    expect(line).toContain(`"data":{"note":{"deep":["shown"]},"data":{"note":"${hash('planted')}"},"n":1.10}`)
    const response = entry.response(request, auditedResponse({ data }), undefined)
    expect(response).toContain(`"data":{"note":{"deep":["${hash('shown')}"]},"data":{"note":"planted"},"n":1.10}`)
  })

  it('holds a refused request with a bad token, and what was said of it', () => {
    const refused = auditedRequest({ caller: undefined, mount: undefined, data: undefined, grantedBy: undefined })
    const entry = JSON.parse(entries().request(refused, 'permission denied'))
    expect(entry.error).toBe('permission denied')
    expect(entry.auth).toEqual({ client_token: hash(TOKEN) })
    expect(Object.keys(entry.request)).not.toContain('data')
    expect(JSON.parse(entries().request({ ...refused, clientToken: '' }, 'x')).auth).toBeUndefined()
  })

  it('does not give one token the hash of another', () => {
    const log = entries()
    const first = JSON.parse(log.request(auditedRequest(), undefined))
    const other = JSON.parse(
      log.request(auditedRequest({ caller: { ...caller }, clientToken: 'hvs.other' }), undefined),
    )
    expect(other.auth.client_token).toBe(hash('hvs.other'))
    expect(first.auth.client_token).toBe(hash(TOKEN))
  })

  it('stays one line, whatever the client sends', () => {
    const hostile = auditedRequest({ path: 'a"\n}{', data: fields('{"k\\n\\"":"v\\n"}'), remoteAddress: '"\n' })
    const line = entries().request(hostile, 'e\n"')
    expect(line.indexOf('\n')).toBe(line.length - 1)
    expect(JSON.parse(line).request.path).toBe('a"\n}{')
  })
})

describe('a response entry', () => {
  it('S11, S12: has no secret, token or accessor in clear', () => {
    const log = entries()
    const asked = auditedRequest({ operation: 'read', data: fields('{"version":"planted"}') })
    const lines = [
      log.request(auditedRequest(), undefined),
      log.response(asked, auditedResponse(), undefined),
      log.response(
        asked,
        auditedResponse({ auth: login, data: fields('{"nested":{"accessor":"planted","id":["planted"]}}') }),
        undefined,
      ),
      log.response(asked, auditedResponse({ data: undefined }), 'permission denied'),
    ]
    for (const line of lines) expect(line).not.toMatch(PLANTED)
    expect(JSON.parse(lines[2] ?? '').response.auth).toEqual({
      client_token: hash('hvs.planted-new-token'),
      accessor: hash('planted-new-accessor'),
      display_name: 'approle',
      policies: ['default'],
      token_policies: ['default'],
      metadata: { role_name: 'team' },
      token_type: 'service',
      token_ttl: 3600,
    })
  })

  it('shows accessors when told to, and still no token', () => {
    const line = entries({ hmacAccessor: false }).response(
      auditedRequest(),
      auditedResponse({ auth: login }),
      undefined,
    )
    const entry = JSON.parse(line)
    expect(entry.auth.accessor).toBe('planted-accessor')
    expect(entry.request.client_token_accessor).toBe('planted-accessor')
    expect(entry.response.auth.accessor).toBe('planted-new-accessor')
    expect(line).not.toContain('hvs.')
  })

  it('says only how long a list is when told to', () => {
    const data = fields('{"keys":["a","b"],"key_info":{"a":{},"b":{},"c":{}},"other":1}')
    const list = auditedRequest({ operation: 'list', path: 'secret/metadata/' })
    const log = entries({ elideListResponses: true })
    expect(JSON.parse(log.response(list, auditedResponse({ data }), undefined)).response.data).toEqual({
      keys: 2,
      key_info: 3,
      other: 1,
    })
    const read = JSON.parse(log.response(auditedRequest(), auditedResponse({ data }), undefined))
    expect(read.response.data.keys).toEqual([hash('a'), hash('b')])
    expect(data['keys']).toEqual(['a', 'b'])
  })
})

describe('a login', () => {
  it('is told with the entity and the uses of its token', () => {
    const auth = { ...login, entityId: 'e-1', numUses: 3, noDefaultPolicy: true }
    const request = auditedRequest({ caller: { ...caller, entityId: 'e-1' } })
    const entry = JSON.parse(entries().response(request, auditedResponse({ auth }), undefined))
    expect(entry.response.auth).toMatchObject({ entity_id: 'e-1', num_uses: 3, no_default_policy: true })
    expect(entry.request.client_id).toBe('e-1')
  })
})

describe('a device with options of its own', () => {
  it('writes every value in clear with log_raw, tokens too', () => {
    const log = entries({ logRaw: true })
    const entry = JSON.parse(log.response(auditedRequest(), auditedResponse({ auth: login }), undefined))
    expect(entry.request.data.data.password).toBe('planted-1')
    expect(entry.auth.client_token).toBe(TOKEN)
    expect(entry.response.auth.client_token).toBe('hvs.planted-new-token')
    expect(entry.response.data.data.list).toEqual(['planted-4', 5, true, null])
  })

  it('puts its prefix before each line', () => {
    const log = entries({ prefix: '@cee: ' })
    const both = log.exchange(auditedRequest(), undefined, auditedResponse(), undefined)
    const lines = [...both.split('\n').slice(0, -1), log.test(0).trimEnd()]
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(JSON.parse(line.slice('@cee: '.length))).toHaveProperty('type')
    expect(lines.every((line) => line.startsWith('@cee: {'))).toBe(true)
  })
})
