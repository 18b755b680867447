/**
 * `plenum sync`: keeps Vault in step with Airflow's database, until it is stopped; or one pass (`--once`), or only what one
 * pass would do (`--dry-run`).
 */
import { roleOf, accessOf } from '../../hub/index.ts'
import { ImportError, NOTIFY_SQL } from '../../importers/index.ts'
import {
  Alarm,
  isTrouble,
  News,
  type Outcome,
  type PassResult,
  runSync,
  type SyncEvent,
  SyncStatus,
  troubleOf,
} from '../../sync/index.ts'
import { VaultError, type VaultClient } from '../../vault/index.ts'
import { readCredentials } from '../credential-files.ts'
import { describeFailure } from '../failure.ts'
import { keepHeapSmall } from '../heap.ts'
import { type OpenHub, openHub } from '../hub-file.ts'
import { databaseOf, type DatabaseSource } from '../importing/sources.ts'
import { interruptible } from '../interrupt.ts'
import { roleFiles } from '../roles.ts'
import type { Screen } from '../screen.ts'
import type { SyncOptions } from '../syncing/options.ts'
import { Session } from '../syncing/session.ts'
import { listenForStatus } from '../syncing/status-listener.ts'
import { CONFLICT_HINT, countWords, eventJson, objectLine, seconds } from '../syncing/words.ts'
import { openOperator, type Reach, reachOf } from '../target.ts'
import { openAsRole } from '../verification.ts'
import { withVault } from '../with-vault.ts'

