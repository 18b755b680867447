/**
 * Every order of events that the generator finds: people edit rows and secrets, two instances of sync run, are killed
 * between any two requests (and what was under way may still arrive), and start again.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConflictRule } from './decide.ts'
import type { Passes } from './pass.ts'
import { World } from './world.case.ts'

type Event =
  | { readonly kind: 'edit' | 'drop' | 'vault-edit' | 'vault-same' | 'vault-drop'; readonly id: number }
  | { readonly kind: 'serve'; readonly which: number }
  | { readonly kind: 'kill'; readonly instance: number; readonly arrives: boolean }
  | { readonly kind: 'pass'; readonly instance: number; readonly full: boolean }

const ID = fc.nat(1)
const events = (people: readonly ('vault-edit' | 'vault-same' | 'vault-drop')[]): fc.Arbitrary<Event[]> =>
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('edit' as const, 'edit' as const, 'drop'), id: ID }) },
      ...(people.length === 0
        ? []
        : [{ weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...people), id: ID }) }]),
      { weight: 14, arbitrary: fc.record({ kind: fc.constant('serve' as const), which: fc.nat(3) }) },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('pass' as const), instance: fc.nat(1), full: fc.boolean() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('kill' as const), instance: fc.nat(1), arrives: fc.boolean() }),
      },
    ) as fc.Arbitrary<Event>,
    { minLength: 10, maxLength: 150, size: 'max' },
  )

class Driver {
  readonly world = new World()
  readonly #rule: ConflictRule
  readonly #instances: (Passes | undefined)[] = [undefined, undefined]
  readonly #busy = [false, false]

  constructor(rule: ConflictRule) {
    this.#rule = rule
  }

  async play(all: readonly Event[], instances: number): Promise<void> {
    for (const event of all) await this.#happen(event, instances)
    await this.#quiet()
    this.#instances.fill(undefined)
    // A new process, and nobody in its way: twice, for what the first one had to leave for the next.
    for (let n = 0; n < 2; n += 1) {
      this.#start(0, true)
      await this.#quiet()
    }
  }

  async #happen(event: Event, instances: number): Promise<void> {
    const { world } = this
    switch (event.kind) {
      case 'edit':
        return world.editRow(`v${event.id}`)
      case 'drop':
        return world.deleteRow(`v${event.id}`)
      case 'vault-edit':
        return world.writeByPerson(`v${event.id}`, false)
      case 'vault-same':
        return world.writeByPerson(`v${event.id}`, true)
      case 'vault-drop':
        return world.deleteByPerson(`v${event.id}`)
      case 'serve':
        return this.#serve(event.which)
      case 'pass':
        return this.#start(event.instance % instances, event.full)
      case 'kill':
        return this.#kill(event.instance % instances, event.arrives)
    }
  }

  #start(instance: number, full: boolean): void {
    if (this.#busy[instance] === true) return
    const known = this.#instances[instance]
    const passes = known ?? this.world.instance(instance, this.#rule)
    this.#instances[instance] = passes
    this.#busy[instance] = true
    const work = known === undefined || full ? passes.full() : passes.changes(true)
    void work.then(() => {
      if (this.#instances[instance] === passes) this.#busy[instance] = false
    })
  }

  async #serve(which: number): Promise<void> {
    const { waiting } = this.world
    const [request] = waiting.splice(which % Math.max(1, waiting.length), 1)
    request?.run()
    await settle()
  }

  /** What it had sent may still be done, or was lost on the way. */
  async #kill(instance: number, arrives: boolean): Promise<void> {
    const { waiting } = this.world
    const sent = waiting.filter((request) => request.instance === instance)
    const others = waiting.filter((request) => request.instance !== instance)
    waiting.splice(0, waiting.length, ...others)
    // Nobody waits for the answers: what would follow them is cut off below.
    if (arrives) for (const { run } of sent) run()
    this.#instances[instance] = undefined
    this.#busy[instance] = false
    const before = waiting.length
    await settle()
    waiting.splice(before, waiting.length - before)
  }

  async #quiet(): Promise<void> {
    for (let n = 0; n < 2_000 && this.world.waiting.length > 0; n += 1) await this.#serve(0)
    expect(this.world.waiting).toEqual([])
  }
}

/** Everything that follows an answer without another request. */
async function settle(): Promise<void> {
  for (let n = 0; n < 12; n += 1) await Promise.resolve()
}

const RUNS = Number(process.env['PLENUM_SYNC_RUNS'] ?? 400)

async function holds(
  people: Parameters<typeof events>[0],
  instances: number,
  check: (driver: Driver) => void = () => undefined,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(events(people), async (all) => {
      const driver = new Driver('report')
      await driver.play(all, instances)
      expect(driver.world.violations).toEqual([])
      check(driver)
    }),
    { numRuns: RUNS },
  )
}

/** Airflow's rows are in Vault, and what left Airflow has left Vault. */
function isInStep({ world }: Driver): void {
  for (const id of ['v0', 'v1']) {
    const newest = world.newest(id)
    const row = world.rows.get(id)
    if (row === undefined) expect(newest === undefined || newest.isDeleted, `${id} is deleted`).toBe(true)
    else expect(newest, id).toMatchObject({ value: row, isDeleted: false })
  }
}

describe('sync, killed anywhere', () => {
  it('loses no edit and writes none twice, when only Airflow is edited', async () => {
    await holds([], 1, isInStep)
  })

  it('two at once: neither', async () => {
    await holds([], 2, isInStep)
  })

  it('never writes over, and never deletes, what a person wrote in Vault', async () => {
    await holds(['vault-edit', 'vault-same'], 1)
  })

  it('two at once: neither, with people who also delete in Vault', async () => {
    await holds(['vault-edit', 'vault-same', 'vault-drop'], 2)
  })
})
