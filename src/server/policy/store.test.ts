import { describe, expect, it } from 'vitest'
import { LogicalError } from '../logical/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { RootPolicyError } from './acl.ts'
import { DEFAULT_POLICY_TEXT } from './fixed.ts'
import { ruleText } from './rules.case.ts'
import { PolicyStore, StoredPolicyError } from './store.ts'

/** Just enough of a storage for a flat folder of policies. */
function flatStorage(): Storage & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>()
  const list = (prefix: string): string[] =>
    [...entries.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  return {
    entries,
    get: (key) => entries.get(key),
    list,
    pieces: (prefix) => [list(prefix)],
    count: (prefix) => list(prefix).length,
    commit: (writes) => {
      for (const write of writes) {
        if (write.kind === 'put') entries.set(write.key, write.value)
        else entries.delete(write.key)
      }
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
}

function openStore(storage: Storage = flatStorage(), now: () => number = () => 0): PolicyStore {
  return new PolicyStore({ storage, now })
}

const canRead = (store: PolicyStore, names: readonly string[], path: string) =>
  store.acl(names).authorize({ path, operation: 'read', data: undefined, wrapTtlSeconds: undefined }).allowed

describe('the policy store', () => {
  it('S53: an edit and a deletion count from the next request on', async () => {
    const store = openStore()
    const names = ['team']
    expect(canRead(store, names, 'a')).toBe(false)
    await store.put('team', ruleText('a', ['read']))
    expect(canRead(store, names, 'a')).toBe(true)
    await store.put('team', ruleText('a', ['list']))
    expect(canRead(store, names, 'a')).toBe(false)
    await store.put('team', ruleText('a', ['read']))
    const { generation } = store
    await store.delete('team')
    expect(canRead(store, names, 'a')).toBe(false)
    expect(store.generation).toBeGreaterThan(generation)
  })

  it('compiles a set of policies once, in whatever order it comes', async () => {
    const store = openStore()
    await store.put('a', ruleText('a', ['read']))
    expect(store.acl(['a', 'b'])).toBe(store.acl(['b', 'a']))
    expect(store.acl(['ab'])).not.toBe(store.acl(['a', 'b']))
    const subject = { id: '1', name: 'n', metadata: {}, aliases: [], groups: [] }
    const notAsked = (): never => {
      throw new Error('a policy without templates does not ask who it is')
    }
    expect(store.acl(['a'], notAsked)).toBe(store.acl(['a']))
    await store.put('own', ruleText('{{identity.entity.name}}/a', ['read']))
    expect(store.acl(['own'], () => subject)).toBe(store.acl(['own'], () => subject))
    expect(store.acl(['own'], () => ({ ...subject }))).not.toBe(store.acl(['own'], () => subject))
    expect(canRead(store, ['own'], 'n/a')).toBe(false)
  })

  it('compiles again when a rule has expired', async () => {
    let time = 1000
    const store = openStore(flatStorage(), () => time)
    await store.put('p', 'path "a" { capabilities = ["read"] expiration = 2 }')
    expect(canRead(store, ['p'], 'a')).toBe(true)
    time = 2001
    expect(canRead(store, ['p'], 'a')).toBe(false)
  })

  it.each(['Root', ' root', 'ROOT ', '\troot'])(
    'S3: %j is the same name as root, and never gives its power',
    async (name) => {
      const store = openStore()
      await expect(store.put(name, ruleText('*', ['read']))).rejects.toThrow('cannot update "root" policy')
      await expect(store.delete(name)).rejects.toThrow('cannot delete "root" policy')
      expect(store.acl([name]).root).toBe(false)
      expect(canRead(store, [name, 'default'], 'sys/x')).toBe(false)
      expect(store.acl(['root']).root).toBe(true)
    },
  )

  it('S3: names are kept in lower case, without blanks around them', async () => {
    const store = openStore()
    expect(await store.put(' Team-A ', ruleText('a', ['read']))).toEqual(['policy name was converted to team-a'])
    expect(store.get('TEAM-a')?.name).toBe('team-a')
    expect(canRead(store, ['Team-A'], 'a')).toBe(true)
    expect(store.list()).toEqual(['root', 'team-a'])
  })

  it('refuses root beside other policies', async () => {
    const store = openStore()
    await store.ensureDefault()
    expect(() => store.acl(['root', 'default'])).toThrow(RootPolicyError)
    expect(store.acl(['root', 'no-such-policy']).root).toBe(true)
  })

  it('makes default once, lets it be changed and not be deleted', async () => {
    const store = openStore()
    await store.ensureDefault()
    expect(store.get('default')?.text).toBe(DEFAULT_POLICY_TEXT)
    expect(canRead(store, ['default'], 'auth/token/lookup-self')).toBe(true)
    await store.put('default', ruleText('a', ['read']))
    await store.ensureDefault()
    expect(canRead(store, ['default'], 'auth/token/lookup-self')).toBe(false)
    await expect(store.delete('default')).rejects.toThrow('cannot delete default policy')
  })

  it('hides response-wrapping and keeps it as it is', async () => {
    const store = openStore()
    expect(store.list()).toEqual(['root'])
    expect(canRead(store, ['response-wrapping'], 'cubbyhole/response')).toBe(true)
    await expect(store.put('response-wrapping', ruleText('*', ['read']))).rejects.toThrow(LogicalError)
  })

  it('takes HCL, JSON and base64 of either', async () => {
    const store = openStore()
    const json = JSON.stringify({ path: { a: { capabilities: ['read'] } } })
    for (const text of [
      json,
      Buffer.from(json).toString('base64'),
      Buffer.from(ruleText('a', ['read'])).toString('base64'),
    ]) {
      await store.put('p', text)
      expect(canRead(store, ['p'], 'a')).toBe(true)
      await store.delete('p')
    }
  })

  it('says what is wrong with a policy, and stores nothing', async () => {
    const storage = flatStorage()
    const store = openStore(storage)
    await expect(store.put('p', 'path "a" {')).rejects.toThrow('failed to parse policy: at 1:10')
    await expect(store.put('p', '  \n')).rejects.toThrow("'policy' parameter not supplied or empty")
    await expect(store.put('.', ruleText('a', ['read']))).rejects.toThrow('a policy name has 1 to')
    await expect(store.put('é'.repeat(50), ruleText('a', ['read']))).rejects.toThrow('a policy name has 1 to')
    expect(storage.entries.size).toBe(0)
  })

  it('S55, S7: any name is one entry, whatever it spells', async () => {
    const storage = flatStorage()
    const store = openStore(storage)
    const names = ['__proto__', 'constructor', 'a/../b', 'a/b', '%2e%2e', 'ü']
    for (const name of names) await store.put(name, ruleText(`s/${names.indexOf(name)}`, ['read']))
    expect(storage.entries.size).toBe(names.length)
    for (const key of storage.entries.keys()) expect(key.split('/')).toHaveLength(2)
    names.forEach((name, index) => expect(canRead(store, [name], `s/${index}`)).toBe(true))
    expect(store.list()).toEqual([...names, 'root'].sort())
    expect(canRead(store, ['tostring', 'valueof'], 's/0')).toBe(false)
  })

  it('decides nothing by guessing: what cannot be read is an error', () => {
    const storage = flatStorage()
    storage.entries.set('acl/p', Buffer.from('{"version":2,"text":""}'))
    storage.entries.set('acl/q', Buffer.from('{"version":1,"text":"path"}'))
    storage.entries.set('acl/r', Buffer.from('no json'))
    const store = openStore(storage)
    for (const name of ['p', 'q', 'r']) expect(() => store.acl([name])).toThrow(StoredPolicyError)
  })
})
