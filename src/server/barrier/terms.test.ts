import { describe, expect, it } from 'vitest'
import { createMemoryStorage } from '../storage/index.ts'
import { code, dump, gated, makeBarrier, options, put, rootKey, textAt, turn } from './fixture.case.ts'
import { createBarrier } from './index.ts'

describe('terms', () => {
  it('rotate without losing what older ones encrypted', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    await view.commit([put('first')])
    await barrier.rotate()
    await view.commit([put('second')])
    await barrier.rotate()
    expect(barrier.activeKey.term).toBe(3)
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(rootKey)
    expect(fresh.activeKey.term).toBe(3)
    expect([textAt(fresh.view('a/'), 'first'), textAt(fresh.view('a/'), 'second')]).toEqual(['first', 'second'])
  })

  it('are replaced before a key is used more often than it may be', async () => {
    const { barrier, lower } = await makeBarrier(createMemoryStorage(), { mostEncryptions: 100, reserveAtOnce: 10 })
    const view = barrier.view('a/')
    for (let i = 0; i < 60; i += 1) {
      await view.commit(Array.from({ length: 7 }, (_, k) => put(`${i}/${k}`)))
    }
    const uses = new Map<number, number>()
    for (const [, value] of dump(lower, 'entries/'))
      uses.set(value.readUInt32BE(0), (uses.get(value.readUInt32BE(0)) ?? 0) + 1)
    expect([...uses.values()].reduce((a, b) => a + b)).toBe(420)
    expect(Math.max(...uses.values())).toBeLessThanOrEqual(100)
    expect(uses.size).toBeGreaterThan(4)
  })

  it('count what a crash may have left unused as used', async () => {
    const lower = createMemoryStorage()
    await makeBarrier(lower, { mostEncryptions: 100, reserveAtOnce: 30 })
    let terms = 0
    for (let start = 0; start < 9; start += 1) {
      const barrier = createBarrier({ lower, ...options, mostEncryptions: 100, reserveAtOnce: 30 })
      barrier.unseal(rootKey)
      await barrier.view('a/').commit([put(`start ${start}`)])
      terms = barrier.activeKey.term
    }
    expect(terms).toBe(3)
  })

  it('refuse to encrypt when no new block can be stored, go on reading, and recover', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage, { mostEncryptions: 1000, reserveAtOnce: 4 })
    const view = barrier.view('a/')
    await view.commit([put('x')])
    await turn()
    gate.fail()
    const encryptTen = () => {
      for (let i = 0; i < 10; i += 1) barrier.encrypt('c', Buffer.from('x'))
    }
    expect(encryptTen).toThrow(code('barrier-exhausted'))
    expect(encryptTen).toThrow(code('barrier-exhausted'))
    await expect(view.commit([put('y')])).rejects.toThrow('disk')
    expect(textAt(view, 'x')).toBe('x')
    gate.open()
    await view.commit([put('y')])
    expect(textAt(view, 'y')).toBe('y')
  })

  it('let a deletion through when nothing can be encrypted', async () => {
    const { barrier, lower } = await makeBarrier()
    const view = barrier.view('a/')
    await view.commit([put('x')])
    const gate = gated(lower)
    const fresh = createBarrier({ lower: gate.storage, ...options })
    fresh.unseal(rootKey)
    await fresh.view('a/').commit([{ kind: 'delete', key: 'x' }])
    expect(fresh.view('a/').get('x')).toBeUndefined()
    expect(gate.commits()).toBe(1)
  })

  it('keep their number when the new one cannot be stored', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage)
    await barrier.ready()
    gate.fail()
    await expect(barrier.rotate()).rejects.toThrow('disk')
    expect(barrier.activeKey.term).toBe(1)
    gate.open()
    await barrier.rotate()
    expect(barrier.activeKey.term).toBe(2)
  })
})
