/**
 * How a password is kept and compared: scrypt, which costs memory as well as time, with a salt of each (vault-api 9).
 *
 * Invariant: comparing costs the same whether there is such a user or not (S1), and no two bytes are compared sooner
 * than others. A record carries the cost it was made at, so that the cost can be raised without breaking old ones.
 *
 * Vault keeps bcrypt hashes. Node has no bcrypt; such a hash can therefore not be brought here.
 */
import { scrypt, timingSafeEqual } from 'node:crypto'
import { Turns } from '../../../concurrency/index.ts'

/** Of scrypt: `n` a power of two; it needs 128 * n * r bytes. */
export interface PasswordCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

export interface HashedPassword extends PasswordCost {
  readonly salt: Buffer
  readonly hash: Buffer
}

/** 32 MiB, and about two times the work of the bcrypt that Vault uses (cost 10). */
export const PASSWORD_COST: PasswordCost = { n: 32_768, r: 8, p: 1 }

const SALT_BYTES = 16
const HASH_BYTES = 32

/**
 * The worker threads that hash also write the store and the audit log: logins may keep two of Node's four busy, however
 * many there are. Of the process, as the threads are.
 */
const LANES = 2
const turns = new Turns()
let next = 0

export async function hashPassword(
  password: string,
  cost: PasswordCost,
  random: (bytes: number) => Buffer,
): Promise<HashedPassword> {
  const { n, r, p } = cost
  const salt = random(SALT_BYTES)
  return { n, r, p, salt, hash: await derive(password, salt, cost) }
}

/** `undefined` for a user that does not exist: then the same work is done, and the answer is no. */
export async function passwordMatches(
  password: string,
  stored: HashedPassword | undefined,
  cost: PasswordCost,
): Promise<boolean> {
  const { salt, hash, ...of } = stored ?? { ...cost, salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) }
  const same = timingSafeEqual(await derive(password, salt, of), hash)
  return same && stored !== undefined
}

function derive(password: string, salt: Buffer, { n, r, p }: PasswordCost): Promise<Buffer> {
  next = (next + 1) % LANES
  return turns.run(
    String(next),
    () =>
      new Promise((resolve, reject) => {
        const options = { N: n, r, p, maxmem: 256 * r * (n + p + 2) }
        scrypt(password, salt, HASH_BYTES, options, (error, hash) => {
          if (error === null) resolve(hash)
          else reject(error)
        })
      }),
  )
}
