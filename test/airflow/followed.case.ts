/**
 * An Airflow whose database `plenum sync` follows: the hub with its embedded server, the follower as a process of its
 * own, and what a task of that Airflow gets, asked from a real VaultBackend that knows nothing of the database.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson, type Json } from '../../src/sensitive/index.ts'
import { readMetadata, type SecretMetadata, type VaultClient } from '../../src/vault/index.ts'
import type { AirflowLine, Ran } from './airflow.case.ts'
import { type Backend, startBackend } from './backend.case.ts'
import { type Child, startChild, until } from './child.case.ts'
import { type DatabaseServer, migrate } from './database.case.ts'
import { asFound, type Editor, type Entered } from './entered.case.ts'
import { type HubFolder, hubFolder } from './hub.case.ts'

/** What has not arrived by then does not arrive. */
const PATIENCE_MS = 15_000
const ASK_EVERY_MS = 25
const PROVIDERS: Readonly<Record<AirflowLine, string>> = { '3.3': '4.8', '2.11': '4.7' }

/** A hub that declares nothing of what is edited. */
const declaration = (line: AirflowLine): string => `version: 1
hub: followed
airflow: { version: "${line}", provider: "${PROVIDERS[line]}" }
environments:
  dev: { vault: embedded }
projects:
  trading:
    variables:
      project_trading_symbols: "AAPL,MSFT"
`

type Named = Pick<Entered, 'kind' | 'id'>

export interface Followed {
  /** AIRFLOW_HOME. */
  readonly home: string
  /** The same way in; when something was entered by it is remembered, and it is stopped with the rest. */
  through(editor: Promise<Editor>): Promise<Editor>
  /** `plenum sync` on it, to its end. */
  sync(...args: readonly string[]): Promise<Ran>
  /** `plenum sync` on it, in the background. One at a time. */
  follow(...args: readonly string[]): void
  /** SIGTERM. The status that it ended with; `null` when it had to be killed. */
  unfollow(): Promise<number | null>
  /** Everything that the followers have said. */
  said(): string
  /** Waits until a follower has said it. */
  says(text: string): Promise<boolean>
  /** Waits until the backend returns each as it was entered, and fails when it does not. */
  arrive(...entered: readonly Entered[]): Promise<void>
  /** Waits until the backend returns nothing for each. */
  leave(...removed: readonly Named[]): Promise<void>
  metadata(entered: Named): Promise<SecretMetadata | undefined>
  /** The number of versions of each. */
  versions(...entered: readonly Named[]): Promise<readonly number[]>
  /** How long each took that has arrived or left since the last time: ms, from Airflow's answer to the backend's. */
  takeTimes(): readonly number[]
  stop(): Promise<void>
}

/** A folder that is not there yet, and a name for the database in the server. */
export async function followed(
  line: AirflowLine,
  server: DatabaseServer,
  { folder, name }: { readonly folder: string; readonly name: string },
): Promise<Followed> {
  const hub = hubFolder(join(folder, 'hub'))
  let isUp = false
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(stops.splice(0).map((one) => one()))
    if (isUp) await hub.down()
    isUp = false
  }
  try {
    const [home, tasks] = [join(folder, 'airflow'), join(folder, 'tasks')]
    mkdirSync(tasks)
    writeFileSync(join(hub.folder, 'plenum.yaml'), declaration(line))
    await server.makeHome(home, name)
    await hub.up()
    isUp = true
    const [backend] = await Promise.all([
      startBackend(line, { home: tasks, sourced: hub.settings }),
      migrate(line, home),
    ])
    stops.push(() => backend.stop())
    const operator = hub.operator()
    stops.push(() => operator.close())
    return new Following({ home, hub, backend, operator, stops, stop })
  } catch (error) {
    await stop()
    throw error
  }
}

interface Parts {
  readonly home: string
  readonly hub: HubFolder
  readonly backend: Backend
  readonly operator: VaultClient
  readonly stops: (() => Promise<unknown>)[]
  readonly stop: () => Promise<void>
}

const nameOf = ({ kind, id }: Named): string => `${kind}:${id}`

