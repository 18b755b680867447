/**
 * The audit broker: every device gets every entry; a request goes on when at least one has stored it.
 *
 * Invariant: with a device enabled, nothing is done before its request entry is stored, and nothing is answered before
 * its response entry is (vault-api 12; S44). With none, there is no audit and everything is allowed, as in Vault.
 */
import { Durations, type DurationSummary } from '../logical/durations.ts'
import { LogicalError } from '../logical/index.ts'
import { type AuditedRequest, type AuditedResponse, createEntries, type Entries, type EntryOptions } from './entry.ts'
import { createHasher, type Hasher } from './hash.ts'
import { type AuditSink, type DiskRoom, reasonOf } from './line-sink.ts'

/** Of devices; an `error` is one of the device. */
export type AuditEvent =
  | { readonly kind: 'audit-failed'; readonly path: string; readonly error: unknown }
  /** It takes entries again. */
  | { readonly kind: 'audit-recovered'; readonly path: string; readonly refused: number }
  | { readonly kind: 'audit-reopened'; readonly path: string }

interface Device {
  readonly sink: AuditSink
  readonly hasher: Hasher
  readonly entries: Entries
  stored: number
  refused: number
  lastFailure: AuditFailure | undefined
  /** What it did not take since it last took one. */
  missed: number
  failingSince: number | undefined
}

/** What the next line or lines are of. */
interface Stored {
  /** Of entries. */
  readonly count: 1 | 2
  readonly request: AuditedRequest
  readonly response?: AuditedResponse
}

export interface AuditFailure {
  readonly reason: string
  /** Unix milliseconds. */
  readonly time: number
}

/** How a device does since the server was unsealed. */
export interface AuditDeviceStatus {
  /** With trailing slash, as in `sys/audit`. */
  readonly path: string
  /** Entries it took. */
  readonly stored: number
  /** Entries it did not take. */
  readonly refused: number
  /** Also of a device that takes entries again. */
  readonly lastFailure: AuditFailure | undefined
  /** Unix milliseconds; `undefined` while it takes entries. */
  readonly failingSince: number | undefined
  /** Of the disk that it writes to; `undefined` for a device that has none. */
  readonly disk: DiskRoom | undefined
}

export class AuditBroker {
  readonly #devices = new Map<string, Device>()
  readonly #report: (event: AuditEvent) => void
  readonly #now: () => number
  readonly #elapsed: () => number
  readonly #requestTimes = new Durations()
  readonly #responseTimes = new Durations()

  /**
   * `report` is told of each device that did not take an entry, or could not be opened, also when another one did.
   * `now` in Unix milliseconds; `elapsed` in ms of a clock that never goes back.
   */
  constructor(report: (event: AuditEvent) => void, now: () => number, elapsed: () => number) {
    this.#report = report
    this.#now = now
    this.#elapsed = elapsed
  }

  get enabled(): boolean {
    return this.#devices.size > 0
  }

  add(name: string, sink: AuditSink, salt: Buffer, options: EntryOptions): void {
    const hasher = createHasher(salt)
    const entries = createEntries(hasher, options)
    this.#devices.set(name, {
      sink,
      hasher,
      entries,
      stored: 0,
      refused: 0,
      lastFailure: undefined,
      missed: 0,
      failingSince: undefined,
    })
  }

  /** A device that cannot be made: it takes no entry, and counts, so that a server with no other refuses requests. */
  addRefusing(name: string, error: Error): void {
    const sink: AuditSink = {
      write: () => Promise.reject(error),
      reopen() {
        throw error
      },
      close: () => undefined,
    }
    const options: EntryOptions = { hmacAccessor: true, elideListResponses: false, logRaw: false, prefix: '' }
    this.add(name, sink, Buffer.alloc(0), options)
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
  async test(name: string): Promise<void> {
    const device = this.#devices.get(name)
    await device?.sink.write(device.entries.test(this.#now()))
  }

  /** Every device opens anew what it writes to (SIGHUP). One that cannot is reported, and the others go on. */
  reopen(): void {
    for (const [name, device] of this.#devices) {
      try {
        device.sink.reopen()
        this.#report({ kind: 'audit-reopened', path: name })
      } catch (error) {
        this.#fail(name, device, error)
      }
    }
  }

  /** A device that is in the table and cannot be opened: it stays, and every line tries again. */
  failed(name: string, error: unknown): void {
    const device = this.#devices.get(name)
    if (device !== undefined) this.#fail(name, device, error)
  }

  status(): AuditDeviceStatus[] {
    return Array.from(this.#devices, ([path, { sink, stored, refused, lastFailure, failingSince }]) => ({
      path,
      stored,
      refused,
      lastFailure,
      failingSince,
      disk: sink.disk?.(),
    }))
  }

  /** How long entries took to be stored, on all devices. */
  times(): { readonly requests: DurationSummary; readonly responses: DurationSummary } {
    const now = this.#elapsed()
    return { requests: this.#requestTimes.summary(now), responses: this.#responseTimes.summary(now) }
  }

  /** For `sys/audit-hash`. `undefined` when there is no such device. */
  hash(name: string, input: string): string | undefined {
    return this.#devices.get(name)?.hasher.text(input)
  }

  /** @throws {LogicalError} `internal`, when no device took it. */
  request(request: AuditedRequest, error: string | undefined): Promise<void> {
    return this.#store({ count: 1, request }, ({ entries }) => entries.request(request, error))
  }

  /** @throws {LogicalError} `internal`, when no device took it. */
  response(request: AuditedRequest, response: AuditedResponse, error: string | undefined): Promise<void> {
    return this.#store({ count: 1, request, response }, ({ entries }) => entries.response(request, response, error))
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
    return this.#store({ count: 2, request, response }, ({ entries }) =>
      entries.exchange(request, refusal, response, error),
    )
  }

  close(): void {
    for (const name of this.#devices.keys()) this.remove(name)
  }

  async #store(what: Stored, line: (device: Device) => string): Promise<void> {
    if (this.#devices.size === 0) return
    const began = this.#elapsed()
    const stored = await Promise.all(
      Array.from(this.#devices, ([name, device]) => this.#storeOn(name, device, what, line)),
    )
    this.#noteTime(what, began)
    if (!stored.includes(true)) throw new LogicalError('internal', 'internal error', 'wrapped')
  }

  /** Two entries in one write took as long each. */
  #noteTime({ count, response }: Stored, began: number): void {
    const ended = this.#elapsed()
    if (count === 2 || response === undefined) this.#requestTimes.note(ended - began, ended)
    if (response !== undefined) this.#responseTimes.note(ended - began, ended)
  }

  async #storeOn(
    name: string,
    device: Device,
    { count, request, response }: Stored,
    line: (device: Device) => string,
  ): Promise<boolean> {
    try {
      const long = device.entries.prepare(request, response)
      if (long !== undefined) await long
      await device.sink.write(line(device))
      device.stored += count
      if (device.failingSince !== undefined) this.#recover(name, device)
      return true
    } catch (error) {
      device.refused += count
      device.missed += count
      this.#fail(name, device, error)
      return false
    }
  }

  #fail(name: string, device: Device, error: unknown): void {
    const time = this.#now()
    device.lastFailure = { reason: reasonOf(error), time }
    device.failingSince ??= time
    this.#report({ kind: 'audit-failed', path: name, error })
  }

  #recover(name: string, device: Device): void {
    const refused = device.missed
    device.missed = 0
    device.failingSince = undefined
    this.#report({ kind: 'audit-recovered', path: name, refused })
  }
}
