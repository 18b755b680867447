/**
 * The audit broker: every device gets every entry; a request goes on when at least one has stored it.
 *
 * Invariant: with a device enabled, nothing is done before its request entry is stored, and nothing is answered before
 * its response entry is (vault-api 12; S44). With none, there is no audit and everything is allowed, as in Vault.
 */
import { LogicalError } from '../logical/index.ts'
import { type AuditedRequest, type AuditedResponse, createEntries, type Entries, type EntryOptions } from './entry.ts'
import { createHasher, type Hasher } from './hash.ts'
import type { AuditSink } from './line-sink.ts'

interface Device {
  readonly sink: AuditSink
  readonly hasher: Hasher
  readonly entries: Entries
}

export class AuditBroker {
  readonly #devices = new Map<string, Device>()
  readonly #onFailure: (error: unknown, device: string) => void

  /** `onFailure` is told of each device that did not take an entry, also when another one did. */
  constructor(onFailure: (error: unknown, device: string) => void) {
    this.#onFailure = onFailure
  }

  get enabled(): boolean {
    return this.#devices.size > 0
  }

  add(name: string, sink: AuditSink, salt: Buffer, options: EntryOptions): void {
    const hasher = createHasher(salt)
    this.#devices.set(name, { sink, hasher, entries: createEntries(hasher, options) })
  }

  remove(name: string): void {
    const device = this.#devices.get(name)
    this.#devices.delete(name)
    device?.sink.close()
  }

  has(name: string): boolean {
    return this.#devices.has(name)
  }

  /** Writes the entry that shows a new device works. @throws what the device throws. */
  async test(name: string, time: number): Promise<void> {
    const device = this.#devices.get(name)
    await device?.sink.write(
      `{"time":${JSON.stringify(new Date(time).toISOString())},"type":"request","request":{"operation":"update","path":"sys/audit/test"}}\n`,
    )
  }

  /** For `sys/audit-hash`. `undefined` when there is no such device. */
  hash(name: string, input: string): string | undefined {
    return this.#devices.get(name)?.hasher.text(input)
  }

  /** @throws {LogicalError} `internal`, when no device took it. */
  request(request: AuditedRequest, error: string | undefined): Promise<void> {
    return this.#store(({ entries }) => entries.request(request, error))
  }

  /** @throws {LogicalError} `internal`, when no device took it. */
  response(request: AuditedRequest, response: AuditedResponse, error: string | undefined): Promise<void> {
    return this.#store(({ entries }) => entries.response(request, response, error))
  }

  /**
   * Both entries of a request that has no effect, in one write. The answer waits for it as for two.
   * @throws {LogicalError} `internal`, when no device took them.
   */
  exchange(
    request: AuditedRequest,
    refusal: string | undefined,
    response: AuditedResponse,
    error: string | undefined,
  ): Promise<void> {
    return this.#store(({ entries }) => entries.exchange(request, refusal, response, error))
  }

  close(): void {
    for (const name of this.#devices.keys()) this.remove(name)
  }

  async #store(line: (device: Device) => string): Promise<void> {
    if (this.#devices.size === 0) return
    const stored = await Promise.all(Array.from(this.#devices, ([name, device]) => this.#storeOn(name, device, line)))
    if (!stored.includes(true)) throw new LogicalError('internal', 'internal error', 'wrapped')
  }

  async #storeOn(name: string, device: Device, line: (device: Device) => string): Promise<boolean> {
    try {
      await device.sink.write(line(device))
      return true
    } catch (error) {
      this.#onFailure(error, name)
      return false
    }
  }
}
