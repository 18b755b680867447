/** `sys/tools` on the wire (vault-api 4.4), asked of the embedded server, OpenBao or Vault alike (target.case.ts). */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { field, openTarget, type RawAnswer, type Target } from './target.case.ts'

let vault: Target

beforeAll(async () => {
  vault = await openTarget()
})
afterAll(() => vault.close())

const post = (path: string, body: object = {}): Promise<RawAnswer> =>
  vault.request('POST', `sys/tools/${path}`, { body })
const random = async (path: string, body: object = {}): Promise<string> =>
  String(field(await post(path, body), 'data', 'random_bytes'))

describe('sys/tools/random', () => {
  it('gives as many bytes as are asked for, in the path or in the body, in either form', async () => {
    const lengths = await Promise.all([
      random('random').then((text) => Buffer.from(text, 'base64').length),
      random('random/16').then((text) => Buffer.from(text, 'base64').length),
      random('random', { bytes: 5 }).then((text) => Buffer.from(text, 'base64').length),
      random('random/7', { bytes: 5 }).then((text) => Buffer.from(text, 'base64').length),
      random('random/platform/8').then((text) => Buffer.from(text, 'base64').length),
      random('random/131072').then((text) => Buffer.from(text, 'base64').length),
    ])
    expect(lengths).toEqual([32, 16, 5, 7, 8, 131_072])
    expect(await random('random/4', { format: 'hex' })).toMatch(/^[\da-f]{8}$/)
    expect(await random('random')).not.toBe(await random('random'))
  })

  it('says so when a seal has no source of its own', async () => {
    const answer = await post('random/seal/8')
    expect([answer.status, field(answer, 'warnings')]).toEqual([
      200,
      ['no seal/entropy augmentation available, using platform entropy source'],
    ])
  })

  it.each([
    ['random/0', {}, "'bytes' cannot be less than 1"],
    ['random', { bytes: -1 }, "'bytes' cannot be less than 1"],
    ['random/131073', {}, "'bytes' should be less than 131072"],
    ['random', { format: 'x' }, 'unsupported encoding format "x"; must be "hex" or "base64"'],
  ])('%s %j is refused', async (path, body, text) => {
    const answer = await post(path, body)
    expect([answer.status, field(answer, 'errors')]).toEqual([400, [text]])
  })

  it('S10: refuses what is no number, or no source, without repeating it', async () => {
    for (const answer of [await post('random', { bytes: 'planted' }), await post('random/planted/8')]) {
      expect([answer.status, answer.text.includes('planted') && vault.embedded]).toEqual([400, false])
    }
  })
})

describe('sys/tools/hash', () => {
  const abc = Buffer.from('abc')
  const input = abc.toString('base64')
  const sum = async (path: string, body: object): Promise<unknown> => field(await post(path, body), 'data', 'sum')

  it.each([
    ['sha2-224', 'sha224'],
    ['sha2-256', 'sha256'],
    ['sha2-384', 'sha384'],
    ['sha2-512', 'sha512'],
    ['sha3-224', 'sha3-224'],
    ['sha3-256', 'sha3-256'],
    ['sha3-384', 'sha3-384'],
    ['sha3-512', 'sha3-512'],
  ])('%s, in the path or in the body', async (name, node) => {
    const wanted = createHash(node).update(abc).digest('hex')
    expect(await sum(`hash/${name}`, { input })).toBe(wanted)
    expect(await sum('hash', { input, algorithm: name })).toBe(wanted)
  })

  it('takes SHA-256 when nothing is said, and gives base64 when asked', async () => {
    expect(await sum('hash', { input })).toBe(createHash('sha256').update(abc).digest('hex'))
    expect(await sum('hash', { input, format: 'base64' })).toBe(createHash('sha256').update(abc).digest('base64'))
    expect(await sum('hash', {})).toBe(createHash('sha256').digest('hex'))
  })

  it.each([
    ['hash/md5', { input }, /^unsupported algorithm md5$/],
    ['hash', { input: '*planted*' }, /^unable to decode input as base64: (?!.*planted)/],
    ['hash', { input: 'YWJ' }, /^unable to decode input as base64: /],
    ['hash', { input, format: 'x' }, /^unsupported encoding format "?x"?; must be "hex" or "base64"$/],
  ])('%s %j is refused', async (path, body, text) => {
    const answer = await post(path, body)
    expect([answer.status, (field(answer, 'errors') as string[])[0]]).toEqual([400, expect.stringMatching(text)])
  })
})
