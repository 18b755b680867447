import { randomBytes } from 'node:crypto'
import { combine } from 'shamir-secret-sharing'
import { describe, expect, it } from 'vitest'
import { LogicalError } from '../logical/index.ts'
import { createMemoryStorage, type Storage } from '../storage/index.ts'
import { hex, initialized, make, refusal } from './sealed.case.ts'

describe('initialisation', () => {
  it.each([
    [0, 1, 'shares must be at least one'],
    [-1, 1, 'shares must be at least one'],
    [1, 0, 'threshold must be at least one'],
    [3, 1, 'threshold must be greater than one for multiple shares'],
    [256, 3, 'shares must be less than 256'],
    [3, 4, 'threshold cannot be larger than shares'],
  ])('refuses %i shares with a threshold of %i', async (shares, threshold, reason) => {
    const { seal, lower } = make()
    await expect(seal.init({ shares, threshold })).rejects.toEqual(refusal(`invalid seal configuration: ${reason}`))
    expect(lower.list('')).toEqual([])
  })

  it('makes shares of 33 bytes that Vault’s own format combines, and stays sealed', async () => {
    const { seal, keys } = await initialized(5, 3)
    expect(keys.map((key) => key.length)).toEqual([33, 33, 33, 33, 33])
    expect(new Set(keys.map((key) => key[32])).size).toBe(5)
    const key = await combine(keys.slice(1, 4).map((share) => new Uint8Array(share)))
    expect(() => seal.verifyKey(Buffer.from(key))).not.toThrow()
    expect(seal.status()).toMatchObject({
      initialized: true,
      sealed: true,
      shares: 5,
      threshold: 3,
      progress: 0,
      nonce: '',
    })
  })

  it('with one share gives the key itself', async () => {
    const { seal, keys } = await initialized(1, 1)
    expect(keys.map((key) => key.length)).toEqual([32])
    await seal.unsealWithKey(keys[0] ?? Buffer.alloc(0))
    expect(seal.status().sealed).toBe(false)
  })

  it('happens once', async () => {
    const { seal } = await initialized(1, 1)
    await expect(seal.init({ shares: 1, threshold: 1 })).rejects.toEqual(refusal('Vault is already initialized'))
  })

  it('leaves the store uninitialised when its last write fails, and wipes the keys', async () => {
    const lower = createMemoryStorage()
    const drawn: Buffer[] = []
    let commits = 0
    const failing: Storage = {
      ...lower,
      commit: (writes) => {
        commits += 1
        return commits === 2 ? Promise.reject(new Error('disk')) : lower.commit(writes)
      },
    }
    const random = (bytes: number) => {
      const buffer = randomBytes(bytes)
      if (bytes === 32) drawn.push(buffer)
      return buffer
    }
    await expect(make(failing, random).seal.init({ shares: 3, threshold: 2 })).rejects.toThrow('disk')
    expect(make(lower).seal.status()).toMatchObject({
      initialized: false,
      sealed: true,
      shares: 0,
      threshold: 0,
      storeId: '',
    })
    expect(drawn.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true)
    await expect(make(lower).seal.init({ shares: 3, threshold: 2 })).resolves.toBeDefined()
  })

  it('S45: leaves neither the seal key nor the root key on disk or in the generator’s buffers', async () => {
    const drawn: Buffer[] = []
    const random = (bytes: number) => {
      const buffer = randomBytes(bytes)
      if (bytes === 32) drawn.push(buffer)
      return buffer
    }
    const { seal, lower } = make(createMemoryStorage(), random)
    const { keys, rootKey } = await seal.init({ shares: 1, threshold: 1 })
    const disk = Buffer.concat(
      ['core/seal-config', 'core/hsm/barrier-unseal-keys', 'core/keyring'].map((key) =>
        Buffer.from(lower.get(key) ?? []),
      ),
    )
    for (const key of [...keys, rootKey]) expect(disk.includes(key)).toBe(false)
    rootKey.fill(0)
    expect(drawn.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true)
  })
})

