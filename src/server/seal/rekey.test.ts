import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMemoryStorage, type Storage } from '../storage/index.ts'
import { createRekey, type Rekey } from './index.ts'
import { hex, make, refusal, type Sealed, unsealed, unsealWith } from './sealed.case.ts'

type World = Sealed & { readonly keys: readonly Buffer[]; readonly rekey: Rekey }

async function world(shares = 3, threshold = 2, made: Sealed = make()): Promise<World> {
  const all = await unsealed(shares, threshold, made)
  return { ...all, rekey: createRekey({ seal: all.seal, random: randomBytes, keepBackup: noBackup }) }
}

/** Gives shares until it is complete. */
async function complete(
  rekey: Rekey,
  keys: readonly Buffer[],
): Promise<{ readonly keys: readonly Buffer[]; readonly verificationNonce: string }> {
  const { nonce } = rekey.status()
  for (const key of keys) {
    const step = await rekey.submit(hex(key), nonce)
    if (step.kind === 'complete') return step
  }
  throw new Error('not complete')
}

const opensWith = (lower: Storage, keys: readonly Buffer[]): Promise<boolean> => unsealWith(make(lower).seal, keys)
const noBackup = () => Promise.reject(new Error('nobody asked for a backup'))
const two = { shares: 5, threshold: 3, verify: false }

