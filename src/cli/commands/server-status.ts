/**
 * `plenum server status`: how a server does. What a sealed server tells anybody needs no token; the rest is asked with
 * one, where there is one. Changes nothing. Exit status as of `vault status`: 0 unsealed, 2 sealed, 1 it cannot be told.
 */
import { noToken, sealStatus, serverStatus, type TokenProvider, VaultClient, VaultError } from '../../vault/index.ts'
import { CommandError } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'
import { nearestHub, openHub } from '../hub-file.ts'
import type { Screen } from '../screen.ts'
import { type Details, statusDocument, statusText } from '../serving/status-words.ts'
import { ambientTokens, DEFAULT_ADDRESS, operatorTokens, type Reach, reachAt, reachOf } from '../target.ts'

export interface ServerStatusOptions extends GlobalOptions {
  readonly address?: string
}

interface Target {
  readonly reach: Reach
  /** @throws {CommandError} when no token is to be had. */
  readonly tokens: () => TokenProvider
}

/** What says that there is no token, and not that one is wrong. */
const TOKENLESS: ReadonlySet<string> = new Set(['token-missing', 'operator-credentials-missing'])

export async function serverStatusCommand(options: ServerStatusOptions, screen: Screen): Promise<number> {
  const { reach, tokens } = await targetOf(options, screen)
  const seal = await withClient(reach, noToken, (client) => sealStatus(client))
  const details = seal.sealed ? ({ kind: 'sealed' } as const) : await detailsOf(reach, tokens)
  const report = { address: reach.address, source: reach.source, seal, details }
  screen.print(statusText(report, screen.paint))
  screen.document(statusDocument(report))
  return seal.sealed ? 2 : 0
}

/** A server that is named, else the hub's, else the one that `plenum server` starts when it is told of no other place. */
async function targetOf(options: ServerStatusOptions, screen: Screen): Promise<Target> {
  const { address } = options
  const named = address ?? process.env['VAULT_ADDR'] ?? ''
  if (named !== '') {
    const reach = await reachAt(named, address === undefined ? 'VAULT_ADDR' : '--address')
    return { reach, tokens: () => ambientTokens() }
  }
  if (options.hub === undefined && nearestHub() === undefined) {
    return { reach: await reachAt(DEFAULT_ADDRESS, 'the default address'), tokens: () => ambientTokens() }
  }
  const hub = openHub(options, screen, 'unchecked')
  const reach = await reachOf(hub)
  return { reach, tokens: () => operatorTokens(hub, reach) }
}

async function detailsOf(reach: Reach, tokens: () => TokenProvider): Promise<Details> {
  try {
    const status = await withClient(reach, tokens(), (client) => serverStatus(client))
    return { kind: 'known', status }
  } catch (error) {
    if (error instanceof CommandError && TOKENLESS.has(error.code)) return { kind: 'no-token' }
    const kind = error instanceof VaultError ? UNKNOWN[error.code] : undefined
    if (kind === undefined) throw error
    return { kind }
  }
}

/** Refusals that say why there is no more to tell. */
const UNKNOWN: Readonly<Partial<Record<VaultError['code'], Exclude<Details['kind'], 'known'>>>> = {
  'vault-denied': 'denied',
  'vault-not-found': 'not-plenum',
  // Between the two questions.
  'vault-sealed': 'sealed',
}

async function withClient<T>(
  { connection }: Reach,
  tokens: TokenProvider,
  work: (client: VaultClient) => Promise<T>,
): Promise<T> {
  // Whoever asks how a server does wants to know it now.
  const client = new VaultClient({ ...connection, maxRetries: connection.maxRetries ?? 0, tokens })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
