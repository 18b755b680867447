/**
 * Plays an order of events in a `World`: people edit rows and secrets, instances of sync run, are killed between any two
 * requests (what they had sent may still arrive), and start again; at the end one instance runs undisturbed.
 */
import fc from 'fast-check'
import type { ConflictRule } from './decide.ts'
import type { Passes } from './pass.ts'
import { World } from './world.case.ts'

export type Event =
  | { readonly kind: 'edit' | 'drop' | 'vault-edit' | 'vault-same' | 'vault-drop'; readonly id: number }
  | { readonly kind: 'serve'; readonly which: number }
  | { readonly kind: 'kill'; readonly instance: number; readonly arrives: boolean }
  | { readonly kind: 'pass'; readonly instance: number; readonly full: boolean }

const ID = fc.nat(1)
type InVault = 'vault-edit' | 'vault-same' | 'vault-drop'

/** `people`: what they do in Vault, beside editing and deleting rows. */
export function events(people: readonly InVault[]): fc.Arbitrary<Event[]> {
  const choices: fc.WeightedArbitrary<Event>[] = [
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('edit', 'edit', 'drop'), id: ID }) },
    ...people.map((kind) => ({ weight: 1, arbitrary: fc.record({ kind: fc.constant(kind), id: ID }) })),
    { weight: 14, arbitrary: fc.record({ kind: fc.constant('serve'), which: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), instance: fc.nat(1), full: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill'), instance: fc.nat(1), arrives: fc.boolean() }) },
  ]
  return fc.array(fc.oneof(...choices), { minLength: 10, maxLength: 150, size: 'max' })
}

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
    void this.#finish(work, instance, passes)
  }

  async #finish(work: Promise<unknown>, instance: number, passes: Passes): Promise<void> {
    await work
    if (this.#instances[instance] === passes) this.#busy[instance] = false
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
    if (this.world.waiting.length > 0) this.world.violations.push('the requests never end')
  }
}

/** Everything that follows an answer without another request. */
async function settle(): Promise<void> {
  for (let n = 0; n < 12; n += 1) await Promise.resolve()
}

/** @returns the world afterwards, with nothing under way. */
export async function play(all: readonly Event[], instances: number, rule: ConflictRule = 'report'): Promise<World> {
  const driver = new Driver(rule)
  await driver.play(all, instances)
  return driver.world
}

/** Ids whose row is not what Vault serves, or that Vault still serves though their row has gone. */
export function outOfStep(world: World): string[] {
  return [...new Set([...world.rows.keys(), ...world.secrets.keys()])].filter((id) => {
    const newest = world.newest(id)
    const served = newest === undefined || newest.isDeleted ? undefined : newest.value
    return served !== world.rows.get(id)
  })
}
