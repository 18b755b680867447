/**
 * What the tests of tokens and of auth methods stand on: a storage that can lose its power, a clock, a reproducible
 * source of randomness, a cipher.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { createMemoryStorage, type Storage } from '../storage/index.ts'
import type { TokenCipher } from './record.ts'
import { TokenStore } from './token-store.ts'

export interface Shelf extends Storage {
  /** Every key, sorted. */
  keys(): string[]
  /** Keys and values as one text, for looking for what must not be there. */
  dump(): string
  /** Commits asked for so far. */
  readonly commits: number
  /** Reads so far. */
  readonly reads: number
  /** After so many more commits the power is gone: they reject and nothing is written. */
  cutPowerAfter(commits: number): void
  restorePower(): void
}

export function createShelf(): Shelf {
  const memory = createMemoryStorage()
  let left = Number.POSITIVE_INFINITY
  let commits = 0
  let reads = 0

  function* keysBelow(prefix: string): Generator<string> {
    for (const name of memory.list(prefix)) {
      if (name.endsWith('/')) yield* keysBelow(prefix + name)
      else yield prefix + name
    }
  }

  return {
    get commits() {
      return commits
    },
    get reads() {
      return reads
    },
    get(key) {
      reads += 1
      return memory.get(key)
    },
    list: (prefix) => memory.list(prefix),
    count: (prefix) => memory.count(prefix),
    pieces: (prefix, most) => memory.pieces(prefix, most),
    async commit(writes) {
      commits += 1
      // As a disk does: a while later, and in order.
      await new Promise((resolve) => setImmediate(resolve))
      if (left <= 0) throw new Error('power cut')
      left -= 1
      await memory.commit(writes)
    },
    close: () => memory.close(),
    keys: () => [...keysBelow('')],
    dump: () =>
      [...keysBelow('')].map((key) => `${key} ${Buffer.from(memory.get(key) ?? []).toString('latin1')}`).join('\n'),
    cutPowerAfter(count) {
      left = count
    },
    restorePower() {
      left = Number.POSITIVE_INFINITY
    },
  }
}

/** Reproducible, and different at each call. */
export function createRandom(seed = 'seed'): (bytes: number) => Buffer {
  let count = 0
  return (bytes) => {
    const chunks: Buffer[] = []
    for (let length = 0; length < bytes; length += 32) {
      count += 1
      chunks.push(createHash('sha256').update(`${seed}${count}`).digest())
    }
    return Buffer.concat(chunks).subarray(0, bytes)
  }
}

/** Terms like the barrier's: `rotate` makes a new key, old ones still open. */
export function createCipher(random: (bytes: number) => Buffer): TokenCipher & { rotate(): void } {
  const keys = [random(32)]
  return {
    rotate: () => {
      keys.push(random(32))
    },
    encrypt(context, plain) {
      const iv = random(12)
      const cipher = createCipheriv('aes-256-gcm', keys.at(-1) ?? '', iv).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([Buffer.from([keys.length - 1]), iv, body, cipher.getAuthTag()])
    },
    decrypt(context, bytes) {
      const key = keys[bytes[0] ?? 255]
      if (key === undefined || bytes.length < 29) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13)).setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(-16))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()])
      } catch {
        return undefined
      }
    },
  }
}

export interface TokenWorld {
  readonly shelf: Shelf
  readonly cipher: ReturnType<typeof createCipher>
  readonly random: (bytes: number) => Buffer
  readonly tokens: TokenStore
  now: number
  /** The same store after a restart. */
  reopen(): Promise<TokenStore>
}

export const START: number = Date.parse('2026-01-02T03:04:05.670Z')

export async function createTokenWorld(): Promise<TokenWorld> {
  const shelf = createShelf()
  const random = createRandom()
  const cipher = createCipher(random)
  const open = (): Promise<TokenStore> => TokenStore.open({ storage: shelf, cipher, now: () => world.now, random })
  const world = { shelf, cipher, random, now: START, reopen: open } as {
    -readonly [K in keyof TokenWorld]: TokenWorld[K]
  }
  world.tokens = await open()
  return world
}
