import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMemoryStorage, StorageKeyError } from '../storage/index.ts'
import { storageSuite } from '../storage/storage.case.ts'
import {
  code,
  dump,
  gated,
  isZero,
  makeBarrier,
  options,
  put,
  rootKey,
  storedKeyOf,
  textAt,
  turn,
} from './fixture.case.ts'
import { BarrierError, createBarrier } from './index.ts'

storageSuite({
  name: 'a barrier view',
  open: async () => (await makeBarrier()).barrier.view('logical/1/'),
  closes: false,
  runs: 60,
})
storageSuite({
  name: 'a barrier view that rotates all the time',
  open: async () =>
    (await makeBarrier(createMemoryStorage(), { mostEncryptions: 6000, reserveAtOnce: 2 })).barrier.view('auth/2/'),
  closes: false,
  runs: 20,
})

describe('what lies on disk', () => {
  it('holds no name and no value in clear', async () => {
    const { barrier, lower } = await makeBarrier()
    await barrier.view('logical/mount-uuid/').commit([put('data/planted-name/1', 'planted-value')])
    const disk = dump(lower)
      .map(([key, value]) => key + value.toString('latin1'))
      .join('\n')
    for (const planted of ['planted', 'mount-uuid', 'logical', 'data']) expect(disk).not.toContain(planted)
    expect(disk).toContain('core/keyring')
  })

  it('starts with the term, the layout version and a nonce, as Vault does', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    const key = await storedKeyOf(lower, () => view.commit([put('x', 'text')]))
    const sealed = Buffer.from(lower.get(key) ?? [])
    expect(sealed.readUInt32BE(0)).toBe(1)
    expect(sealed[4]).toBe(2)
    expect(sealed).toHaveLength(4 + 1 + 12 + 'text'.length + 16)
  })

  it('never shows a nonce twice', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    await view.commit(Array.from({ length: 2000 }, (_, i) => put(`k${i}`, 'same')))
    const nonces = dump(lower, 'entries/').map(([, value]) => value.subarray(5, 17).toString('hex'))
    expect(new Set(nonces).size).toBe(2000)
  })

  it('gives one name another key below another folder', async () => {
    const { barrier, lower } = await makeBarrier()
    await barrier.view('a/').commit([put('x/same'), put('y/same')])
    const last = dump(lower, 'entries/').map(([key]) => key.split('/').at(-1))
    expect(new Set(last).size).toBe(2)
  })
})

describe('views', () => {
  it('see one store: a path is the same through a wider one', async () => {
    const { barrier } = await makeBarrier()
    await barrier.view('core/audit/').commit([put('x', '1')])
    expect(textAt(barrier.view('core/'), 'audit/x')).toBe('1')
    expect(textAt(barrier.view(''), 'core/audit/x')).toBe('1')
    expect(barrier.view('').list('')).toEqual(['core/'])
    await barrier.view('').commit([{ kind: 'delete', key: 'core/audit/x' }])
    expect(barrier.view('core/audit/').get('x')).toBeUndefined()
  })

  it('do not leave their prefix', async () => {
    const { barrier } = await makeBarrier()
    await barrier.view('b/').commit([put('secret')])
    const view = barrier.view('a/')
    for (const key of ['../b/secret', '/b/secret', '..', './../b/secret'])
      expect(() => view.get(key)).toThrow(StorageKeyError)
    expect(() => barrier.view('a')).toThrow(StorageKeyError)
  })

  it('refuse a path that the store cannot hold once its names are encrypted', async () => {
    const { barrier } = await makeBarrier()
    const view = barrier.view('a/')
    await expect(view.commit([put(`deep${'/x'.repeat(200)}`)])).rejects.toThrow('storage key is longer than 1978 bytes')
    await expect(view.commit([put('n'.repeat(1200))])).resolves.toBeUndefined()
  })
})

