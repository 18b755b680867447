/**
 * A server with a hub in it: seeded, with its roles, verifiable. Loaded for servers that have one; the others start without
 * the readers of plenum.yaml.
 */
import { accessOf } from '../hub/index.ts'
import { enableSecretsEngine, type VaultClient } from '../vault/index.ts'
import { type VerifyReport, verifyHub } from '../verify/index.ts'
import { emptyHub, type HubSource, type HubValues, readHub, resolveHub } from './hub-source.ts'
import { Roles, type RolesOptions } from './roles.ts'
import { seedsOf, type TestSecrets } from './secrets.ts'
import { allowConfigs, seedServer } from './seed.ts'

export interface EquipOptions extends HubValues {
  readonly hub?: HubSource | undefined
  readonly secrets?: TestSecrets | undefined
  /** Beside the hub's own. */
  readonly mount?: string | null | undefined
}

export interface Equipment {
  rolesAt(place: Pick<RolesOptions, 'open' | 'address' | 'now'>): Roles
  verify(roles: Roles): Promise<VerifyReport>
}

/** `local` as root. */
export async function equip(local: VaultClient, options: EquipOptions): Promise<Equipment> {
  const { secrets = {}, mount, missing = 'placeholder' } = options
  const hub = options.hub === undefined ? emptyHub(mount ?? 'secret') : readHub(options.hub)
  const access = accessOf(hub)
  const seeds = seedsOf(secrets, hub.vault)
  await seedServer(local, { hub, access, resolved: resolveHub(hub, options), secrets: seeds, missing })
  if (typeof mount === 'string' && mount !== hub.vault.mount)
    await enableSecretsEngine(local, mount, { type: 'kv', options: { version: '2' } })
  const hasConfigs = Object.keys(secrets.configs ?? {}).length > 0
  if (hasConfigs) await allowConfigs(local, hub, access)
  return {
    rolesAt: (place) => new Roles({ ...place, hub, access, local, hasConfigs }),
    async verify(roles) {
      const clients = await Promise.all(roles.all.map(async ({ name }) => [name, await roles.clientFor(name)] as const))
      const byRole = new Map(clients)
      return verifyHub({
        hub,
        access,
        concurrency: 32,
        clientFor(role) {
          const client = byRole.get(role.name)
          if (client === undefined) throw new Error(`no client for ${role.name}`)
          return client
        },
      })
    },
  }
}
