/**
 * As much of the tar format as a snapshot needs: plain files with short names, one after another (POSIX ustar).
 *
 *     file     | header 512 | content | zeros up to a multiple of 512 |
 *     end      | zeros, 1024 or more |
 *     header   | name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | sum 8 | type 1 | link 100 | "ustar" 0 "00" | ... |
 *
 * Numbers are octal digits. The sum is that of the header's bytes, its own eight counted as blanks. Pure.
 */
export const BLOCK = 512
/** The largest number of 11 octal digits: 8 GiB less one byte. */
export const LARGEST_FILE = 0o77777777777

const END_BYTES = 2 * BLOCK
const SUM_AT = 148
const SUM_BYTES = 8
const TYPE_AT = 156
const MAGIC_AT = 257
const BLANK = 0x20
const PLAIN_FILE = 0x30

export interface FileHead {
  readonly name: string
  /** Bytes of content. */
  readonly size: number
}

/** `time` in unix milliseconds. */
export function fileHeader({ name, size }: FileHead, time: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 100)
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${octal(size, 11)}\0`, 124)
  header.write(`${octal(Math.floor(time / 1000), 11)}\0`, 136)
  header[TYPE_AT] = PLAIN_FILE
  header.write('ustar\x0000', MAGIC_AT)
  header.write(`${octal(sumOf(header), 6)}\0 `, SUM_AT)
  return header
}

/** What follows the content of a file. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

export function archiveEnd(): Buffer {
  return Buffer.alloc(END_BYTES)
}

/** `end` for the zeros behind the last file; `undefined` for what is no header, or that of anything but a plain file. */
export function parseHeader(block: Buffer): FileHead | 'end' | undefined {
  if (block.every((byte) => byte === 0)) return 'end'
  const sum = numberAt(block, SUM_AT, SUM_BYTES)
  const size = numberAt(block, 124, 12)
  const isPlain = block[TYPE_AT] === PLAIN_FILE || block[TYPE_AT] === 0
  if (sum !== sumOf(block) || size === undefined || !isPlain) return undefined
  return { name: textAt(block, 0, 100), size }
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function sumOf(header: Buffer): number {
  return header.reduce((sum, byte, index) => sum + (index >= SUM_AT && index < SUM_AT + SUM_BYTES ? BLANK : byte), 0)
}

function textAt(block: Buffer, at: number, bytes: number): string {
  const field = block.subarray(at, at + bytes)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end === -1 ? bytes : end)
}

function numberAt(block: Buffer, at: number, bytes: number): number | undefined {
  const digits = textAt(block, at, bytes).trim()
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined
}
