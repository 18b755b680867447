/**
 * The audit broker: every device gets every entry; a request goes on when at least one has stored it.
 *
 * Invariant: with a device enabled, nothing is done before its request entry is stored, and nothing is answered before
 * its response entry is (vault-api 12; S44). With none, there is no audit and everything is allowed, as in Vault.
 */
import { LogicalError } from '../logical/index.ts'
import { type AuditedRequest, type AuditedResponse, createEntries, type Entries, type EntryOptions } from './entry.ts'
import type { AuditSink } from './file-device.ts'
import { createHasher, type Hasher } from './hash.ts'

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
    this.#devices.get(name)?.sink.close()
    this.#devices.delete(name)
  }

  has(name: string): boolean {
    return this.#devices.has(name)
  }

  /** Writes the entry that shows a new device works. @throws what the device throws. */
  async test(name: string, time: number): Promise<void> {
    const device = this.#devices.get(name)
    await device?.sink.write(`{"time":${JSON.stringify(new Date(time).toISOString())},"type":"request","request":{"operation":"update","path":"sys/audit/test"}}\n`)
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

  close(): void {
    for (const name of [...this.#devices.keys()]) this.remove(name)
  }

  async #store(line: (device: Device) => string): Promise<void> {
    if (this.#devices.size === 0) return
    let stored = 0
    const writes = Array.from(this.#devices, ([name, device]) =>
      device.sink.write(line(device)).then(
        () => {
          stored += 1
        },
        (error: unknown) => this.#onFailure(error, name),
      ),
    )
    await Promise.all(writes)
    if (stored === 0) throw new LogicalError('internal', 'internal error', 'wrapped')
  }
}
