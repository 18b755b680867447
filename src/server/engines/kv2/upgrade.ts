/**
 * From version 1 to version 2 (vault-api 6): what a mount holds without versions becomes version 1 of keys.
 *
 * Invariant: each secret moves in one commit, so at every moment it lies in one of the two places, also after a crash;
 * whatever is left is moved after the next start, by the first request. Until all is moved the mount serves nothing: a
 * secret that has not been moved yet would look absent.
 */
import { type LogicalError, upgrading } from '../../logical/index.ts'
import type { Write } from '../../storage/index.ts'
import type { Engine } from './operations.ts'
import { addVersion } from './versions.ts'

/** Secrets without versions in the mount's own view. Nobody adds any more. */
export interface Unversioned {
  isEmpty(): boolean
  paths(): AsyncIterable<string>
  /** JSON text of an object; `undefined` when it has been removed. */
  document(path: string): string | undefined
  removal(path: string): Write[]
}

/** Secrets that are on their way at the same time: their commits share one sync of the disk. */
const BATCH = 256

export class Upgrade {
  readonly #engine: Engine
  readonly #from: Unversioned
  #state: 'unknown' | 'pending' | 'done' = 'unknown'
  #running: Promise<void> | undefined
  #failure: Error | undefined

  constructor(engine: Engine, from: Unversioned) {
    this.#engine = engine
    this.#from = from
  }

  get isDone(): boolean {
    if (this.#state === 'unknown') this.#state = this.#from.isEmpty() ? 'done' : 'pending'
    return this.#state === 'done'
  }

  /** Resolves when all is moved. */
  run(): Promise<void> {
    this.#running ??= this.#moveAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Sees to it that the work goes on, and gives what to answer meanwhile. @throws what the last attempt failed with */
  refusal(): LogicalError {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
    // Told to whoever asks next, who also makes it begin again.
    this.run().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error('the upgrade failed', { cause: error })
    })
    return upgrading()
  }

  async #moveAll(): Promise<void> {
    let batch: Promise<void>[] = []
    for await (const path of this.#from.paths()) {
      batch.push(this.#move(path))
      if (batch.length < BATCH) continue
      await Promise.all(batch)
      batch = []
    }
    await Promise.all(batch)
    this.#state = 'done'
  }

  #move(path: string): Promise<void> {
    const { keys, config, now } = this.#engine
    return this.#engine.exclusively(path, async () => {
      const document = this.#from.document(path)
      if (document === undefined) return
      const transition = addVersion(keys.find(path)?.meta, config.current, now())
      await keys.change(path, transition, document, this.#from.removal(path))
    })
  }
}
