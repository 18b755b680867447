import { createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { newKeyring } from './keyring.ts'
import { Names } from './names.ts'

const keyring = newKeyring(randomBytes, 0)
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
  .filter((text) => text.isWellFormed() && !text.includes('/'))

it('is AES-256-CTR under a synthetic IV, whatever the name', () => {
  const names = new Names(keyring)
  fc.assert(
    fc.property(segment, segment, (folder, name) => {
      const path = `${folder}/${name}`
      const stored = Buffer.from(names.storedKey(path).split('/').at(-1) ?? '', 'base64url')
      const iv = createHmac('sha256', keyring.nameMacKey).update(path).digest().subarray(0, 16)
      expect(stored.subarray(0, 16)).toEqual(iv)
      const plain = createDecipheriv('aes-256-ctr', keyring.nameKey, iv).update(stored.subarray(16))
      expect(plain.toString()).toBe(name)
    }),
  )
})

it('carries the counter over every byte', () => {
  // An IV that ends in 0xff bytes is rare: with names of many blocks, one in a hundred carries into the next byte.
  const names = new Names(keyring)
  for (let i = 0; i < 400; i += 1) {
    const name = `${i}`.padEnd(160, 'x')
    const stored = Buffer.from(names.storedKey(name).split('/').at(-1) ?? '', 'base64url')
    const plain = createDecipheriv('aes-256-ctr', keyring.nameKey, stored.subarray(0, 16)).update(stored.subarray(16))
    expect(plain.toString()).toBe(name)
  }
})

it('finds a name back with and without its cache', () => {
  const names = new Names(keyring)
  fc.assert(
    fc.property(segment, segment, (folder, name) => {
      const prefix = names.storedPrefix(`${folder}/`)
      const stored = names.storedKey(`${folder}/${name}`).slice(prefix.length)
      for (const reader of [names, new Names(keyring)]) {
        expect(reader.clearNames(`${folder}/`, prefix, [stored], 1e6)).toEqual([name])
        expect(reader.clearNames(`${folder}/`, prefix, [`${stored}/`], 0)).toEqual([`${name}/`])
      }
    }),
  )
})
