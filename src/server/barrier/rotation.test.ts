import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMemoryStorage, type Storage } from '../storage/index.ts'
import { encryptSealed } from './cipher.ts'
import { code, dump, gated, isZero, makeBarrier, options, put, rootKey, textAt, turn } from './fixture.case.ts'
import { createBarrier, MOST_ENCRYPTIONS } from './index.ts'
import { decodeKeyring, encodeKeyring, isNewerKeyring, newKeyring } from './keyring.ts'

const HOUR = 3_600_000

/** The layout of format 1, written down apart from the code: no rotation settings. */
function formatOne(keys: readonly Buffer[]): Buffer {
  const [nameMacKey, nameKey, ...rest] = keys
  const count = Buffer.alloc(2)
  count.writeUInt16BE(rest.length)
  const terms = rest.map((key, index) => {
    const head = Buffer.alloc(20)
    head.writeUInt32BE(index + 1)
    head.writeBigUInt64BE(BigInt(1_700_000_000_000 + index), 4)
    head.writeBigUInt64BE(BigInt(1000 + index), 12)
    return Buffer.concat([head, key])
  })
  return Buffer.concat([Buffer.from([1]), nameMacKey ?? Buffer.alloc(0), nameKey ?? Buffer.alloc(0), count, ...terms])
}

async function storeAsKeyring(lower: Storage, plain: Buffer): Promise<void> {
  const value = encryptSealed(plain, { term: 0, key: rootKey, nonce: randomBytes(12), context: 'core/keyring' })
  await lower.commit([{ kind: 'put', key: 'core/keyring', value }])
}

describe('the stored keyring', () => {
  const four = Array.from({ length: 4 }, () => randomBytes(32))

  it('of format 1 is read, with the usual rotation', () => {
    expect(decodeKeyring(formatOne(four))).toEqual({
      rotation: { enabled: true, maxOperations: MOST_ENCRYPTIONS, interval: 0 },
      nameMacKey: four[0],
      nameKey: four[1],
      terms: [
        { term: 1, installed: 1_700_000_000_000, reserved: 1000, key: four[2] },
        { term: 2, installed: 1_700_000_000_001, reserved: 1001, key: four[3] },
      ],
    })
  })

  it('comes back as it was stored, and of no other length', () => {
    const keyring = {
      ...newKeyring(randomBytes, 5),
      rotation: { enabled: false, maxOperations: 2_000_000, interval: HOUR },
    }
    const bytes = encodeKeyring(keyring)
    expect(bytes[0]).toBe(2)
    expect(decodeKeyring(bytes)).toEqual(keyring)
    for (const wrong of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)]), bytes.subarray(0, 70)])
      expect(decodeKeyring(wrong)).toBeUndefined()
    for (const wrong of [formatOne(four).subarray(0, -1), Buffer.from([1]), Buffer.alloc(0), Buffer.from([0])])
      expect(decodeKeyring(wrong)).toBeUndefined()
    expect([isNewerKeyring(bytes), isNewerKeyring(Buffer.from([3]))]).toEqual([false, true])
  })

  it('of format 1 unseals, becomes format 2 with its next change, and keeps every key', async () => {
    const lower = createMemoryStorage()
    await storeAsKeyring(lower, formatOne(four))
    const barrier = createBarrier({ lower, ...options })
    barrier.unseal(rootKey)
    await barrier.view('a/').commit([put('x')])
    await barrier.setRotation({ enabled: true, maxOperations: 1_000_000, interval: 0 })
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(rootKey)
    expect(textAt(fresh.view('a/'), 'x')).toBe('x')
    expect([fresh.activeKey.term, fresh.rotation.maxOperations]).toEqual([2, 1_000_000])
  })

  it('of a later format is refused by name, not as damage', async () => {
    const lower = createMemoryStorage()
    const later = encodeKeyring(newKeyring(randomBytes, 0))
    later[0] = 3
    await storeAsKeyring(lower, later)
    expect(() => createBarrier({ lower, ...options }).unseal(rootKey)).toThrow(code('barrier-version'))
    later[0] = 0
    await storeAsKeyring(lower, later)
    expect(() => createBarrier({ lower, ...options }).unseal(rootKey)).toThrow(code('barrier-corrupt'))
  })
})

