import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type KeyFileErrorCode, readKeyFile, writeKeyFile } from './index.ts'

const root = mkdtempSync(join(tmpdir(), 'plenum-key-'))
let count = 0
function newPath(): string {
  count += 1
  return join(root, String(count), 'deep', 'unseal.key')
}
afterAll(() => rmSync(root, { recursive: true, force: true }))

const code = (wanted: KeyFileErrorCode) => expect.objectContaining({ code: wanted })
const store = '11111111-2222-4333-8444-555555555555'

function written(key: Buffer = randomBytes(32)): string {
  const path = newPath()
  writeKeyFile(path, key, store)
  return path
}
function placed(text: string, mode = 0o600): string {
  const path = newPath()
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}

describe('the key file', () => {
  it('gives back every key', () => {
    for (const key of [
      randomBytes(32),
      Buffer.alloc(32, 0xff),
      Buffer.alloc(32),
      Buffer.from(Array.from({ length: 32 }, (_, i) => i * 8)),
    ]) {
      expect(readKeyFile(written(key), store)).toEqual(key)
    }
  })

  it('is JSON that says what it is', () => {
    const key = Buffer.alloc(32, 0xab)
    expect(JSON.parse(readFileSync(written(key), 'utf8'))).toEqual({
      format: 'plenum-unseal-key',
      version: 1,
      store,
      key: 'ab'.repeat(32),
    })
  })

  it('S14: is its owner’s alone, and so is the folder made for it', () => {
    const path = written()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(readdirSync(dirname(path))).toEqual(['unseal.key'])
  })

  it('is not overwritten: not by the key of another store, nor by another key of this one', () => {
    const key = randomBytes(32)
    const path = written(key)
    expect(() => writeKeyFile(path, randomBytes(32), 'another store')).toThrow(code('key-file-wrong-store'))
    expect(() => writeKeyFile(path, randomBytes(32), store)).toThrow(code('key-file-wrong-store'))
    expect(() => writeKeyFile(path, key, store)).not.toThrow()
    expect(readKeyFile(path, store)).toEqual(key)
    expect(readdirSync(dirname(path))).toEqual(['unseal.key'])
  })

  it.each([0o640, 0o604, 0o620, 0o666, 0o610])('S14: is refused with mode %o', (mode) => {
    const path = written()
    chmodSync(path, mode)
    expect(() => readKeyFile(path, store)).toThrow(code('key-file-unsafe'))
  })

  it('is refused when it is missing, of another store, or a folder', () => {
    expect(() => readKeyFile(newPath(), store)).toThrow(code('key-file-missing'))
    expect(() => readKeyFile(written(), 'another store')).toThrow(code('key-file-wrong-store'))
    expect(() => readKeyFile(dirname(written()), store)).toThrow(code('key-file-corrupt'))
  })

  const key = 'ab'.repeat(32)
  it.each([
    ['', ''],
    ['no JSON', `"key":"${key}"`],
    ['of another format', `{"format":"other","version":1,"store":"${store}","key":"${key}"}`],
    ['of another version', `{"format":"plenum-unseal-key","version":2,"store":"${store}","key":"${key}"}`],
    ['without a key', `{"format":"plenum-unseal-key","version":1,"store":"${store}"}`],
    ['with a short key', `{"format":"plenum-unseal-key","version":1,"store":"${store}","key":"abcd"}`],
    ['with a long key', `{"format":"plenum-unseal-key","version":1,"store":"${store}","key":"${key}00"}`],
    [
      'with a key of other letters',
      `{"format":"plenum-unseal-key","version":1,"store":"${store}","key":"${key.slice(2)}xy"}`,
    ],
    ['cut off', `{"format":"plenum-unseal-key","version":1,"store":"${store}","key":"${key}`],
    ['too large', `{"format":"plenum-unseal-key","version":1,"store":"${store}","key":"${key}"}${' '.repeat(5000)}`],
  ])('S10: %s is refused without showing what it holds', (_, text) => {
    const path = placed(text)
    expect(() => readKeyFile(path, store)).toThrow(code('key-file-corrupt'))
    expect(() => readKeyFile(path, store)).not.toThrow(/abab/)
  })

  it('is read however it is laid out', () => {
    const path = placed(
      `{\n  "key" : "${key.toUpperCase()}",\n  "version": 1, "format": "plenum-unseal-key",\n  "store": "${store}"\n}\n`,
    )
    expect(readKeyFile(path, store)).toEqual(Buffer.alloc(32, 0xab))
  })

  it('says why it cannot be written', () => {
    const path = placed('in the way')
    expect(() => writeKeyFile(join(path, 'below', 'a file'), randomBytes(32), store)).toThrow(
      code('key-file-unwritable'),
    )
  })
})
