import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createRootGeneration, type RootGeneration } from './index.ts'
import { hex, refusal, unsealed } from './sealed.case.ts'

const TOKEN = 'hvs.abcdefghijklmnopqrstuvwx'
const OTP = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ01'

interface World {
  readonly keys: readonly Buffer[]
  readonly generation: RootGeneration
  readonly tokens: () => number
}

async function world(shares = 3, threshold = 2): Promise<World> {
  const { keys, seal } = await unsealed(shares, threshold)
  let made = 0
  const generation = createRootGeneration({
    seal,
    random: randomBytes,
    otpLength: TOKEN.length,
    newOtp: () => OTP,
    createRoot: () => {
      made += 1
      return Promise.resolve(TOKEN)
    },
  })
  return { keys, generation, tokens: () => made }
}

function decode(encoded: string, otp: string): string {
  return Buffer.from(Buffer.from(encoded, 'base64').map((byte, at) => byte ^ otp.charCodeAt(at))).toString()
}

describe('generating a root token', () => {
  it('takes a quorum, and answers the token under a password that was answered before', async () => {
    const { generation, keys, tokens } = await world()
    expect(generation.status()).toEqual({
      started: false,
      nonce: '',
      progress: 0,
      required: 2,
      otpLength: 28,
      pgpFingerprint: '',
    })
    const { nonce, otp } = generation.start(undefined)
    expect(otp).toBe(OTP)
    expect(await generation.submit(hex(keys[2]), nonce)).toEqual({
      started: true,
      nonce,
      progress: 1,
      required: 2,
      otpLength: 28,
      pgpFingerprint: '',
      complete: false,
      encodedToken: '',
    })
    expect(tokens()).toBe(0)
    const done = await generation.submit(keys[0]?.toString('base64') ?? '', nonce)
    expect(done).toMatchObject({ complete: true, progress: 2, nonce })
    expect(done.encodedToken).not.toContain('=')
    expect(decode(done.encodedToken, OTP)).toBe(TOKEN)
    expect(generation.status()).toMatchObject({ started: false, nonce: '', progress: 0 })
    expect(tokens()).toBe(1)
  })

  it('takes a password of the caller’s, and does not repeat it', async () => {
    const { generation, keys } = await world(1, 1)
    const mine = '0123456789012345678901234567'
    const { nonce, otp } = generation.start(mine)
    expect(otp).toBe('')
    expect(decode((await generation.submit(hex(keys[0]), nonce)).encodedToken, mine)).toBe(TOKEN)
  })

  it.each(['x', OTP.slice(1), `${OTP}2`, `${OTP.slice(1)}ü`])(
    'refuses a password of another length (%#)',
    async (otp) => {
      const { generation } = await world()
      expect(() => generation.start(otp)).toThrow('OTP string is wrong length')
      expect(generation.status().started).toBe(false)
    },
  )

  it('S16: takes no share without the nonce of this attempt', async () => {
    const { generation, keys } = await world()
    await expect(generation.submit(hex(keys[0]), '')).rejects.toEqual(refusal('no root generation in progress'))
    const { nonce } = generation.start(undefined)
    for (const wrong of ['', 'x'])
      await expect(generation.submit(hex(keys[0]), wrong)).rejects.toEqual(
        refusal(`incorrect nonce supplied; nonce for this root generation operation is "${nonce}"`),
      )
    expect(generation.status().progress).toBe(0)
    expect(() => generation.start(undefined)).toThrow('root generation already in progress')
  })

  it('refuses a share given twice, and starts over after a wrong combination', async () => {
    const { generation, keys, tokens } = await world()
    const { nonce } = generation.start(undefined)
    await generation.submit(hex(keys[0]), nonce)
    await expect(generation.submit(hex(keys[0]), nonce)).rejects.toEqual(
      refusal('given key has already been provided during this generation operation'),
    )
    for (const wrong of [randomBytes(33), randomBytes(20)]) {
      if (generation.status().progress === 0) await generation.submit(hex(keys[0]), nonce)
      await expect(generation.submit(hex(wrong), nonce)).rejects.toEqual(
        refusal('root generation aborted: unable to authenticate: invalid key'),
      )
      expect(generation.status()).toMatchObject({ started: true, nonce, progress: 0 })
    }
    expect(tokens()).toBe(0)
    await generation.submit(hex(keys[0]), nonce)
    expect((await generation.submit(hex(keys[1]), nonce)).complete).toBe(true)
  })

  it('makes no token when it is cancelled while shares are combined', async () => {
    const { generation, keys, tokens } = await world(1, 1)
    const { nonce } = generation.start(undefined)
    const last = generation.submit(hex(keys[0]), nonce)
    generation.cancel()
    await expect(last).rejects.toEqual(refusal('no root generation in progress'))
    expect(tokens()).toBe(0)
    generation.cancel()
    expect(generation.status().started).toBe(false)
  })

  it('makes one token, when two quorums are complete at the same moment', async () => {
    const { generation, keys, tokens } = await world(4, 2)
    const { nonce } = generation.start(undefined)
    const answers = await Promise.allSettled(keys.map((key) => generation.submit(hex(key), nonce)))
    expect(answers.filter((one) => one.status === 'fulfilled' && one.value.complete)).toHaveLength(1)
    expect(tokens()).toBe(1)
  })
})
