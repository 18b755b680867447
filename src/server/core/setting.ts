/**
 * A setting of the server: one small document that is read on requests and changed rarely (`sys/config/…`).
 *
 * Invariant: a change counts, for everybody, once it is stored and not before; changes take turns.
 */
import type { Storage } from '../storage/index.ts'
import { Turns } from '../../concurrency/index.ts'

export interface Setting<T> {
  get(): T
  /** `change` may refuse by throwing. */
  change(change: (now: T) => T): Promise<void>
}

/** Stored at `key` as `{"version":1,"value":…}`; `initial` while nothing is. */
export function openSetting<T>(storage: Storage, key: string, initial: T): Setting<T> {
  const turns = new Turns()
  const bytes = storage.get(key)
  let value =
    bytes === undefined ? initial : (JSON.parse(Buffer.from(bytes).toString('utf8')) as { readonly value: T }).value
  return {
    get: () => value,
    change: (change) =>
      turns.run(key, async () => {
        const next = change(value)
        const stored = Buffer.from(JSON.stringify({ version: 1, value: next }))
        await storage.commit([{ kind: 'put', key, value: stored }])
        value = next
      }),
  }
}
