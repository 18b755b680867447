import { describe, expect, it } from 'vitest'
import { ImportError } from '../importers/found.ts'
import { VaultError, type VaultErrorCode } from '../vault/index.ts'
import type { PassResult } from './pass.ts'
import { type RunOptions, runSync, type SyncEvent } from './run.ts'
import { backoff } from './trouble.ts'

const vaultError = (code: VaultErrorCode): VaultError =>
  new VaultError(code, `${code}: told`, { method: 'GET', path: 'x', address: 'http://vault' })

/** A pass takes one millisecond of a clock that only waits move otherwise. */
class Clock {
  now = 0
  readonly calls: string[] = []
  readonly waits: number[] = []
  readonly events: SyncEvent[] = []
  readonly stop = new AbortController()

  /** `outcome` of each pass: an error to throw, or nothing. It ends after so many passes. */
  async run(passes: number, outcome: (pass: number) => unknown, options: Partial<RunOptions> = {}): Promise<void> {
    let count = 0
    const pass = (kind: PassResult['kind'], name: string): Promise<PassResult> => {
      count += 1
      this.calls.push(name)
      this.now += 1
      const error = outcome(count)
      if (count === passes) this.stop.abort()
      return error === undefined ? Promise.resolve({ kind, looked: 0, findings: undefined }) : Promise.reject(error)
    }
    await runSync({
      passes: {
        full: () => pass('full', 'full'),
        changes: (withTroubles) => pass('changes', withTroubles ? 'changes and troubles' : 'changes'),
      },
      intervalMs: 2000,
      fullEveryMs: 600_000,
      wait: (ms) => {
        this.waits.push(ms)
        this.now += ms
        return Promise.resolve()
      },
      now: () => this.now,
      random: () => 0.5,
      onEvent: (event) => this.events.push(event),
      signal: this.stop.signal,
      ...options,
    })
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind)
  }
}

const well = (): undefined => undefined
const failing =
  (...failures: readonly number[]) =>
  (pass: number): unknown =>
    failures.includes(pass) ? vaultError('vault-unreachable') : undefined

describe('runSync', () => {
  it('looks at everything first, then at changes, an interval after each other', async () => {
    const clock = new Clock()
    await clock.run(4, well)
    expect(clock.calls).toEqual(['full', 'changes', 'changes', 'changes'])
    expect(clock.waits).toEqual([2000, 2000, 2000, 2000])
    expect(clock.events[0]).toEqual({ kind: 'pass', result: expect.objectContaining({ kind: 'full' }), durationMs: 1 })
  })

  it('looks at troubles every fifteen seconds, and at everything as often as it is told', async () => {
    const clock = new Clock()
    await clock.run(14, well, { intervalMs: 4999, fullEveryMs: 40_000 })
    const three = ['changes', 'changes', 'changes and troubles']
    const round = ['full', ...three, ...three, 'changes']
    expect(clock.calls).toEqual([...round, ...round].slice(0, 14))
  })

  it('waits longer after each failure, within bounds, and says what is wrong', async () => {
    const clock = new Clock()
    await clock.run(10, () => vaultError('vault-sealed'))
    expect(clock.calls).toEqual(Array(10).fill('full'))
    expect(clock.events[0]).toEqual({
      kind: 'trouble',
      trouble: { side: 'vault', code: 'vault-sealed', text: 'vault-sealed: told', hint: undefined },
      retryInMs: 1500,
    })
    // The tenth is cut off by the end that was asked for.
    expect(clock.waits).toEqual([1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000, 45_000])
  })

  it('tells that it is back and since when, looks at everything, and is patient anew', async () => {
    const clock = new Clock()
    await clock.run(7, failing(2, 3, 6))
    expect(clock.calls).toEqual(['full', 'changes', 'full', 'full', 'changes', 'changes', 'full'])
    expect(clock.kinds()).toEqual([
      'pass',
      'trouble',
      'trouble',
      'recovered',
      'pass',
      'pass',
      'trouble',
      'recovered',
      'pass',
    ])
    const [first, second] = clock.events.filter((event) => event.kind === 'recovered')
    expect([first?.afterMs, second?.afterMs]).toEqual([1 + 1500 + 1 + 3000 + 1, 1 + 1500 + 1])
  })

  it('knows which side it is that is not there', async () => {
    const clock = new Clock()
    const gone = new ImportError('import-database-lost', 'the connection broke', { hint: 'is it running?' })
    await clock.run(2, (pass) => (pass === 1 ? gone : undefined))
    expect(clock.events[0]).toMatchObject({
      trouble: { side: 'database', code: 'import-database-lost', text: 'the connection broke', hint: 'is it running?' },
    })
  })

  it('ends with what waiting does not mend', async () => {
    const bug = new TypeError('a bug')
    const clock = new Clock()
    await expect(clock.run(9, (pass) => (pass === 3 ? bug : undefined))).rejects.toBe(bug)
    expect(clock.calls).toHaveLength(3)
    expect(clock.kinds()).toEqual(['pass', 'pass'])
  })

  it('does nothing when it was stopped before', async () => {
    const clock = new Clock()
    clock.stop.abort()
    await clock.run(1, well)
    expect(clock.calls).toEqual([])
  })

  it.each([
    ['the reason of the end', new Error('interrupted')],
    ['an outage', vaultError('vault-timeout')],
  ])('ends quietly when a pass was cut off by the end that was asked for, with %s', async (_, error) => {
    const clock = new Clock()
    await clock.run(2, (pass) => {
      if (pass < 2) return undefined
      clock.stop.abort()
      return error
    })
    expect(clock.kinds()).toEqual(['pass'])
  })
})

describe('backoff', () => {
  it('lies between half and all of a time that doubles, whatever chance gives', () => {
    expect([0, 1, 2, 3].map((failures) => backoff(failures, 2000, 0))).toEqual([1000, 2000, 4000, 8000])
    expect([0, 1, 2, 3].map((failures) => backoff(failures, 2000, 1))).toEqual([2000, 4000, 8000, 16_000])
  })

  it('is never longer than a minute, and never nothing', () => {
    expect(backoff(1_000_000, 3_600_000, 1)).toBe(60_000)
    expect(backoff(0, 100, 0)).toBe(125)
  })
})
