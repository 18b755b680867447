/** The mount's own settings, as they lie at `config`: read once, kept, replaced after each durable write. */
import type { Storage } from '../../storage/index.ts'
import { CONFIG_KEY, decodeConfig, encodeConfig } from './codec.ts'
import { Turns } from '../../../concurrency/index.ts'
import { DEFAULT_CONFIG, type MountConfig } from './versions.ts'

export class MountConfigStore {
  readonly #storage: Storage
  readonly #writers = new Turns()
  #config: MountConfig | undefined

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** @throws {KvStorageError} */
  get current(): MountConfig {
    if (this.#config !== undefined) return this.#config
    const bytes = this.#storage.get(CONFIG_KEY)
    this.#config = bytes === undefined ? DEFAULT_CONFIG : decodeConfig(bytes)
    return this.#config
  }

  change(changes: Partial<MountConfig>): Promise<void> {
    return this.#writers.run(CONFIG_KEY, async () => {
      const next = { ...this.current, ...changes }
      await this.#storage.commit([{ kind: 'put', key: CONFIG_KEY, value: encodeConfig(next) }])
      this.#config = next
    })
  }
}
