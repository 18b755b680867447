/**
 * What the barrier's tests share: a barrier over a memory storage, and a storage whose commits can be held back.
 */
import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { createMemoryStorage, type Storage, type Write } from '../storage/index.ts'
import { type Barrier, type BarrierErrorCode, type BarrierOptions, createBarrier } from './index.ts'

export const rootKey: Buffer = createHash('sha256').update('root key of the tests').digest()
export const options: Omit<BarrierOptions, 'lower'> = { random: randomBytes, now: () => 1_700_000_000_000 }

export async function makeBarrier(
  lower: Storage = createMemoryStorage(),
  more: Partial<BarrierOptions> = {},
): Promise<{ barrier: Barrier; lower: Storage }> {
  const barrier = createBarrier({ lower, ...options, ...more })
  await barrier.createKeyring(rootKey)
  barrier.unseal(rootKey)
  return { barrier, lower }
}

export const put = (key: string, text: string = key): Write => ({ kind: 'put', key, value: Buffer.from(text) })
export const textAt = (storage: Storage, key: string): string | undefined => {
  const bytes = storage.get(key)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

/** Every key and value of a storage. */
export function dump(storage: Storage, prefix = ''): [string, Buffer][] {
  return storage.list(prefix).flatMap((name): [string, Buffer][] => {
    const path = prefix + name
    return name.endsWith('/') ? dump(storage, path) : [[path, Buffer.from(storage.get(path) ?? [])]]
  })
}

/** The stored key of the one entry that a write adds. */
export async function storedKeyOf(lower: Storage, write: () => Promise<void>): Promise<string> {
  const before = new Set(dump(lower).map(([key]) => key))
  await write()
  const [added] = dump(lower).filter(([key]) => !before.has(key))
  if (added === undefined) throw new Error('nothing was written')
  return added[0]
}

export const code = (wanted: BarrierErrorCode): unknown => expect.objectContaining({ code: wanted })

export function isZero(buffer: Buffer): boolean {
  return buffer.every((byte) => byte === 0)
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export interface Gate {
  readonly storage: Storage
  /** How many commits have come so far. */
  commits(): number
  /** From now on commits wait. */
  shut(): void
  fail(): void
  /** Shows the commits that wait, as a storage may before they resolve. */
  showThenHold(): void
  /** Lets through those that wait, and all that follow. */
  open(): void
}

/** A storage whose commits can be held back, shown before they resolve, or made to fail. */
export function gated(lower: Storage): Gate {
  let mode: 'open' | 'shut' | 'fail' = 'open'
  let count = 0
  let held: { writes: readonly Write[]; shown: boolean; done: () => void }[] = []
  const storage: Storage = {
    ...lower,
    async commit(writes) {
      if (mode === 'fail') throw new Error('disk')
      count += 1
      if (mode === 'open') return lower.commit(writes)
      return new Promise<void>((done) => held.push({ writes, shown: false, done }))
    },
  }
  const show = () => {
    for (const one of held) {
      if (!one.shown) void lower.commit(one.writes)
      one.shown = true
    }
  }
  return {
    storage,
    commits: () => count,
    shut: () => {
      mode = 'shut'
    },
    fail: () => {
      mode = 'fail'
    },
    showThenHold: show,
    open: () => {
      mode = 'open'
      show()
      for (const { done } of held.splice(0)) done()
      held = []
    },
  }
}