describe('a rekey', () => {
  it('counts shares up to today’s threshold, and answers the new ones', async () => {
    const { rekey, keys, seal } = await world()
    expect(rekey.status()).toEqual({
      started: false,
      nonce: '',
      shares: 0,
      threshold: 0,
      progress: 0,
      required: 2,
      verificationRequired: false,
      verificationNonce: '',
      pgpFingerprints: undefined,
      backup: false,
    })
    const started = rekey.start(two)
    expect(started).toMatchObject({ started: true, shares: 5, threshold: 3, progress: 0, required: 2 })
    expect(await rekey.submit(hex(keys[0]), started.nonce)).toEqual({
      kind: 'progress',
      status: { ...started, progress: 1 },
    })
    const done = await rekey.submit(keys[2]?.toString('base64') ?? '', started.nonce)
    expect(done).toMatchObject({ kind: 'complete', nonce: started.nonce, verificationNonce: '' })
    expect(seal.status()).toMatchObject({ shares: 5, threshold: 3, sealed: false })
    expect(rekey.status()).toMatchObject({ started: false, required: 3 })
  })

  it('leaves the new shares alone to open the store, and what was stored readable', async () => {
    const { rekey, keys, lower, barrier } = await world()
    await barrier.view('a/').commit([{ kind: 'put', key: 'x', value: Buffer.from('text') }])
    rekey.start(two)
    const made = await complete(rekey, keys)
    expect(made.keys.map((key) => key.length)).toEqual([33, 33, 33, 33, 33])
    // Still unsealed, and what it stores from now on opens as well.
    await barrier.rotate()
    await barrier.view('a/').commit([{ kind: 'put', key: 'y', value: Buffer.from('more') }])
    await expect(opensWith(lower, keys)).rejects.toEqual(refusal('unseal failed, invalid key'))
    const later = make(lower)
    expect(await unsealWith(later.seal, made.keys.slice(1, 4))).toBe(true)
    expect(['x', 'y'].map((key) => Buffer.from(later.barrier.view('a/').get(key) ?? []).toString())).toEqual([
      'text',
      'more',
    ])
  })

  it('goes from one key to several and back', async () => {
    const { rekey, keys, lower } = await world(1, 1)
    rekey.start(two)
    const several = await complete(rekey, keys)
    rekey.start({ shares: 1, threshold: 1, verify: false })
    const one = await complete(rekey, several.keys)
    expect(one.keys.map((key) => key.length)).toEqual([32])
    expect(await opensWith(lower, one.keys)).toBe(true)
  })

  it('changes the root key: the old one does not open the new keyring', async () => {
    const made = make()
    const { keys, rootKey } = await made.seal.init({ shares: 1, threshold: 1 })
    await unsealWith(made.seal, keys)
    const rekey = createRekey({ seal: made.seal, random: randomBytes, keepBackup: noBackup })
    rekey.start(two)
    await complete(rekey, keys)
    expect(() => make(made.lower).barrier.unseal(rootKey)).toThrow(
      expect.objectContaining({ code: 'barrier-wrong-key' }),
    )
  })

  it('refuses a second one, and takes no nonce but its own', async () => {
    const { rekey, keys } = await world()
    await expect(rekey.submit(hex(keys[0]), '')).rejects.toEqual(refusal('no barrier rekey in progress'))
    const { nonce } = rekey.start(two)
    expect(() => rekey.start(two)).toThrow('rekey already in progress')
    for (const wrong of ['', 'x', nonce.toUpperCase()])
      await expect(rekey.submit(hex(keys[0]), wrong)).rejects.toEqual(
        refusal(`incorrect nonce supplied; nonce for this rekey operation is "${nonce}"`),
      )
    expect(rekey.status().progress).toBe(0)
  })

  it.each([
    [0, 1, 'shares must be at least one'],
    [3, 1, 'threshold must be greater than one for multiple shares'],
    [256, 3, 'shares must be less than 256'],
    [3, 4, 'threshold cannot be larger than shares'],
  ])('refuses %i shares with a threshold of %i', async (shares, threshold, reason) => {
    const { rekey } = await world()
    expect(() => rekey.start({ shares, threshold, verify: false })).toThrow(
      `invalid rekey seal configuration: ${reason}`,
    )
    expect(rekey.status().started).toBe(false)
  })

  it('refuses a share given twice, and starts over after a wrong combination', async () => {
    const { rekey, keys, lower } = await world()
    const { nonce } = rekey.start(two)
    await rekey.submit(hex(keys[0]), nonce)
    await expect(rekey.submit(keys[0]?.toString('base64') ?? '', nonce)).rejects.toEqual(
      refusal('given key has already been provided during this generation operation'),
    )
    await expect(rekey.submit(hex(randomBytes(33)), nonce)).rejects.toEqual(refusal('rekey failed, invalid key'))
    expect(rekey.status()).toMatchObject({ started: true, nonce, progress: 0 })
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)
    await complete(rekey, keys)
  })

  it('forgets everything when it is cancelled', async () => {
    const { rekey, keys } = await world()
    const { nonce } = rekey.start(two)
    await rekey.submit(hex(keys[0]), nonce)
    rekey.cancel()
    rekey.cancel()
    expect(rekey.status()).toMatchObject({ started: false, nonce: '', progress: 0 })
    expect(rekey.start(two).nonce).not.toBe(nonce)
    expect(rekey.status().progress).toBe(0)
  })

  it('is not carried out when it is cancelled, or the server sealed, while shares are combined', async () => {
    const { rekey, keys, lower } = await world()
    const { nonce } = rekey.start(two)
    await rekey.submit(hex(keys[0]), nonce)
    const last = rekey.submit(hex(keys[1]), nonce)
    rekey.cancel()
    await expect(last).rejects.toEqual(refusal('no barrier rekey in progress'))
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)
  })

  it('makes new shares once, when two quorums are complete at the same moment', async () => {
    for (const verify of [false, true]) {
      const { rekey, keys } = await world(4, 2)
      const { nonce } = rekey.start({ ...two, verify })
      const answers = await Promise.allSettled(keys.map((key) => rekey.submit(hex(key), nonce)))
      expect(answers.filter((one) => one.status === 'fulfilled' && one.value.kind === 'complete')).toHaveLength(1)
    }
  })

  it('keeps the old shares when the new ones cannot be stored', async () => {
    const lower = createMemoryStorage()
    let broken = false
    const storage: Storage = {
      ...lower,
      commit: (writes) => (broken ? Promise.reject(new Error('disk')) : lower.commit(writes)),
    }
    const { rekey, keys, seal, barrier } = await world(3, 2, make(storage))
    rekey.start(two)
    broken = true
    await expect(complete(rekey, keys)).rejects.toThrow('disk')
    broken = false
    expect(seal.status()).toMatchObject({ shares: 3, threshold: 2 })
    await barrier.rotate()
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)
  })

  it('writes keyring, root key and seal configuration in one commit', async () => {
    const lower = createMemoryStorage()
    const batches: string[][] = []
    const storage: Storage = {
      ...lower,
      commit: (writes) => {
        batches.push(writes.map(({ key }) => key))
        return lower.commit(writes)
      },
    }
    const { rekey, keys } = await world(3, 2, make(storage))
    rekey.start(two)
    batches.length = 0
    await complete(rekey, keys)
    expect(batches.map((batch) => batch.sort())).toEqual([
      ['core/hsm/barrier-unseal-keys', 'core/keyring', 'core/seal-config'],
    ])
  })

  it('is waited for by whoever unseals meanwhile: the keyring of the old root key never comes back', async () => {
    const lower = createMemoryStorage()
    let holding = false
    let arrive = () => {}
    let release = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const storage: Storage = {
      ...lower,
      commit: async (writes) => {
        if (holding) {
          arrive()
          await released
        }
        return lower.commit(writes)
      },
    }
    const { rekey, keys, seal } = await world(1, 1, make(storage))
    rekey.start({ shares: 1, threshold: 1, verify: false })
    holding = true
    const changed = complete(rekey, keys)
    await arrived
    seal.sealNow()
    const unsealing = unsealWith(seal, keys).catch((error: unknown) => error)
    await new Promise((resolve) => setImmediate(resolve))
    holding = false
    release()
    const made = await changed
    expect(await unsealing).toEqual(refusal('unseal failed, invalid key'))
    expect(await unsealWith(seal, made.keys)).toBe(true)
  })
})

