/** Help and the OpenAPI document over the wire, on the embedded server, OpenBao or Vault alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target
let mount: string
let approle: string
/** Has the policy `default` alone. */
let token: string
beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('helped')
  approle = vault.unique('helped')
  await vault.request('POST', `sys/mounts/${mount}`, { body: { type: 'kv', options: { version: '2' } } })
  await vault.request('POST', `sys/auth/${approle}`, { body: { type: 'approle' } })
  const made = await vault.request('POST', 'auth/token/create', { body: { policies: ['default'] } })
  token = String(field(made, 'auth', 'client_token'))
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.request('DELETE', `sys/auth/${approle}`)
  await vault.close()
})

const get = (path: string, as?: string): Promise<RawAnswer> =>
  vault.request('GET', path, as === undefined ? {} : { token: as })

describe('help', () => {
  it('tells what there is at a path, without the envelope, whatever the policy', async () => {
    for (const path of ['sys/mounts/x/tune', `${mount}/config`, `auth/${approle}/role/x`, 'auth/token/lookup-self']) {
      const answer = await get(`${path}?help=1`, token)
      expect([path, answer.status]).toEqual([path, 200])
      // OpenBao has an `id` as well.
      expect(Object.keys(answer.json)).toEqual(expect.arrayContaining(['help', 'openapi', 'see_also']))
      if (vault.embedded) expect(Object.keys(answer.json)).toHaveLength(3)
      expect(String(answer.json['help'])).toContain(path.split('/').at(-1))
      expect(answer.json['see_also']).toBeNull()
    }
  })

  it.runIf(process.env['PLENUM_TEST_VAULT_ADDR'] === undefined)(
    'says what the path is for, what it takes and what can be done',
    async () => {
      const answer = await get('sys/policies/acl/x?help=1', token)
      const help = String(answer.json['help'])
      for (const part of ['sys/policies/acl/{name}', 'policy (string)', 'name (string, path)', 'read, update, delete'])
        expect(help).toContain(part)
      const paths = field(answer, 'openapi', 'paths') as Record<string, unknown>
      expect(Object.keys(paths)).toEqual(['/sys/policies/acl/{name}'])
      const whole = String((await get(`auth/${approle}/?help=1`, token)).json['help'])
      for (const part of ['role/{role_name}/secret-id', 'Logs a machine in.']) expect(whole).toContain(part)
    },
  )

  it('is there as well below an auth method that is only a name, and for fields that are the own of a client', async () => {
    const ldap = vault.unique('helped-ldap')
    await vault.request('POST', `sys/auth/${ldap}`, { body: { type: 'ldap' } })
    try {
      for (const path of [`auth/${ldap}/config`, 'cubbyhole/x']) {
        const answer = await get(`${path}?help=1`, token)
        expect([path, answer.status, typeof answer.json['help']]).toEqual([path, 200, 'string'])
        if (vault.embedded && path !== 'cubbyhole/x') expect(answer.json['openapi']).toBeNull()
      }
    } finally {
      await vault.request('DELETE', `sys/auth/${ldap}`)
    }
  })

  it('changes nothing and shows no value', async () => {
    await vault.request('POST', `${mount}/data/a`, { body: { data: { v: 'planted' } } })
    const answer = await get(`${mount}/data/a?help=1`)
    expect([answer.status, answer.text.includes('planted')]).toEqual([200, false])
  })

  it('S50: needs a token, also where nothing else does', async () => {
    // OpenBao 2.5.5 answers such help of an open path with 500.
    const open = vault.embedded ? [`auth/${approle}/login`] : []
    for (const path of ['sys/mounts', `${mount}/config`, ...open])
      for (const as of ['', 'wrong'])
        expect([path, as, (await get(`${path}?help=1`, as)).status]).toEqual([path, as, 403])
  })

  it('of a path that does not exist is 404', async () => {
    expect((await get('sys/no-such-thing?help=1')).status).toBe(404)
    expect((await get(`${vault.unique('none')}/x?help=1`)).status).toBe(404)
  })
})

describe('sys/internal/specs/openapi', () => {
  it('S50: names no mount to nobody', async () => {
    for (const as of ['', 'wrong']) {
      const answer = await get('sys/internal/specs/openapi', as)
      expect(answer.text).not.toContain(mount)
      expect(answer.text).not.toContain(approle)
      if (vault.embedded) expect([answer.status, answer.json['paths']]).toEqual([200, {}])
    }
  })

  it('has the mounts that one may see, without the envelope', async () => {
    const answer = await get('sys/internal/specs/openapi')
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      openapi: expect.stringMatching(/^3\.0\./),
      info: { version: expect.any(String) },
    })
    const paths = answer.json['paths'] as unknown as Record<string, Record<string, unknown>>
    expect(paths[`/${mount}/data/{path}`]).toMatchObject({ get: {}, post: {}, delete: {} })
    expect(paths['/auth/token/lookup-self']).toMatchObject({ get: {} })
    expect(Object.keys(paths).some((path) => path.startsWith(`/auth/${approle}/role/{`))).toBe(true)
    const mine = await get('sys/internal/specs/openapi', token)
    expect(mine.text).not.toContain(mount)
    expect(Object.keys(mine.json['paths'] as unknown as object)).toContain('/auth/token/lookup-self')
  })

  it.runIf(process.env['PLENUM_TEST_VAULT_ADDR'] === undefined)(
    'says what needs sudo, what is open and what lists',
    async () => {
      const answer = await get('sys/internal/specs/openapi')
      const paths = answer.json['paths'] as unknown as Record<string, Record<string, unknown>>
      expect(paths['/sys/remount']).toEqual({
        description: expect.any(String),
        'x-vault-sudo': true,
        post: {
          operationId: 'postSysRemount',
          tags: ['system'],
          requestBody: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    from: { type: 'string', description: expect.any(String) },
                    to: { type: 'string', description: expect.any(String) },
                  },
                },
              },
            },
          },
          responses: { '200': { description: 'OK' } },
        },
      })
      expect(paths[`/auth/${approle}/login`]).toMatchObject({ 'x-vault-unauthenticated': true })
      expect(paths['/sys/policies/acl/{name}']?.['parameters']).toEqual([
        { name: 'name', in: 'path', required: true, description: expect.any(String), schema: { type: 'string' } },
      ])
      expect(paths[`/${mount}/metadata/{path}`]?.['get']).toMatchObject({
        tags: ['secrets'],
        parameters: [
          { name: 'list', in: 'query' },
          { name: 'after', in: 'query' },
          { name: 'limit', in: 'query', schema: { type: 'integer' } },
        ],
      })
    },
  )
})
