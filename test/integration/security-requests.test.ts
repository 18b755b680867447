/**
 * Security statements about requests (docs/security-statements.md): what a path, a verb, a header or a body may not do. By
 * address and token: the embedded server, OpenBao or Vault alike. Where another server answers otherwise, the test says so.
 */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTarget, type Target } from './target.case.ts'
import { ask, exchange, message, type WireAnswer } from './wire.case.ts'

const VALUE = 'planted-behind-a-deny'
const RUNS = Number(process.env['PLENUM_FUZZ_RUNS'] ?? 150)

let vault: Target
let mount: string
let policy: string
/** May read all of the mount but what lies in `closed`. */
let token: string

beforeAll(async () => {
  vault = await openTarget()
  mount = vault.unique('requests')
  policy = vault.unique('requests')
  await made('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '1' } })
  await made('POST', `${mount}/closed/key`, { value: VALUE })
  await made('POST', `${mount}/open/key`, { value: 'open' })
  const rules = [
    `path "${mount}/*" { capabilities = ["read"] }`,
    `path "${mount}/closed/*" { capabilities = ["deny"] }`,
  ]
  await made('PUT', `sys/policies/acl/${policy}`, { policy: rules.join('\n') })
  token = (await made<{ auth: { client_token: string } }>('POST', 'auth/token/create', { policies: [policy] })).auth
    .client_token
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.request('DELETE', `sys/policies/acl/${policy}`)
  await vault.close()
})

async function made<T = undefined>(method: string, path: string, body: unknown): Promise<T> {
  const answer = await vault.request(method, path, { body })
  expect([200, 204]).toContain(answer.status)
  return answer.json as T
}
const get = (target: string, headers: readonly string[] = [], as = token): Promise<WireAnswer> =>
  ask(vault.address, { method: 'GET', target, token: as, headers })
const read = (path: string): Promise<WireAnswer> => get(`/v1/${mount}/${path}`)

describe('paths', () => {
  it('S7: dot segments reach neither another mount nor another secret, however they are written', async () => {
    for (const path of [
      'open/../closed/key',
      'open/%2e%2e/closed/key',
      'open/.%2E/closed/key',
      'open/..%2fclosed%2fkey',
      '%2e/closed/key',
      '../sys/mounts',
      '..%2fsys%2fmounts',
      './open/key',
      'open/key/..',
    ]) {
      const { status, body } = await read(path)
      // OpenBao redirects to the path without them.
      expect([path, status]).toEqual([path, vault.embedded ? 400 : expect.toSatisfy((is) => is >= 301)])
      expect(body).not.toContain(VALUE)
    }
  })

  it('S8: no way to write a path changes the verdict about what it means', async () => {
    const written = (path: string): fc.Arbitrary<string> =>
      fc
        .tuple(...[...path].map((letter) => fc.tuple(fc.constant(letter), fc.integer({ min: 0, max: 9 }))))
        .map((letters) => letters.map(([letter, how]) => variant(letter, how)).join(''))
    const tails = fc.constantFrom('', '', '', '/', '//', '%2f', ';x', '%00', '?', '?list=false', '#', '%20', '.', '%')
    await fc.assert(
      fc.asyncProperty(written('closed/key'), tails, async (path, tail) => {
        const { status, body } = await read(path + tail)
        expect(body).not.toContain(VALUE)
        expect(status).not.toBe(200)
      }),
      { numRuns: RUNS },
    )
    await fc.assert(
      fc.asyncProperty(written('open/key'), async (path) => {
        const { status, body } = await read(path)
        // A case of its own is a path of its own. OpenBao answers `//` with a redirect.
        const same = decodeURIComponent(path).replaceAll(/\/+/g, '/') === 'open/key'
        if (same && (vault.embedded || !/(?:\/|%2f){2}/i.test(path)))
          expect([status, body]).toMatchObject([200, /open/])
        else expect(status).not.toBe(200)
      }),
      { numRuns: RUNS },
    )
  })

  it('S8: what is stored under a strange name is read under that name alone', async () => {
    const names = [
      'a;b',
      'a b',
      'a%b',
      'a?b',
      'a#b',
      'a+b',
      'a&b=c',
      'A',
      'é',
      '日本',
      'a:b@c',
      "a'b",
      '$(x)',
      '[x]',
      '*',
    ]
    for (const name of names) await made('POST', `${mount}/open/${encodeURIComponent(name)}`, { value: `of ${name}` })
    for (const name of names) {
      const { status, body } = await read(`open/${encodeURIComponent(name)}`)
      expect([name, status, (JSON.parse(body) as { data: object }).data]).toEqual([name, 200, { value: `of ${name}` }])
    }
    expect((await read('open/a')).status).toBe(404)
  })
})

/** One letter of a path, in one of the ways that mean the same, or look as if they did. */
function variant(letter: string, how: number): string {
  const code = letter.charCodeAt(0).toString(16).padStart(2, '0')
  if (how === 1) return `%${code}`
  if (how === 2) return `%${code.toUpperCase()}`
  if (how === 3) return letter === '/' ? '//' : letter
  if (how === 4) return letter === '/' ? '%2f%2F' : letter
  if (how === 5) return letter.toUpperCase()
  return letter
}

describe('verbs and headers', () => {
  it('S20: no request becomes an operation that belongs to the server', async () => {
    const methods = [
      'REVOKE',
      'RENEW',
      'ROLLBACK',
      'ALIAS-LOOKAHEAD',
      'RESOLVE-ROLE',
      'HEADER',
      'CREATE',
      'UPDATE',
      'get',
    ]
    for (const method of [...methods, 'TRACE', 'PROPFIND', 'PURGE', 'SEARCH', 'LOCK']) {
      const [answer] = await exchange(vault.address, [
        message({ method, target: `/v1/${mount}/open/key`, token: vault.token }),
      ])
      expect([method, answer === undefined || answer.status >= 400]).toEqual([method, true])
      expect(answer?.body ?? '').not.toContain('"value"')
    }
    // Nor by a header or a parameter that other servers take for a verb.
    const asked = ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'X-Vault-Operation: delete']
    const target = `/v1/${mount}/open/key?operation=delete&_method=DELETE&method=delete`
    expect((await get(target, asked, vault.token)).status).toBe(200)
    expect((await read('open/key')).status).toBe(200)
  })

  it('S18: there is no namespace but the root, by whatever name', async () => {
    const named = (namespace: string): Promise<WireAnswer> =>
      get(`/v1/${mount}/open/key`, [`X-Vault-Namespace: ${namespace}`])
    for (const namespace of ['', ' ', '/', 'root', 'root/']) expect((await named(namespace)).status).toBe(200)
    // To OpenBao the dot is the root.
    const dots = vault.embedded ? ['.', '..', '../', './', '%2e'] : []
    for (const namespace of [...dots, 'sys', 'auth', 'cubbyhole', 'identity', 'team', 'root/team']) {
      const { status, body } = await named(namespace)
      expect([namespace, status >= 400 && status < 500]).toEqual([namespace, true])
      expect(body).not.toContain('"value"')
    }
    // Two headers are not the first of them.
    const two = ['X-Vault-Namespace: root', 'X-Vault-Namespace: team']
    if (vault.embedded) expect((await get(`/v1/${mount}/open/key`, two)).status).toBe(404)
    for (const path of ['sys/namespaces/root', 'sys/namespaces/team'])
      if (vault.embedded) expect((await vault.request('POST', path, { body: {} })).status).toBe(404)
  })

  it('S18, S41: a name of the system is no mount of anybody else’s, however it is written', async () => {
    for (const path of [
      'sys',
      'sys/x',
      'auth/x',
      'cubbyhole',
      'identity',
      'sys%2f',
      'sys%2Fx',
      '..',
      '.',
      '%2e%2e',
      '/',
    ]) {
      const target = `/v1/sys/mounts/${path}`
      const body = '{"type":"kv"}'
      const { status } = await ask(vault.address, { method: 'POST', target, token: vault.token, body })
      // OpenBao redirects dot segments.
      expect([path, vault.embedded ? status >= 400 && status < 500 : status >= 301]).toEqual([path, true])
    }
    // Another case or a blank makes another name: harmless, for the system's own goes on under its own.
    for (const path of ['Sys', ' sys', 'sys ']) {
      const { status } = await vault.request('POST', `sys/mounts/${encodeURIComponent(path)}`, { body: { type: 'kv' } })
      expect((await vault.request('GET', 'sys/mounts')).status).toBe(200)
      expect((await vault.request('GET', 'sys/mounts', { token })).status).toBe(403)
      if (status < 300) await vault.request('DELETE', `sys/mounts/${encodeURIComponent(path)}`)
    }
  })

  it('S56: a token that is none is refused without a word of it', async () => {
    for (const wrong of [
      'x'.repeat(40_000),
      `${vault.token}\u0001`,
      `${vault.token}\u007f`,
      `${vault.token}\t\u0000x`,
    ]) {
      const [answer] = await exchange(vault.address, [
        message({ method: 'GET', target: `/v1/${mount}/open/key`, token: wrong }),
      ])
      // OpenBao has no limit of its own for the length.
      expect(vault.embedded ? [400] : [400, 403, 431]).toContain(answer?.status)
      expect(answer?.body ?? '').not.toContain(vault.token)
    }
    // A header in two lines, one of them with the right token, is not the right token.
    const folded = message({
      method: 'GET',
      target: '/v1/sys/mounts',
      token: '',
      headers: ['X-Vault-Token:', ` ${token}`],
    })
    const [answer] = await exchange(vault.address, [folded])
    expect(answer?.status).toBeGreaterThanOrEqual(400)
    expect((await read('open/key')).status).toBe(200)
  })
})

