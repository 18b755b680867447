/**
 * Both sides of `plenum sync`, opened when they are first needed and kept: Airflow's database, the hub as plenum.yaml has
 * it now, and a client of the hub's own role for sync.
 *
 * A side that is not there makes a pass fail, and the next pass tries again; so sync may be started before either.
 */
import { randomBytes } from 'node:crypto'
import { Fernet } from '../../airflow/index.ts'
import { connectionPath, type Hub, HubReferenceError, ownFolder, variablePath } from '../../hub/index.ts'
import {
  type AirflowDatabase,
  classifyName,
  createRowReader,
  openAirflowDatabase,
  type Reading,
  type RowReader,
  selectObjects,
  type Selection,
} from '../../importers/index.ts'
import { type FingerprintKey, fingerprintKey } from '../../sensitive/index.ts'
import {
  carryBack,
  type CarryingBack,
  Passes,
  type PassResult,
  type Outcome,
  readContent,
  readRowDigests,
  readTablesDigest,
  syncKey,
  type SyncSides,
  vaultOf,
} from '../../sync/index.ts'
import { listAllSecrets, type VaultClient } from '../../vault/index.ts'
import { CommandError, ProblemsError } from '../failure.ts'
import type { OpenHub } from '../hub-file.ts'
import { projectRules } from '../importing/selection.ts'
import { type DatabaseSource, openForWriting } from '../importing/sources.ts'
import type { SyncOptions } from './options.ts'
import { pathOfAddress } from './addresses.ts'

export interface SessionOptions {
  readonly options: SyncOptions
  readonly source: DatabaseSource
  /** Read again before every full pass: declarations change while sync runs. */
  readonly reopenHub: () => OpenHub
  readonly hub: OpenHub
  readonly client: VaultClient
  readonly onOutcome: (address: string, outcome: Outcome) => void
  /** The database says that something changed. */
  readonly onNotify: () => void
  /** plenum.yaml can no longer be read: the last one that could is used. */
  readonly onHubProblem: (error: ProblemsError | CommandError | HubReferenceError) => void
  readonly signal: AbortSignal
}

export class Session {
  readonly #options: SessionOptions
  readonly #reader: RowReader
  #hub: Hub
  #database: AirflowDatabase | undefined
  #passes: Passes | undefined

  /** @throws {ImportError} 'import-fernet-key' */
  constructor(options: SessionOptions) {
    this.#options = options
    this.#hub = options.hub.hub
    this.#reader = createRowReader(options.source.fernetKeys)
  }

  /** Connects to both sides. @throws {ImportError | VaultError | SyncKeyError} */
  async open(): Promise<void> {
    await this.#opened()
  }

  outcomes(): Iterable<readonly [string, Outcome]> {
    return this.#passes?.outcomes() ?? []
  }

  async full(): Promise<PassResult> {
    this.#reloadHub()
    return (await this.#opened()).full()
  }

  async changes(withTroubles: boolean): Promise<PassResult> {
    return (await this.#opened()).changes(withTroubles)
  }

  async close(): Promise<void> {
    await this.#database?.close()
  }

  async #opened(): Promise<Passes> {
    const database = await this.#openDatabase()
    this.#passes ??= await this.#makePasses(database)
    return this.#passes
  }

  async #openDatabase(): Promise<AirflowDatabase> {
    if (this.#database !== undefined) return this.#database
    const { source, onNotify } = this.#options
    const database = await openAirflowDatabase({ target: source.target, access: 'read' })
    this.#database = database
    await database.listen?.(onNotify)
    return database
  }

  async #makePasses(database: AirflowDatabase): Promise<Passes> {
    const { client, options, onOutcome, signal } = this.#options
    const { mount } = this.#hub.vault
    const isDryRun = options.dryRun === true
    const path = `${ownFolder(this.#hub)}/sync`
    // A dry run makes no key: a passing one tells the same, for one pass.
    const key = (await syncKey({ client, mount, path, randomBytes, signal }, isDryRun)) ?? fingerprintKey()
    return new Passes({
      following: {
        vault: vaultOf(client, mount, Date.now, signal),
        hub: this.#hub.name,
        rule: options.onConflict,
        key,
      },
      sides: this.#sides(database, key),
      isDryRun,
      concurrency: client.pace,
      onOutcome,
      signal,
    })
  }