describe('rotation', () => {
  it('counts encryptions, and starts over with a new key', async () => {
    let now = 1000
    const { barrier, lower } = await makeBarrier(createMemoryStorage(), { now: () => now, reserveAtOnce: 100 })
    await barrier.view('a/').commit([put('x'), put('y')])
    expect(barrier.activeKey).toEqual({ term: 1, installed: 1000, encryptions: 2 })
    now = 2000
    await barrier.rotate()
    expect(barrier.activeKey).toEqual({ term: 2, installed: 2000, encryptions: 0 })
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(rootKey)
    // What was reserved and perhaps not used counts as used.
    expect(fresh.activeKey).toEqual({ term: 2, installed: 2000, encryptions: 100 })
  })

  it('comes by itself after as many encryptions as are set', async () => {
    const { barrier } = await makeBarrier(createMemoryStorage(), { reserveAtOnce: 10 })
    const view = barrier.view('a/')
    await barrier.setRotation({ enabled: true, maxOperations: 40, interval: 0 })
    for (let i = 0; i < 100; i += 1) await view.commit([put(`k${i}`)])
    expect(barrier.activeKey.term).toBe(3)
    await barrier.setRotation({ enabled: false, maxOperations: 40, interval: 0 })
    for (let i = 0; i < 100; i += 1) await view.commit([put(`k${i}`)])
    expect(barrier.activeKey.term).toBe(3)
  })

  it('does not let a setting reach beyond what nonces allow, on or off', async () => {
    for (const enabled of [true, false]) {
      const { barrier, lower } = await makeBarrier(createMemoryStorage(), { mostEncryptions: 50, reserveAtOnce: 10 })
      await barrier.setRotation({ enabled, maxOperations: 1_000_000, interval: 0 })
      for (let i = 0; i < 120; i += 1) await barrier.view('a/').commit([put(`k${i}`)])
      const uses = new Map<number, number>()
      for (const [, value] of dump(lower, 'entries/'))
        uses.set(value.readUInt32BE(0), (uses.get(value.readUInt32BE(0)) ?? 0) + 1)
      expect(Math.max(...uses.values())).toBeLessThanOrEqual(50)
      expect(uses.size).toBeGreaterThan(2)
    }
  })

  it('comes when the key is old enough, and not before or when it is off', async () => {
    let now = 0
    const { barrier } = await makeBarrier(createMemoryStorage(), { now: () => now })
    await barrier.rotateIfDue()
    await barrier.setRotation({ enabled: true, maxOperations: 1_000_000, interval: 24 * HOUR })
    now = 24 * HOUR - 1
    await barrier.rotateIfDue()
    expect(barrier.activeKey.term).toBe(1)
    now += 1
    await barrier.rotateIfDue()
    await barrier.rotateIfDue()
    expect(barrier.activeKey).toMatchObject({ term: 2, installed: 24 * HOUR })
    await barrier.setRotation({ enabled: false, maxOperations: 1_000_000, interval: 24 * HOUR })
    now += 48 * HOUR
    await barrier.rotateIfDue()
    expect(barrier.activeKey.term).toBe(2)
  })

  it('comes when a lower limit is set than has been used', async () => {
    const { barrier } = await makeBarrier()
    for (let i = 0; i < 5; i += 1) await barrier.view('a/').commit([put(`k${i}`)])
    await barrier.setRotation({ enabled: true, maxOperations: 5, interval: 0 })
    await barrier.rotateIfDue()
    expect(barrier.activeKey.term).toBe(2)
  })
})

describe('another root key', () => {
  const other = randomBytes(32)
  const beside = { kind: 'put', key: 'core/beside', value: Buffer.from('text') } as const

  it('opens the keyring from then on, and the old one does not', async () => {
    const { barrier, lower } = await makeBarrier()
    await barrier.view('a/').commit([put('x')])
    const given = Buffer.from(other)
    await barrier.changeRootKey(given, [beside])
    // The barrier keeps a copy of its own.
    given.fill(0)
    await barrier.rotate()
    await barrier.view('a/').commit([put('y')])
    expect(Buffer.from(lower.get('core/beside') ?? []).toString()).toBe('text')
    expect(() => createBarrier({ lower, ...options }).unseal(rootKey)).toThrow(code('barrier-wrong-key'))
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(other)
    expect([textAt(fresh.view('a/'), 'x'), textAt(fresh.view('a/'), 'y')]).toEqual(['x', 'y'])
  })

  it('is not used, nor anything beside it written, when it cannot be stored', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage)
    await barrier.ready()
    gate.fail()
    await expect(barrier.changeRootKey(other, [beside])).rejects.toThrow('disk')
    gate.open()
    await barrier.rotate()
    const fresh = createBarrier({ lower: gate.storage, ...options })
    fresh.unseal(rootKey)
    expect(fresh.activeKey.term).toBe(2)
    expect(gate.storage.get('core/beside')).toBeUndefined()
  })

  it('waits its turn: no change of the keyring brings the old one back', async () => {
    const { barrier, lower } = await makeBarrier()
    await Promise.all([barrier.rotate(), barrier.changeRootKey(other, []), barrier.rotate(), barrier.rotate()])
    const fresh = createBarrier({ lower, ...options })
    fresh.unseal(other)
    expect(fresh.activeKey.term).toBe(4)
  })

  it('counts when the barrier is sealed while it is stored, and leaves no key in memory', async () => {
    const gate = gated(createMemoryStorage())
    const { barrier } = await makeBarrier(gate.storage)
    await barrier.ready()
    gate.shut()
    const change = barrier.changeRootKey(other, [beside])
    await turn()
    barrier.seal()
    gate.open()
    await change
    expect(barrier.sealed).toBe(true)
    const fresh = createBarrier({ lower: gate.storage, ...options })
    fresh.unseal(other)
    expect(fresh.sealed).toBe(false)
  })

  it('is refused while sealed', async () => {
    const { barrier } = await makeBarrier()
    barrier.seal()
    await expect(barrier.changeRootKey(other, [])).rejects.toEqual(code('barrier-sealed'))
    expect(isZero(other)).toBe(false)
  })
})