describe('a rekey with verification', () => {
  const verified = { ...two, verify: true }

  it('keeps the old shares until a quorum of the new ones has come back', async () => {
    const { rekey, keys, lower, seal } = await world()
    rekey.start(verified)
    const made = await complete(rekey, keys)
    expect(made.verificationNonce).toMatch(/^[0-9a-f-]{36}$/)
    expect(rekey.status()).toMatchObject({ started: true, verificationNonce: made.verificationNonce })
    expect(seal.status()).toMatchObject({ shares: 3, threshold: 2 })
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)

    const step = (share: number) => rekey.verify(hex(made.keys[share]), made.verificationNonce)
    expect(await step(4)).toEqual({
      kind: 'progress',
      status: { started: true, nonce: made.verificationNonce, shares: 5, threshold: 3, progress: 1 },
    })
    await expect(step(4)).rejects.toEqual(refusal('given key has already been provided during this verify operation'))
    await step(0)
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)
    expect(await step(1)).toEqual({ kind: 'complete', nonce: made.verificationNonce })
    expect(rekey.status().started).toBe(false)
    expect(seal.status()).toMatchObject({ shares: 5, threshold: 3 })
    await expect(opensWith(lower, keys)).rejects.toEqual(refusal('unseal failed, invalid key'))
    expect(await opensWith(lower, made.keys.slice(2))).toBe(true)
  })

  it('takes no share more once the new ones are made', async () => {
    const { rekey, keys } = await world()
    const { nonce } = rekey.start(verified)
    const { verificationNonce } = await complete(rekey, keys)
    await expect(rekey.submit(hex(keys[0]), nonce)).rejects.toEqual(
      refusal(
        `rekey operation already finished; verification must be performed; nonce for the verification operation is "${verificationNonce}"`,
      ),
    )
  })

  it('refuses other shares than the new ones, and starts over', async () => {
    const { rekey, keys, lower } = await world()
    rekey.start({ shares: 3, threshold: 2, verify: true })
    const { verificationNonce: nonce, keys: made } = await complete(rekey, keys)
    await rekey.verify(hex(keys[0]), nonce)
    await expect(rekey.verify(hex(keys[1]), nonce)).rejects.toEqual(
      refusal('rekey verification failed; incorrect shares supplied'),
    )
    expect(rekey.verification()).toMatchObject({ started: true, nonce, progress: 0 })
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)
    await rekey.verify(hex(made[0]), nonce)
    expect(await rekey.verify(hex(made[2]), nonce)).toMatchObject({ kind: 'complete' })
  })

  it('begins anew under another nonce, with the same new shares', async () => {
    const { rekey, keys } = await world()
    rekey.start({ shares: 3, threshold: 2, verify: true })
    const made = await complete(rekey, keys)
    await rekey.verify(hex(made.keys[0]), made.verificationNonce)
    const { nonce, progress } = rekey.restartVerification()
    expect([nonce === made.verificationNonce, progress]).toEqual([false, 0])
    await expect(rekey.verify(hex(made.keys[0]), made.verificationNonce)).rejects.toEqual(
      refusal(`incorrect nonce supplied; nonce for this verify operation is "${nonce}"`),
    )
    await rekey.verify(hex(made.keys[0]), nonce)
    expect(await rekey.verify(hex(made.keys[1]), nonce)).toMatchObject({ kind: 'complete' })
  })

  it('refuses what there is nothing for', async () => {
    const { rekey, keys } = await world()
    expect(() => rekey.verification()).toThrow('no rekey configuration found')
    expect(() => rekey.restartVerification()).toThrow('no rekey configuration found')
    await expect(rekey.verify(hex(keys[0]), '')).rejects.toEqual(refusal('no rekey in progress'))
    rekey.start(verified)
    expect(rekey.verification()).toEqual({ started: false, nonce: '', shares: 5, threshold: 3, progress: 0 })
    await expect(rekey.verify(hex(keys[0]), '')).rejects.toEqual(refusal('no rekey verification in progress'))
  })

  it('leaves the old shares when it is cancelled, and no new key in memory', async () => {
    const drawn: Buffer[] = []
    const random = (bytes: number) => {
      const buffer = randomBytes(bytes)
      if (bytes === 32) drawn.push(buffer)
      return buffer
    }
    const { keys, seal, lower } = await world()
    const rekey = createRekey({ seal, random, keepBackup: noBackup })
    rekey.start(verified)
    const made = await complete(rekey, keys)
    rekey.cancel()
    await expect(rekey.verify(hex(made.keys[0]), made.verificationNonce)).rejects.toEqual(
      refusal('no rekey in progress'),
    )
    expect(await opensWith(lower, keys.slice(0, 2))).toBe(true)
    expect(drawn).toHaveLength(1)
    expect(drawn.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true)
  })
})