describe('bodies', () => {
  const hostile: readonly (readonly [string, () => string])[] = [
    ['a million keys', () => `{"data":{${Array.from({ length: 1_000_000 }, (_, at) => `"k${at}":0`).join(',')}}}`],
    ['a hundred thousand levels', () => `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a million short strings', () => `{"data":[${'"a",'.repeat(1_000_000)}"a"]}`],
    ['a number of a million digits', () => `{"data":${'9'.repeat(1_000_000)}}`],
    ['34 MB', () => `{"data":"${'x'.repeat(34_000_000)}"}`],
  ]

  it.runIf(process.env['PLENUM_TEST_VAULT_ADDR'] === undefined).each(hostile)(
    'S9: %s is refused before anybody is asked who they are',
    async (_, text) => {
      // No token: a refusal for that would be 403.
      const answer = await vault.request('POST', `${mount}/open/hostile`, { token: '', body: text() })
      expect([400, 413]).toContain(answer.status)
      expect(answer.text.length).toBeLessThan(300)
    },
  )

  it('S55: names that JavaScript knows are ordinary data, in secrets, metadata, mounts and policies', async () => {
    const text = '{"__proto__":{"polluted":"yes"},"constructor":"c","toString":"t","hasOwnProperty":"h"}'
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      await made('POST', `${mount}/open/${name}`, text)
      expect((await vault.request('GET', `${mount}/open/${name}`)).text).toContain('"__proto__":{"polluted":"yes"}')
      const mounted = await vault.request('POST', `sys/mounts/${name}`, {
        body: { type: 'kv', options: { version: '2' } },
      })
      expect([name, mounted.status]).toEqual([name, 204])
      await expect
        .poll(async () => (await vault.request('POST', `${name}/data/x`, { body: `{"data":${text}}` })).status)
        .toBe(200)
      const metadata = `{"custom_metadata":{"__proto__":"p","constructor":"c"}}`
      await made('POST', `${name}/metadata/x`, metadata)
      expect((await vault.request('GET', `${name}/metadata/x`)).text).toContain('"__proto__":"p"')
      await made('DELETE', `sys/mounts/${name}`, undefined)
      // No object's own names are policies.
      expect((await vault.request('GET', `sys/policies/acl/${name}`)).status).toBe(404)
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect((await vault.request('GET', `${mount}/nothing`)).text).not.toContain('polluted')
  })
})
