/** `sys/mounts`, `sys/auth` and their tuning (vault-api 3.1, 3.2). One table of routes serves both. */
import {
  type Field,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import type { MountsPort, MountView, SystemHost } from './host.ts'
import {
  MOUNT_FIELDS,
  type MountFamily,
  mountObject,
  newMount,
  tuned,
  tuningFields,
  tuningObject,
} from './mount-settings.ts'

interface Family {
  readonly prefix: 'mounts' | 'auth'
  readonly family: MountFamily
  readonly port: MountsPort
  readonly missing: (path: string) => string
}

const PATH: Field = { type: 'string', in: 'path', about: 'Where it is mounted.' }

export function mountRoutes(host: SystemHost): Route[] {
  const secrets: Family = {
    prefix: 'mounts',
    family: 'secret',
    port: host.secrets,
    missing: (path) => `No secret engine mount at ${path}`,
  }
  const auths: Family = {
    prefix: 'auth',
    family: 'auth',
    port: host.auths,
    missing: (path) => `No auth engine at ${path}`,
  }
  return [
    // Vault's older name for the tuning of an auth mount.
    tuneRoute(host, 'mounts/auth', auths),
    ...routesOf(host, secrets),
    ...routesOf(host, auths),
  ]
}

function find({ port, missing }: Family, path: string): MountView {
  const view = port.get(path)
  if (view === undefined) throw invalidRequest(missing(path))
  return view
}

function tuneRoute(host: SystemHost, below: string, family: Family): Route {
  return {
    pattern: new RegExp(`${below}/(?<path>.+?)/tune`),
    about: 'The settings of a mount, as they take effect.',
    fields: { path: PATH, ...tuningFields(family.family) },
    operations: {
      read: (_, { path = '' }) => ({ kind: 'data', data: tuningObject(find(family, `${path}/`), host.leaseTtl) }),
      update: async ({ data }, { path = '' }) => {
        const view = find(family, `${path}/`)
        let isUpgraded = false
        await family.port.change(view.path, (now) => {
          const changes = tuned(now, data, family.family, host.leaseTtl)
          isUpgraded = now.type === 'kv' && changes.options?.['version'] !== now.options?.['version']
          return changes
        })
        // The mount is back already; clients and people know this text.
        return { kind: 'none', warnings: isUpgraded ? [UPGRADED] : [] }
      },
    },
  }
}

function routesOf(host: SystemHost, family: Family): Route[] {
  const { prefix, port } = family
  return [
    {
      pattern: new RegExp(`${prefix}/?`),
      about: family.family === 'auth' ? 'All auth methods that are enabled.' : 'All engines that are mounted.',
      fields: {},
      operations: {
        read: () => ({
          kind: 'data',
          data: Object.fromEntries(port.list().map((view) => [view.path, mountObject(view)])),
        }),
      },
    },
    tuneRoute(host, prefix, family),
    {
      pattern: new RegExp(`${prefix}/(?<path>.+?)/?`),
      about: 'A mount: makes it, shows it, or takes it away with all that it holds.',
      fields: { path: PATH, ...MOUNT_FIELDS },
      operations: {
        read: (_, { path = '' }) => ({ kind: 'data', data: mountObject(find(family, `${path}/`)) }),
        update: (request, { path = '' }) => enable(host, family, `${path}/`, request),
        delete: async (_, { path = '' }) => {
          await port.disable(`${path}/`)
          return { kind: 'none' }
        },
      },
    },
  ]
}

async function enable(
  host: SystemHost,
  { family, port }: Family,
  path: string,
  { data }: LogicalRequest,
): Promise<LogicalResponse> {
  await port.enable(newMount(path, data, family, host.leaseTtl))
  return { kind: 'none' }
}

const UPGRADED =
  'Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.'
