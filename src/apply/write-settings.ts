/**
 * Mount, auth method, policies and roles. Writing one twice is writing it once, and none has a version to check against,
 * so what is there is looked at before something is created, and again when an answer was lost.
 */
import type { Hub, HubAccess } from '../hub/index.ts'
import { type Change, idOf, type Settings, type SettingsKind, sameSettings } from '../plan/index.ts'
import {
  enableAuth,
  enableSecretsEngine,
  listSecrets,
  readAuthMounts,
  readMounts,
  readPolicy,
  readRole,
  type VaultClient,
  VaultError,
  writePolicy,
  writeRole,
} from '../vault/index.ts'
import { ApplyError } from './errors.ts'
import { DRIFTED_MEANWHILE, failed, type Outcome } from './report.ts'

export interface SettingsWriter {
  readonly client: VaultClient
  readonly hub: Hub
  readonly access: HubAccess
  readonly sleep: (ms: number) => Promise<void>
}

/** One thing with settings: how to look at it and how to write it. */
interface Target {
  readonly declared: Settings
  /** Undefined when there is none. */
  read(): Promise<Settings | undefined>
  write(): Promise<void>
}

/** Creates or updates. Never rejects. */
export async function writeSettings(kind: SettingsKind, change: Change, writer: SettingsWriter): Promise<Outcome> {
  try {
    const target = TARGETS[kind](writer, change)
    if (change.action === 'create') {
      const there = await target.read()
      if (there !== undefined) return sameSettings(target.declared, there) ? { status: 'applied' } : DRIFTED_MEANWHILE
    }
    return await write(target)
  } catch (error) {
    return failed(error)
  }
}

async function write(target: Target): Promise<Outcome> {
  try {
    await target.write()
  } catch (error) {
    if (!(error instanceof VaultError) || error.effect === 'none') throw error
    const there = await target.read()
    if (there === undefined || !sameSettings(target.declared, there)) throw error
  }
  return { status: 'applied' }
}

function mountTarget({ client, hub, sleep }: SettingsWriter): Target {
  const path = hub.vault.mount
  return {
    declared: { type: 'kv', version: '2' },
    read: async () => {
      const mount = (await readMounts(client)).get(`${path}/`)
      if (mount === undefined) return undefined
      return mount.version === undefined ? { type: mount.type } : { type: mount.type, version: mount.version }
    },
    write: async () => {
      const description = 'secrets of Airflow hubs'
      await enableSecretsEngine(client, path, { type: 'kv', options: { version: '2' }, description })
      await untilReady(client, hub, sleep)
    },
  }
}

function authTarget({ client, access }: SettingsWriter): Target {
  return {
    declared: { type: 'approle' },
    read: async () => {
      const auth = (await readAuthMounts(client)).get(`${access.authMount}/`)
      return auth === undefined ? undefined : { type: auth.type }
    },
    write: () => enableAuth(client, access.authMount, { type: 'approle', description: 'roles of Airflow hubs' }),
  }
}

function policyTarget({ client, access }: SettingsWriter, { address }: Change): Target {
  const name = idOf(address)
  const rules = access.policies.get(name)
  if (rules === undefined) throw notDeclared(address)
  return {
    declared: { rules },
    read: async () => {
      const text = await readPolicy(client, name)
      return text === undefined ? undefined : { rules: text }
    },
    write: () => writePolicy(client, name, rules),
  }
}

function roleTarget({ client, access }: SettingsWriter, { address }: Change): Target {
  const name = idOf(address)
  const settings = access.roles.find((role) => role.name === name)?.settings
  if (settings === undefined) throw notDeclared(address)
  return {
    declared: settings,
    read: () => readRole(client, access.authMount, name),
    write: () => writeRole(client, access.authMount, name, settings),
  }
}

const TARGETS: Readonly<Record<SettingsKind, (writer: SettingsWriter, change: Change) => Target>> = {
  mount: mountTarget,
  auth: authTarget,
  policy: policyTarget,
  role: roleTarget,
}

const READY_AFTER_MS = 10_000
const LOOK_EVERY_MS = 50

/** HashiCorp Vault takes a moment to set up a new KV v2 mount and refuses everything with 400 meanwhile (vault-api 6). */
async function untilReady(client: VaultClient, { vault }: Hub, sleep: (ms: number) => Promise<void>): Promise<void> {
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    try {
      // Not the mount as a whole: an operator may list the hub's folders alone.
      await listSecrets(client, vault.mount, vault.connections)
      return
    } catch (error) {
      const upgrading = error instanceof VaultError && error.code === 'vault-bad-request'
      if (!upgrading || waited >= READY_AFTER_MS) throw error
      await sleep(LOOK_EVERY_MS)
    }
  }
}

export function notDeclared(address: string): ApplyError {
  return new ApplyError('apply-other-hub', `${address} is in the plan and not in the hub: plan and apply the same hub`)
}