describe('S45: sealing', () => {
  it('refuses every use, and unseals with the root key alone', async () => {
    const { barrier } = await makeBarrier()
    const view = barrier.view('a/')
    await view.commit([put('x')])
    barrier.seal()
    expect(barrier.sealed).toBe(true)
    expect(() => view.get('x')).toThrow(code('barrier-sealed'))
    expect(() => view.list('')).toThrow(code('barrier-sealed'))
    await expect(view.commit([put('y')])).rejects.toThrow(code('barrier-sealed'))
    await expect(barrier.rotate()).rejects.toThrow(code('barrier-sealed'))
    expect(() => barrier.encrypt('c', Buffer.alloc(1))).toThrow(code('barrier-sealed'))
    expect(() => barrier.decrypt('c', Buffer.alloc(50))).toThrow(code('barrier-sealed'))
    expect(() => barrier.unseal(randomBytes(32))).toThrow(code('barrier-wrong-key'))
    expect(barrier.sealed).toBe(true)
    barrier.unseal(rootKey)
    expect(textAt(view, 'x')).toBe('x')
  })

  it('overwrites every key that came from the generator', async () => {
    const drawn: Buffer[] = []
    const random = (bytes: number) => {
      const buffer = randomBytes(bytes)
      if (bytes === 32) drawn.push(buffer)
      return buffer
    }
    const { barrier } = await makeBarrier(createMemoryStorage(), { random })
    // The keyring that was made has been stored, and its keys are gone from memory.
    expect(drawn).toHaveLength(3)
    expect(drawn.every(isZero)).toBe(true)
    await barrier.rotate()
    expect(drawn).toHaveLength(4)
    expect(drawn.every(isZero)).toBe(false)
    barrier.seal()
    expect(drawn.every(isZero)).toBe(true)
  })

  it('does not keep or change the caller’s root key', async () => {
    const { lower } = await makeBarrier()
    const barrier = createBarrier({ lower, ...options })
    const mine = Buffer.from(rootKey)
    barrier.unseal(mine)
    mine.fill(0)
    await barrier.rotate()
    barrier.seal()
    expect(() => barrier.unseal(rootKey)).not.toThrow()
  })

  it('wipes a new key whose storing a seal overtook, and what was stored opens', async () => {
    const lower = createMemoryStorage()
    const gate = gated(lower)
    const drawn: Buffer[] = []
    const random = (bytes: number) => {
      const buffer = randomBytes(bytes)
      if (bytes === 32) drawn.push(buffer)
      return buffer
    }
    const { barrier } = await makeBarrier(gate.storage, { random })
    gate.shut()
    const rotating = barrier.rotate()
    await turn()
    barrier.seal()
    gate.open()
    await expect(rotating).rejects.toThrow(code('barrier-sealed'))
    expect(drawn.every(isZero)).toBe(true)
    barrier.unseal(rootKey)
    expect(barrier.activeKey.term).toBe(2)
  })

  it('never encrypts with a wiped key, whenever the seal overtakes a write that waits for its reservation', async () => {
    for (let steps = 0; steps < 25; steps += 1) {
      const gate = gated(createMemoryStorage())
      const { barrier } = await makeBarrier(gate.storage)
      gate.shut()
      const writing = barrier.view('a/').commit([put('x', 'text')])
      await turn()
      gate.open()
      for (let step = 0; step < steps; step += 1) await Promise.resolve()
      barrier.seal()
      const outcome = await writing.then(
        () => 'written',
        (error: unknown) => (error instanceof BarrierError ? error.code : error),
      )
      expect(['written', 'barrier-sealed']).toContain(outcome)
      barrier.unseal(rootKey)
      expect([undefined, 'text']).toContain(textAt(barrier.view('a/'), 'x'))
    }
  })

  it('does not let a write that a seal overtook fill the next cache', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage)
    const view = barrier.view('a/')
    await view.commit([put('x', 'old')])
    gate.shut()
    const writing = view.commit([put('x', 'new')])
    await turn()
    barrier.seal()
    barrier.unseal(rootKey)
    expect(textAt(view, 'x')).toBe('old')
    gate.open()
    await writing
    barrier.seal()
    barrier.unseal(rootKey)
    expect(textAt(view, 'x')).toBe('new')
  })
})

describe('the cache', () => {
  it('shows a batch whole or not at all, also when one of its entries was read before', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage)
    const view = barrier.view('a/')
    await view.commit([put('x', '1'), put('y', '1')])
    barrier.seal()
    barrier.unseal(rootKey)
    await barrier.ready()
    view.get('x')
    gate.shut()
    const writing = view.commit([put('x', '2'), put('y', '2'), { kind: 'delete', key: 'z' }])
    await turn()
    expect([textAt(view, 'x'), textAt(view, 'y')]).toEqual(['1', '1'])
    gate.showThenHold()
    expect([textAt(view, 'x'), textAt(view, 'y')]).toEqual(['2', '2'])
    gate.open()
    await writing
    expect([textAt(view, 'x'), textAt(view, 'y')]).toEqual(['2', '2'])
  })

  it('keeps the old state when a commit fails', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage)
    const view = barrier.view('a/')
    await view.commit([put('x', '1')])
    gate.fail()
    await expect(view.commit([put('x', '2'), put('y', '2')])).rejects.toThrow('disk')
    expect(textAt(view, 'x')).toBe('1')
    expect(view.get('y')).toBeUndefined()
    expect(view.list('')).toEqual(['x'])
  })

  it('ends with what the store holds when two batches write one path at the same time', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    await Promise.all(Array.from({ length: 20 }, (_, i) => view.commit([put('x', String(i))])))
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(rootKey)
    expect(textAt(view, 'x')).toBe(textAt(fresh.view('a/'), 'x'))
  })
})
