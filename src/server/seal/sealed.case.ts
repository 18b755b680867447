/** What the seal's tests share: a seal over a memory storage, and one that is initialised and unsealed. */
import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { type Barrier, createBarrier } from '../barrier/index.ts'
import { createMemoryStorage, type Storage } from '../storage/index.ts'
import { createSeal, type Seal } from './index.ts'

export interface Sealed {
  readonly lower: Storage
  readonly barrier: Barrier
  readonly seal: Seal
}

export function make(lower: Storage = createMemoryStorage(), random: (bytes: number) => Buffer = randomBytes): Sealed {
  const barrier = createBarrier({ lower, random, now: Date.now })
  return { lower, barrier, seal: createSeal({ lower, barrier, random }) }
}

export async function initialized(
  shares: number,
  threshold: number,
  made: Sealed = make(),
): Promise<Sealed & { readonly keys: readonly Buffer[] }> {
  const { keys, rootKey } = await made.seal.init({ shares, threshold })
  rootKey.fill(0)
  return { ...made, keys }
}

export async function unsealed(
  shares: number,
  threshold: number,
  made: Sealed = make(),
): Promise<Sealed & { readonly keys: readonly Buffer[] }> {
  const all = await initialized(shares, threshold, made)
  await unsealWith(all.seal, all.keys.slice(0, threshold))
  return all
}

export async function unsealWith(seal: Seal, keys: readonly Buffer[]): Promise<boolean> {
  let sealed = true
  for (const key of keys) sealed = (await seal.submitUnsealKey(hex(key))).sealed
  return !sealed
}

export const hex = (key: Buffer | undefined): string => key?.toString('hex') ?? ''
export const refusal = (text: string): unknown => expect.objectContaining({ status: 400, clientText: text })
