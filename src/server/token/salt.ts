/**
 * Salted names: how a secret becomes a storage key that does not give it away.
 *
 * Invariant: the salt is random per view, stored once at `salt` (32 raw bytes) and never changed; losing it loses every
 * token and secret-id below the view. Looking a secret up by its HMAC is also what keeps comparisons from leaking by
 * their timing (S27).
 */
import { createHmac } from 'node:crypto'
import type { Storage } from '../storage/storage.ts'

const KEY = 'salt'
const BYTES = 32

export class Salt {
  readonly #bytes: Buffer

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** `undefined` while nothing has been stored below this view. */
  static read(storage: Storage): Salt | undefined {
    const bytes = storage.get(KEY)
    return bytes === undefined ? undefined : new Salt(Buffer.from(bytes))
  }

  static async open(storage: Storage, random: (bytes: number) => Buffer): Promise<Salt> {
    const stored = Salt.read(storage)
    if (stored !== undefined) return stored
    const bytes = random(BYTES)
    await storage.commit([{ kind: 'put', key: KEY, value: bytes }])
    return new Salt(Buffer.from(bytes))
  }

  /** `h` and 64 hexadecimal digits. */
  name(secret: string): string {
    return `h${createHmac('sha256', this.#bytes).update(secret).digest('hex')}`
  }

  /** Every later name is a wrong one. */
  erase(): void {
    this.#bytes.fill(0)
  }
}
