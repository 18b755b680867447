/** How a secret-id becomes a storage key that does not give it away: HMAC under its role's key (S27). */
import { createHmac } from 'node:crypto'

export function keyedName(key: Buffer, text: string): string {
  return `h${createHmac('sha256', key).update(text).digest('hex')}`
}

/** A random UUID, version 4. */
export function newUuid(random: (bytes: number) => Buffer): string {
  const bytes = Buffer.from(random(16))
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