describe('unsealing', () => {
  it('counts shares up to the threshold, under one nonce', async () => {
    const { seal, keys } = await initialized(5, 3)
    const first = await seal.submitUnsealKey(hex(keys[4]))
    expect(first).toMatchObject({ sealed: true, progress: 1 })
    expect(first.nonce).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const second = await seal.submitUnsealKey(keys[0]?.toString('base64') ?? '')
    expect(second).toMatchObject({ sealed: true, progress: 2, nonce: first.nonce })
    expect(await seal.submitUnsealKey(hex(keys[2]).toUpperCase())).toMatchObject({
      sealed: false,
      progress: 0,
      nonce: '',
    })
  })

  it('does not count a share twice', async () => {
    const { seal, keys } = await initialized(3, 2)
    await seal.submitUnsealKey(hex(keys[0]))
    expect(await seal.submitUnsealKey(keys[0]?.toString('base64') ?? '')).toMatchObject({ sealed: true, progress: 1 })
  })

  it('starts over after a wrong combination', async () => {
    const { seal, keys } = await initialized(3, 2)
    const other = await initialized(3, 2)
    await seal.submitUnsealKey(hex(keys[0]))
    await expect(seal.submitUnsealKey(hex(other.keys[1]))).rejects.toEqual(refusal('unseal failed, invalid key'))
    expect(seal.status()).toMatchObject({ sealed: true, progress: 0, nonce: '' })
    await seal.submitUnsealKey(hex(keys[1]))
    expect((await seal.submitUnsealKey(hex(keys[2]))).sealed).toBe(false)
  })

  it('refuses shares of different lengths as a wrong combination', async () => {
    const { seal, keys } = await initialized(3, 2)
    await seal.submitUnsealKey(hex(keys[0]))
    await expect(seal.submitUnsealKey(hex(randomBytes(20)))).rejects.toEqual(refusal('unseal failed, invalid key'))
    expect(seal.status().progress).toBe(0)
  })

  it.each([
    ['not a key!', "'key' must be a valid hex or base64 string"],
    ['abc', "'key' must be a valid hex or base64 string"],
    ['AAAA', 'invalid key: key is shorter than minimum 16 bytes'],
    [Buffer.alloc(34).toString('base64'), 'invalid key: key is longer than maximum 33 bytes'],
  ])('refuses %j', async (text, reason) => {
    const { seal } = await initialized(3, 2)
    await expect(seal.submitUnsealKey(text)).rejects.toEqual(refusal(reason))
    expect(seal.status().progress).toBe(0)
  })

  it('forgets what was given when it is reset or sealed', async () => {
    const { seal, keys } = await initialized(3, 2)
    await seal.submitUnsealKey(hex(keys[0]))
    expect(seal.resetUnseal()).toMatchObject({ progress: 0, nonce: '' })
    await seal.submitUnsealKey(hex(keys[0]))
    seal.sealNow()
    expect(seal.status()).toMatchObject({ sealed: true, progress: 0, nonce: '' })
  })

  it('changes nothing while unsealed', async () => {
    const { seal, keys } = await initialized(1, 1)
    await seal.submitUnsealKey(hex(keys[0]))
    expect(await seal.submitUnsealKey(hex(randomBytes(32)))).toMatchObject({ sealed: false, progress: 0 })
  })

  it('refuses while uninitialised', async () => {
    const { seal } = make()
    await expect(seal.submitUnsealKey('00'.repeat(32))).rejects.toEqual(refusal('Vault is not initialized'))
    expect(() => seal.verifyKey(Buffer.alloc(32))).toThrow(LogicalError)
  })

  it('opens again what was written before sealing, also in a new process', async () => {
    const { seal, barrier, lower, keys } = await initialized(1, 1)
    const key = keys[0] ?? Buffer.alloc(0)
    await seal.unsealWithKey(key)
    await barrier.view('a/').commit([{ kind: 'put', key: 'x', value: Buffer.from('text') }])
    // Ready: what is not stored can be encrypted at once.
    expect(() => barrier.encrypt('token', Buffer.from('x'))).not.toThrow()
    seal.sealNow()
    expect(seal.status().sealed).toBe(true)
    const later = make(lower)
    await later.seal.unsealWithKey(key)
    expect(Buffer.from(later.barrier.view('a/').get('x') ?? []).toString()).toBe('text')
    expect(later.seal.status().storeId).toBe(seal.status().storeId)
  })

  it('accepts the whole seal key and no other', async () => {
    const { seal, keys } = await initialized(1, 1)
    const key = keys[0] ?? Buffer.alloc(0)
    for (const wrong of [
      randomBytes(32),
      Buffer.alloc(0),
      key.subarray(0, 31),
      Buffer.concat([key, Buffer.alloc(1)]),
    ]) {
      await expect(seal.unsealWithKey(wrong)).rejects.toEqual(refusal('unseal failed, invalid key'))
      expect(() => seal.verifyKey(wrong)).toThrow('unseal failed, invalid key')
    }
    expect(seal.status().sealed).toBe(true)
    expect(() => seal.verifyKey(key)).not.toThrow()
    expect(seal.status().sealed).toBe(true)
  })
})

describe('S46: what the seal stored', () => {
  it('does not open when it comes from another store', async () => {
    const { seal, lower, keys } = await initialized(1, 1)
    const other = await initialized(1, 1)
    const path = 'core/hsm/barrier-unseal-keys'
    await lower.commit([{ kind: 'put', key: path, value: other.lower.get(path) ?? Buffer.alloc(0) }])
    expect(() => seal.verifyKey(keys[0] ?? Buffer.alloc(0))).toThrow('unseal failed, invalid key')
    expect(() => seal.verifyKey(other.keys[0] ?? Buffer.alloc(0))).toThrow('unseal failed, invalid key')
  })

  it.each([
    '',
    '{}',
    '{"version":0,"type":"shamir","secret_shares":1,"secret_threshold":1,"storeId":"x"}',
    '{"version":1,"type":"shamir","secret_shares":1,"secret_threshold":2,"storeId":"x"}',
  ])('is an error and not "uninitialised" when the configuration reads %j', async (text) => {
    const lower = createMemoryStorage()
    await lower.commit([{ kind: 'put', key: 'core/seal-config', value: Buffer.from(text) }])
    expect(() => make(lower).seal.status()).toThrow(expect.objectContaining({ code: 'seal-corrupt' }))
  })

  it('is refused by name, not as damage, when a later Plenum wrote it', async () => {
    const lower = createMemoryStorage()
    const value = Buffer.from('{"version":2,"type":"other","storeId":"x"}')
    await lower.commit([{ kind: 'put', key: 'core/seal-config', value }])
    expect(() => make(lower).seal.status()).toThrow(expect.objectContaining({ code: 'seal-version' }))
    await expect(make(lower).seal.init({ shares: 1, threshold: 1 })).rejects.toThrow('use that one')
    expect(lower.get('core/seal-config')).toEqual(Uint8Array.from(value))
  })

  it('is an error when the root key is missing', async () => {
    const { seal, lower, keys } = await initialized(1, 1)
    await lower.commit([{ kind: 'delete', key: 'core/hsm/barrier-unseal-keys' }])
    await expect(seal.unsealWithKey(keys[0] ?? Buffer.alloc(0))).rejects.toThrow(
      expect.objectContaining({ code: 'seal-corrupt' }),
    )
  })
})
