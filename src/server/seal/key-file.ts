/**
 * The unseal key in a file of its own, so that a server can unseal itself. Lower protection than shares in several hands:
 * whoever reads this file and the store reads everything. It belongs outside the store's folder.
 *
 *     {"format":"plenum-unseal-key","version":1,"store":"<uuid>","key":"<64 hexadecimal digits>"}
 *
 * Invariant: the file is its owner's alone (0600), appears whole or not at all, and a key that is there is never
 * overwritten. Key bytes stay in Buffers: the digits are read and written byte by byte, and blanked before the rest
 * becomes text.
 */
import { timingSafeEqual } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { keySpace } from '../barrier/index.ts'
import { parseRecord } from '../json/index.ts'

export type KeyFileErrorCode =
  | 'key-file-missing'
  /** The key of another store, or another key of this one. */
  | 'key-file-wrong-store'
  /** Others than its owner can read it, or the owner is somebody else. */
  | 'key-file-unsafe'
  | 'key-file-corrupt'
  | 'key-file-unreadable'
  | 'key-file-unwritable'

export class KeyFileError extends Error {
  readonly code: KeyFileErrorCode
  constructor(code: KeyFileErrorCode, text: string, options?: { readonly cause?: unknown }) {
    super(text, options)
    this.code = code
  }
}

const FORMAT = 'plenum-unseal-key'
const VERSION = 1
const KEY_BYTES = 32
const LARGEST_FILE = 4096
const OTHERS = 0o077
const KEY_FIELD = Buffer.from('"key"')
const ZERO = 0x30
const QUOTE = 0x22

/**
 * Writes the key, in a folder that is made (0700) if it is not there. No effect when this very key is there already.
 * @throws {KeyFileError} when another one is there
 */
export function writeKeyFile(path: string, key: Buffer, storeId: string): void {
  const bytes = encode(key, storeId)
  try {
    if (writeNew(path, bytes)) return
  } catch (cause) {
    throw new KeyFileError('key-file-unwritable', `cannot write the key file ${path}: ${textOf(cause)}`, { cause })
  } finally {
    bytes.fill(0)
  }
  const there = readKeyFile(path, storeId)
  const same = there.length === key.length && timingSafeEqual(there, key)
  there.fill(0)
  if (!same) throw wrongStore(path)
}

/** The caller overwrites the key when it has served. @throws {KeyFileError} */
export function readKeyFile(path: string, storeId: string): Buffer {
  const bytes = readPrivate(path)
  const key = takeKey(bytes)
  // Only blanks are left where the key was.
  const value = parseRecord(bytes.toString('utf8'))
  if (key === undefined || value === undefined || value['format'] !== FORMAT || value['version'] !== VERSION) {
    bytes.fill(0)
    throw new KeyFileError(
      'key-file-corrupt',
      `${path} is not a key file of this Plenum: put back the one that was written for this store`,
    )
  }
  if (value['store'] === storeId) return key
  key.fill(0)
  throw wrongStore(path)
}

function wrongStore(path: string): KeyFileError {
  return new KeyFileError(
    'key-file-wrong-store',
    `${path} holds the key of another store: name the right file, or move this one away`,
  )
}

function encode(key: Buffer, storeId: string): Buffer {
  const start = `{"format":"${FORMAT}","version":${VERSION},"store":${JSON.stringify(storeId)},"key":"`
  const bytes = Buffer.alloc(Buffer.byteLength(start) + key.length * 2 + 3)
  let at = bytes.write(start)
  for (const byte of key) {
    bytes[at] = hexDigit(byte >> 4)
    bytes[at + 1] = hexDigit(byte & 0x0f)
    at += 2
  }
  bytes.write('"}\n', at)
  return bytes
}

/** The bytes of the key; their digits in `bytes` become zeros. */
function takeKey(bytes: Buffer): Buffer | undefined {
  const field = bytes.indexOf(KEY_FIELD)
  const open = field === -1 ? -1 : bytes.indexOf(QUOTE, field + KEY_FIELD.length)
  const close = open === -1 ? -1 : bytes.indexOf(QUOTE, open + 1)
  if (close - open - 1 !== KEY_BYTES * 2) {
    if (open !== -1) bytes.fill(ZERO, open + 1, close === -1 ? bytes.length : close)
    return undefined
  }
  const key = keySpace(KEY_BYTES)
  let sound = true
  for (let index = 0; index < KEY_BYTES; index += 1) {
    const at = open + 1 + index * 2
    const high = hexValue(bytes[at] ?? 0)
    const low = hexValue(bytes[at + 1] ?? 0)
    sound &&= high !== undefined && low !== undefined
    key[index] = ((high ?? 0) << 4) | (low ?? 0)
  }
  bytes.fill(ZERO, open + 1, close)
  return sound ? key : undefined
}

function hexDigit(value: number): number {
  return value < 10 ? ZERO + value : 0x61 + value - 10
}

function hexValue(digit: number): number | undefined {
  if (digit >= ZERO && digit <= 0x39) return digit - ZERO
  const lower = digit | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined
}

/** False when there is a file already. */
function writeNew(path: string, bytes: Buffer): boolean {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.tmp`
  const file = openSync(draft, 'w', 0o600)
  try {
    fchmodSync(file, 0o600)
    writeSync(file, bytes)
    fsyncSync(file)
    linkSync(draft, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    closeSync(file)
    unlinkSync(draft)
  }
  syncFolder(folder)
  return true
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function readPrivate(path: string): Buffer {
  const file = openForReading(path)
  try {
    const { mode, uid, size } = fstatSync(file)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > LARGEST_FILE) {
      throw new KeyFileError('key-file-corrupt', `${path} is not a key file`)
    }
    const self = process.getuid?.()
    if ((mode & OTHERS) !== 0 || (self !== undefined && uid !== self)) {
      throw new KeyFileError(
        'key-file-unsafe',
        `${path} can be read by others than its owner, or belongs to another user: make it yours alone with chmod 600 (and chown)`,
      )
    }
    const bytes = Buffer.alloc(size)
    const length = readSync(file, bytes, 0, size, 0)
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') {
      throw new KeyFileError('key-file-missing', `there is no key file ${path}: put it back, or unseal with the key`, {
        cause,
      })
    }
    throw new KeyFileError('key-file-unreadable', `cannot read the key file ${path}: ${textOf(cause)}`, { cause })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