  #sides(database: AirflowDatabase, key: FingerprintKey): SyncSides {
    const { client, options } = this.#options
    return {
      ...(options.bothWays === true ? { carryBack: this.#carryingBack(key) } : {}),
      readTablesDigest: (signal) => readTablesDigest(database, key, signal),
      readRowDigests: (signal) => readRowDigests(database, key, signal),
      readContent: (signal) =>
        readContent(
          database,
          {
            reader: this.#reader,
            key,
            select: (reading) => this.#select(reading, key),
            ownerOf: (project) => this.#hub.projects.find(({ name }) => name === project)?.owner,
            keepRaw: this.#options.options.bothWays === true,
          },
          signal,
        ),
      listVault: async (signal) => {
        const { mount, connections, variables } = this.#hub.vault
        const list = (folder: string): Promise<string[]> =>
          listAllSecrets(client, mount, folder, { concurrency: client.pace, signal })
        const [connectionIds, keys] = await Promise.all([list(connections), list(variables)])
        return [...connectionIds.map((id) => `connection:${id}`), ...keys.map((id) => `variable:${id}`)]
      },
      pathOf: (address) =>
        pathOfAddress(address, {
          connection: (id) => connectionPath(this.#hub.vault, id),
          variable: (id) => variablePath(this.#hub.vault, id),
        }),
      isDeclaredElsewhere: (address) => this.#declared().get(address)?.external === false,
    }
  }

  #carryingBack(key: FingerprintKey): NonNullable<SyncSides['carryBack']> {
    const { client, options, source, signal } = this.#options
    const { fernetKeys } = source
    const fernet = fernetKeys === undefined || fernetKeys.reveal().trim() === '' ? undefined : new Fernet(fernetKeys)
    const carrying: CarryingBack = {
      vault: vaultOf(client, this.#hub.vault.mount, Date.now, signal),
      key,
      reader: this.#reader,
      encrypt:
        fernet === undefined ? undefined : (text) => fernet.encrypt(text, { now: Date.now(), iv: randomBytes(16) }),
      isSecret: (name, value) => classifyName(name, value).kind === 'secret',
      changeRow: async (change) => {
        const database = await openForWriting(options, source)
        try {
          await database.changeRows([change])
        } finally {
          await database.close()
        }
      },
      isDryRun: options.dryRun === true,
    }
    return (subject, version, content) => carryBack(subject, version, content, carrying)
  }

  #select(reading: Reading, key: FingerprintKey): Selection {
    const { options } = this.#options
    const projects = this.#hub.projects.map(({ name }) => name)
    return selectObjects([reading], {
      only: options.only ?? [],
      except: options.except ?? [],
      withDefaults: options.withDefaults === true,
      rules: projectRules(
        options,
        projects,
        reading.found.map(({ id }) => id),
      ),
      names: 'none',
      classes: [],
      prefer: undefined,
      key,
      findDuplicates: false,
      // As if all were external: a row that plenum.yaml gives another value is no row to leave unread, but one to tell of.
      declared: new Map([...this.#declared()].map(([address, one]) => [address, { ...one, external: true }])),
    })
  }

  #declared(): ReadonlyMap<string, { readonly external: boolean; readonly project: string }> {
    this.#declaredNow ??= new Map(
      this.#hub.entries.map(({ kind, id, external, project }) => [`${kind}:${id}`, { external, project }]),
    )
    return this.#declaredNow
  }
  #declaredNow: ReadonlyMap<string, { readonly external: boolean; readonly project: string }> | undefined

  #reloadHub(): void {
    const { reopenHub, onHubProblem } = this.#options
    try {
      const { hub } = reopenHub()
      // Other paths are other objects: nothing that is remembered is about them.
      if (placeOf(hub) !== placeOf(this.#hub)) this.#passes = undefined
      this.#hub = hub
      this.#declaredNow = undefined
    } catch (error) {
      if (!isHubProblem(error)) throw error
      onHubProblem(error)
    }
  }
}

/** Where the hub keeps its objects. */
function placeOf({ name, vault }: Hub): string {
  return JSON.stringify([name, vault])
}

function isHubProblem(error: unknown): error is ProblemsError | CommandError | HubReferenceError {
  return error instanceof ProblemsError || error instanceof CommandError || error instanceof HubReferenceError
}