class Following implements Followed {
  readonly home: string
  readonly stop: () => Promise<void>
  readonly #parts: Parts
  readonly #enteredAt = new Map<string, number>()
  readonly #times: number[] = []
  #follower: Child | undefined
  #saidBefore = ''

  constructor(parts: Parts) {
    this.#parts = parts
    this.home = parts.home
    this.stop = parts.stop
    parts.stops.push(() => this.unfollow())
  }

  async through(starting: Promise<Editor>): Promise<Editor> {
    const editor = await starting
    this.#parts.stops.push(() => editor.stop())
    const noting =
      <T extends Named>(act: (named: T) => Promise<void>) =>
      async (named: T): Promise<void> => {
        await act(named)
        this.#enteredAt.set(nameOf(named), performance.now())
      }
    return { ...editor, create: noting(editor.create), edit: noting(editor.edit), remove: noting(editor.remove) }
  }

  sync(...args: readonly string[]): Promise<Ran> {
    return this.#parts.hub.plenum(this.#words(args))
  }

  follow(...args: readonly string[]): void {
    if (this.#follower !== undefined) throw new Error('it is followed already')
    const { hub } = this.#parts
    const words = hub.command(this.#words(['--listen', 'none', ...args]))
    this.#follower = startChild(process.execPath, words, { env: hub.env })
  }

  #words(args: readonly string[]): readonly string[] {
    return ['sync', '--airflow-home', this.home, ...args]
  }

  async unfollow(): Promise<number | null> {
    const follower = this.#follower
    if (follower === undefined) return null
    this.#follower = undefined
    const status = await follower.stop()
    this.#saidBefore += follower.said()
    return status
  }

  said(): string {
    return this.#saidBefore + (this.#follower?.said() ?? '')
  }

  async says(text: string): Promise<boolean> {
    const heard = (): Promise<true | undefined> => Promise.resolve(this.said().includes(text) || undefined)
    return (await until(heard, { everyMs: ASK_EVERY_MS, timeoutMs: PATIENCE_MS })) === true
  }

  async arrive(...entered: readonly Entered[]): Promise<void> {
    await this.#return(entered.map((one) => [one, asFound(one)]))
  }

  async leave(...removed: readonly Named[]): Promise<void> {
    await this.#return(removed.map((one) => [one, null]))
  }

  async #return(wanted: readonly (readonly [Named, Json])[]): Promise<void> {
    const waiting = new Map(wanted)
    const found = new Map<Named, Json>()
    const asked = async (): Promise<true | undefined> => {
      for (const [named, json] of waiting) {
        const answer = await this.#parts.backend.ask(named.kind, named.id)
        found.set(named, answer)
        if (canonicalJson(answer) !== canonicalJson(json)) continue
        waiting.delete(named)
        this.#time(nameOf(named))
      }
      if (waiting.size === 0) return true
      const status = this.#follower?.process.exitCode
      if (typeof status === 'number') throw new Error(`plenum sync ended with ${status}: ${this.said().slice(-2000)}`)
      return undefined
    }
    if ((await until(asked, { everyMs: ASK_EVERY_MS, timeoutMs: PATIENCE_MS })) === true) return
    const late = [...waiting].map(([named, json]) => ({ name: nameOf(named), found: found.get(named), wanted: json }))
    throw new Error(`after ${PATIENCE_MS} ms: ${JSON.stringify(late)}\nplenum sync says: ${this.said().slice(-2000)}`)
  }

  /** Once for each time that something was entered. */
  #time(name: string): void {
    const enteredAt = this.#enteredAt.get(name)
    if (enteredAt === undefined) return
    this.#enteredAt.delete(name)
    this.#times.push(performance.now() - enteredAt)
  }

  metadata({ kind, id }: Named): Promise<SecretMetadata | undefined> {
    return readMetadata(this.#parts.operator, 'secret', `airflow/${kind}s/${id}`)
  }

  async versions(...entered: readonly Named[]): Promise<readonly number[]> {
    const found = await Promise.all(entered.map((one) => this.metadata(one)))
    return found.map((metadata) => metadata?.currentVersion ?? 0)
  }

  takeTimes(): readonly number[] {
    return this.#times.splice(0)
  }
}
