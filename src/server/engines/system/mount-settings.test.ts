import { describe, expect, it } from 'vitest'
import type { MountView } from './host.ts'
import { mountObject, newMount, tuned, tuningObject } from './mount-settings.ts'

const SYSTEM = { default: 1000, max: 2000 }
const made = (data: Parameters<typeof newMount>[1], family: 'secret' | 'auth' = 'secret'): MountView => ({
  ...newMount('x/', data, family, SYSTEM),
  accessor: 'kv_00000000',
  uuid: 'u',
})

describe('a new mount', () => {
  it('has every setting as asked for', () => {
    const view = made({
      type: 'kv-v2',
      description: 'd',
      local: true,
      seal_wrap: true,
      external_entropy_access: 'true',
      config: {
        default_lease_ttl: '10m',
        max_lease_ttl: 1500,
        force_no_cache: true,
        listing_visibility: 'unauth',
        audit_non_hmac_request_keys: 'a, b',
        audit_non_hmac_response_keys: ['c'],
        passthrough_request_headers: ['X-One'],
        allowed_response_headers: ['X-Two'],
      },
    })
    expect(mountObject(view)).toMatchObject({
      type: 'kv',
      description: 'd',
      local: true,
      seal_wrap: true,
      external_entropy_access: true,
      options: { version: '2' },
      config: {
        default_lease_ttl: 600,
        max_lease_ttl: 1500,
        force_no_cache: true,
        listing_visibility: 'unauth',
        audit_non_hmac_request_keys: ['a', 'b'],
        audit_non_hmac_response_keys: ['c'],
        passthrough_request_headers: ['X-One'],
        allowed_response_headers: ['X-Two'],
      },
    })
  })

  it('shows nothing of what is not set', () => {
    expect(mountObject(made({ type: 'kv' }))['config']).toEqual({
      default_lease_ttl: 0,
      max_lease_ttl: 0,
      force_no_cache: false,
    })
  })

  it('of an auth method gives service tokens unless told otherwise', () => {
    expect(made({ type: 'approle' }, 'auth').config.tokenType).toBe('default-service')
    expect(made({ type: 'approle', config: { token_type: 'batch' } }, 'auth').config.tokenType).toBe('batch')
  })

  it.each([
    [{}, 'backend type must be specified as a string'],
    [{ type: 'kv', config: { token_type: 'batch' } }, "'token_type' can only be modified on auth mounts"],
    [{ type: 'kv', config: { listing_visibility: 'seen' } }, 'invalid listing_visibility'],
    [
      { type: 'kv', config: { default_lease_ttl: 2001 } },
      'backend max lease TTL of 2000 would be less than backend default lease TTL of 2001',
    ],
  ])('is refused: %j', (data, text) => {
    expect(() => made(data)).toThrow(text)
  })
})

describe('tuning', () => {
  const view = made({ type: 'kv-v2', description: 'before', config: { max_lease_ttl: 1500, default_lease_ttl: 60 } })
  const after = (data: Parameters<typeof tuned>[1]): MountView => ({ ...view, ...tuned(view, data, 'secret', SYSTEM) })

  it('changes what is named and nothing else', () => {
    expect(after({})).toEqual(view)
    expect(after({ description: '' })).toEqual({ ...view, description: '' })
    expect(after({ passthrough_request_headers: 'X-A' }).config).toEqual({
      ...view.config,
      passthroughRequestHeaders: ['X-A'],
    })
  })

  it('gives TTLs back to the system, and shows those that take effect', () => {
    const back = after({ default_lease_ttl: 'system', max_lease_ttl: 0 })
    expect(back.config).toMatchObject({ defaultLeaseTtl: 0, maxLeaseTtl: 0 })
    expect(tuningObject(back, SYSTEM)).toMatchObject({ default_lease_ttl: 1000, max_lease_ttl: 2000 })
    expect(tuningObject(after({ max_lease_ttl: 500, default_lease_ttl: 0 }), SYSTEM)).toMatchObject({
      default_lease_ttl: 500,
      max_lease_ttl: 500,
    })
  })

  it('empties a list by an empty text', () => {
    const named = after({ audit_non_hmac_request_keys: ['a'] })
    expect(tuned(named, { audit_non_hmac_request_keys: '' }, 'secret', SYSTEM).config.auditNonHmacRequestKeys).toEqual(
      [],
    )
  })

  it('merges options, and never takes a version back', () => {
    expect(after({ options: { more: 1 } }).options).toEqual({ version: '2', more: '1' })
    expect(after({ options: { version: 2 } }).options).toEqual({ version: '2' })
    expect(() => after({ options: { version: 1 } })).toThrow('cannot downgrade mount from version 2')
    expect(() => after({ options: { version: 3 } })).toThrow('invalid version provided')
  })

  it('S10: never repeats a value that it refuses', () => {
    const secret = 'planted-value'
    for (const name of ['default_lease_ttl', 'force_no_cache', 'listing_visibility', 'options']) {
      try {
        after({ [name]: secret })
        expect.unreachable(name)
      } catch (error) {
        expect(String(error)).not.toContain(secret)
      }
    }
  })

  it('refuses a token type that does not exist, and any for tokens themselves', () => {
    const auth = made({ type: 'approle' }, 'auth')
    expect(() => tuned(auth, { token_type: 'half' }, 'auth', SYSTEM)).toThrow("invalid value for 'token_type'")
    expect(tuned(auth, { token_type: 'default-batch' }, 'auth', SYSTEM).config.tokenType).toBe('default-batch')
    expect(() => tuned({ ...auth, type: 'token' }, { token_type: 'batch' }, 'auth', SYSTEM)).toThrow(
      "'token_type' cannot be set",
    )
  })
})