export async function sync(options: SyncOptions, screen: Screen): Promise<number> {
  if (options.printTrigger === true) {
    process.stdout.write(NOTIFY_SQL)
    return 0
  }
  try {
    const hub = openHub(options, screen, 'unchecked')
    return await interruptible(async (signal) => {
      const source = await databaseOf(options)
      const call: Call = { hub, options, screen, source, signal }
      return options.once === true || options.dryRun === true ? onePass(call) : follow(call)
    })
  } catch (error) {
    if (!screen.json) throw error
    // One line as every other: whoever reads lines would stumble over a document of many.
    const { problems, status } = describeFailure(error)
    for (const { message, hint } of problems) screen.fail(message, hint)
    process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event: 'failed', errors: problems })}\n`)
    return status
  }
}

interface Call {
  readonly hub: OpenHub
  readonly options: SyncOptions
  readonly screen: Screen
  readonly source: DatabaseSource
  readonly signal: AbortSignal
}

function onePass(call: Call): Promise<number> {
  const { hub, options, screen } = call
  return withVault({
    hub,
    port: options.port,
    screen,
    enter: (reach) => clientOfRole(hub, reach),
    work: async (_, client) => {
      const teller = new Teller(screen)
      const session = openSession(call, client, teller, () => undefined)
      try {
        const started = Date.now()
        const result = await session.full()
        teller.tell({ kind: 'pass', result, durationMs: Date.now() - started })
        screen.say(`${options.dryRun === true ? 'nothing was written; ' : ''}${countWords(session.outcomes())}`)
        return teller.needsSomebody(session.outcomes(), result) ? 1 : 0
      } finally {
        await session.close()
      }
    },
  })
}

async function follow(call: Call): Promise<number> {
  keepHeapSmall()
  const { hub, options, screen, source, signal } = call
  const reach = await reachOf(hub)
  const client = clientOfRole(hub, reach) ?? openOperator(hub, reach)
  const alarm = new Alarm()
  const teller = new Teller(screen)
  const session = openSession(call, client, teller, () => alarm.ring())
  const status = new SyncStatus(Date.now, options.interval, () => session.outcomes())
  teller.also((event) => status.note(event))
  try {
    await requirePossible(session, signal)
    const listener = options.listen === 'none' ? undefined : await listenForStatus(options.listen, status)
    try {
      screen.say(
        `plenum sync: ${hub.hub.name}: ${source.target.label} -> ${reach.address}, every ${seconds(options.interval)}`,
      )
      if (listener !== undefined) screen.say(`  ${listener.url}/healthz and /metrics`)
      let isFirst = true
      teller.also((event) => {
        if (event.kind !== 'pass' || !isFirst) return
        isFirst = false
        screen.say(`  ${countWords(session.outcomes())} (${seconds(event.durationMs)}); following; Ctrl-C stops it`)
      })
      await runSync({
        passes: session,
        intervalMs: options.interval,
        fullEveryMs: options.fullEvery ?? (options.bothWays === true ? 60_000 : 600_000),
        wait: (ms) => alarm.wait(ms, signal),
        now: () => performance.now(),
        random: Math.random,
        onEvent: (event) => {
          if (event.kind === 'trouble') alarm.reset()
          teller.tell(event)
        },
        signal,
      })
      screen.say('plenum sync: stopped')
      return 0
    } finally {
      await listener?.close()
    }
  } finally {
    await session.close()
    await client.close()
  }
}

function openSession(
  { hub, options, screen, source, signal }: Call,
  client: VaultClient,
  teller: Teller,
  onNotify: () => void,
): Session {
  return new Session({
    options,
    source,
    hub,
    reopenHub: () => openHub(options, { ...screen, warn: () => undefined }, 'unchecked'),
    client,
    onOutcome: (address, outcome) => teller.outcome(address, outcome),
    onNotify,
    onHubProblem: (error) => screen.warn(`plenum.yaml is used as it was before: ${error.message}`),
    signal,
  })
}

/** What waiting does not mend ends it before it begins. */
async function requirePossible(session: Session, signal: AbortSignal): Promise<void> {
  try {
    await session.open()
  } catch (error) {
    // Stopped while it waited for a side that is not there: an end like any other.
    if (signal.aborted) return
    const mayPass =
      (error instanceof ImportError && PASSING.has(error.code)) ||
      (error instanceof VaultError && PASSING.has(error.code))
    if (!mayPass || troubleOf(error) === undefined) throw error
  }
}

const PASSING: ReadonlySet<string> = new Set([
  'import-database-refused',
  'import-database-host',
  'import-database-timeout',
  'import-database-lost',
  'import-database-busy',
  'vault-unreachable',
  'vault-timeout',
  'vault-sealed',
  'vault-rate-limited',
  'vault-server',
])

/** With no more rights than sync needs, where its credentials are at hand and nobody gave a token. */
function clientOfRole(hub: OpenHub, reach: Reach): VaultClient | undefined {
  const { VAULT_TOKEN } = process.env
  if (VAULT_TOKEN !== undefined && VAULT_TOKEN !== '') return undefined
  const access = accessOf(hub.hub)
  const role = roleOf(access, { kind: 'sync' })
  const files = roleFiles(hub, role, reach.storeId)
  if (files === undefined || readCredentials(files) === undefined) return undefined
  return openAsRole(hub, role, { access, reach })
}

/** Says each thing once, to whoever wants to know. */
class Teller {
  readonly #screen: Screen
  readonly #news = new News()
  readonly #listeners: ((event: SyncEvent) => void)[] = []

  constructor(screen: Screen) {
    this.#screen = screen
  }

  also(listener: (event: SyncEvent) => void): void {
    this.#listeners.push(listener)
  }

  outcome(address: string, outcome: Outcome): void {
    if (this.#news.isNews(address, outcome)) this.tell({ kind: 'object', address, outcome })
  }

  tell(event: SyncEvent): void {
    for (const listener of this.#listeners) listener(event)
    if (event.kind === 'pass') {
      for (const finding of this.#news.newFindings(event.result.findings ?? [])) this.tell({ kind: 'finding', finding })
      // Thousands a day that say nothing.
      if (event.result.kind === 'changes' && event.result.looked === 0) return
    }
    if (this.#screen.json) process.stdout.write(`${eventJson(event, Date.now())}\n`)
    else this.#show(event)
  }

  needsSomebody(outcomes: Iterable<readonly [string, Outcome]>, { findings = [] }: PassResult): boolean {
    const isWaiting = [...outcomes].some(([, outcome]) => isTrouble(outcome) || outcome.kind === 'raced')
    return isWaiting || findings.some(({ severity }) => severity === 'error')
  }

  #show(event: SyncEvent): void {
    const screen = this.#screen
    switch (event.kind) {
      case 'object': {
        const { outcome, address } = event
        // A record alone is no news for people, but for what a rule decided.
        if (outcome.kind === 'recorded' && outcome.conflict === undefined) return
        screen.print(objectLine(address, outcome, screen.paint))
        if (outcome.kind === 'conflict') screen.say(`      ${CONFLICT_HINT}`)
        return
      }
      case 'finding': {
        const { severity, where, id, text, hint } = event.finding
        const message = `${where}${id === undefined ? '' : ` (${id})`}: ${text}`
        if (severity === 'error') screen.fail(message, hint)
        else screen.warn(message, hint)
        return
      }
      case 'trouble': {
        const { trouble, retryInMs } = event
        screen.fail(`${trouble.text}; trying again in ${seconds(retryInMs)}`, trouble.hint)
        return
      }
      case 'recovered':
        screen.say(`back after ${seconds(event.afterMs)}`)
        return
      case 'pass':
        return
    }
  }
}
