import { describe, expect, it } from 'vitest'
import type { Storage } from '../storage/index.ts'
import { code, makeBarrier, options, put, rootKey, storedKeyOf, textAt } from './fixture.case.ts'
import { createBarrier } from './index.ts'

describe('S46: whoever can write the disk cannot change what is read', () => {
  interface Entry {
    readonly view: Storage
    readonly lower: Storage
    readonly one: string
    readonly other: string
    /** A barrier without the first one's cache. */
    readonly reopened: () => Storage
  }
  async function twoEntries(): Promise<Entry> {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    const one = await storedKeyOf(lower, () => view.commit([put('one')]))
    const other = await storedKeyOf(lower, () => view.commit([put('f/other')]))
    const reopened = () => {
      const fresh = createBarrier({ lower, ...options })
      fresh.unseal(rootKey)
      return fresh.view('a/')
    }
    return { view, lower, one, other, reopened }
  }
  const bytesAt = (lower: Storage, key: string) => Buffer.from(lower.get(key) ?? [])
  const write = (lower: Storage, key: string, value: Uint8Array) => lower.commit([{ kind: 'put', key, value }])

  it('two entries swapped are errors', async () => {
    const { lower, one, other, reopened } = await twoEntries()
    const [first, second] = [bytesAt(lower, one), bytesAt(lower, other)]
    await write(lower, one, second)
    await write(lower, other, first)
    expect(() => reopened().get('one')).toThrow(code('barrier-corrupt'))
    expect(() => reopened().get('f/other')).toThrow(code('barrier-corrupt'))
  })

  it('an entry cut off, emptied or with any bit changed is an error', async () => {
    const { lower, one, reopened } = await twoEntries()
    const good = bytesAt(lower, one)
    for (const length of [0, 4, 5, 16, 17, 32, good.length - 1]) {
      await write(lower, one, good.subarray(0, length))
      expect(() => reopened().get('one')).toThrow(code('barrier-corrupt'))
    }
    for (let at = 0; at < good.length; at += 1) {
      const changed = Buffer.from(good)
      changed[at] = (changed[at] ?? 0) ^ 1
      await write(lower, one, changed)
      expect(() => reopened().get('one')).toThrow(code('barrier-corrupt'))
    }
    await write(lower, one, good)
    expect(textAt(reopened(), 'one')).toBe('one')
  })

  it('an entry relabelled with another term is an error, known or not', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    const key = await storedKeyOf(lower, () => view.commit([put('one')]))
    await barrier.rotate()
    for (const term of [0, 2, 3, 0xffff_ffff]) {
      const changed = bytesAt(lower, key)
      changed.writeUInt32BE(term, 0)
      await write(lower, key, changed)
      const fresh = createBarrier({ lower, ...options })
      fresh.unseal(rootKey)
      expect(() => fresh.view('a/').get('one')).toThrow(code('barrier-corrupt'))
    }
  })

  it('a name altered, moved to another folder, or invented is an error and not a wrong name', async () => {
    const { lower, one, other, reopened } = await twoEntries()
    const folder = one.slice(0, one.lastIndexOf('/') + 1)
    const name = one.slice(folder.length)
    const stored = bytesAt(lower, one)
    const otherName = other.split('/').at(-1) ?? ''
    for (const bad of [
      `${name.slice(0, -1)}${name.endsWith('A') ? 'Q' : 'A'}`,
      `${name.startsWith('A') ? 'B' : 'A'}${name.slice(1)}`,
      otherName,
      'x',
      'keyring',
      'AAAAAAAAAAAAAAAAAAAAAA',
    ]) {
      await write(lower, folder + bad, stored)
      expect(() => reopened().list('')).toThrow(code('barrier-corrupt'))
      await lower.commit([{ kind: 'delete', key: folder + bad }])
    }
    // The same bytes in other letters: the last one holds bits that stand for nothing.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const alias = name.slice(0, -1) + letters[letters.indexOf(name.slice(-1)) ^ 1]
    expect(Buffer.from(alias, 'base64url')).toEqual(Buffer.from(name, 'base64url'))
    await write(lower, folder + alias, stored)
    expect(() => reopened().list('')).toThrow(code('barrier-corrupt'))
    await lower.commit([{ kind: 'delete', key: folder + alias }])
    expect(reopened().list('')).toEqual(['f/', 'one'])
  })

  it('a keyring altered, cut off or missing does not unseal', async () => {
    const { lower } = await twoEntries()
    const good = bytesAt(lower, 'core/keyring')
    const unseal = () => createBarrier({ lower, ...options }).unseal(rootKey)
    await write(lower, 'core/keyring', Buffer.from(good).fill(1, 40, 41))
    expect(unseal).toThrow(code('barrier-wrong-key'))
    await write(lower, 'core/keyring', good.subarray(0, 20))
    expect(unseal).toThrow(code('barrier-corrupt'))
    await lower.commit([{ kind: 'delete', key: 'core/keyring' }])
    expect(unseal).toThrow(code('barrier-corrupt'))
  })

  it('an entry put where the keyring lies, or the other way round, does not open', async () => {
    const { lower, one, reopened } = await twoEntries()
    await write(lower, one, bytesAt(lower, 'core/keyring'))
    expect(() => reopened().get('one')).toThrow(code('barrier-corrupt'))
  })
})

describe('encrypt and decrypt', () => {
  it('give back what was encrypted, for the same context only', async () => {
    const { barrier } = await makeBarrier()
    await barrier.ready()
    const sealed = barrier.encrypt('token', Buffer.from('text'))
    expect(barrier.decrypt('token', sealed)?.toString()).toBe('text')
    expect(barrier.decrypt('other', sealed)).toBeUndefined()
    sealed[20] = (sealed[20] ?? 0) ^ 1
    expect(barrier.decrypt('token', sealed)).toBeUndefined()
    expect(barrier.decrypt('token', Buffer.alloc(3))).toBeUndefined()
  })

  it('survive a rotation and a restart', async () => {
    const { barrier, lower } = await makeBarrier()
    await barrier.ready()
    const sealed = barrier.encrypt('token', Buffer.from('text'))
    await barrier.rotate()
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(rootKey)
    expect(fresh.decrypt('token', sealed)?.toString()).toBe('text')
  })

  it('S46: do not open what was stored, nor the other way round', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    const key = await storedKeyOf(lower, () => view.commit([put('x')]))
    expect(barrier.decrypt('a/x', lower.get(key) ?? Buffer.alloc(0))).toBeUndefined()
    await lower.commit([{ kind: 'put', key, value: barrier.encrypt('a/x', Buffer.from('forged')) }])
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(rootKey)
    expect(() => fresh.view('a/').get('x')).toThrow(code('barrier-corrupt'))
  })
})
