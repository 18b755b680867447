/** `sys/mounts`, `sys/auth` and their tuning (vault-api 3.1, 3.2). One table of routes serves both. */
import {
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { durationField, objectField, stringField } from '../../logical/fields.ts'
import type { MountsPort, MountView, SystemHost } from './host.ts'
import { readUserLockout, showUserLockout } from './user-lockout.ts'

interface Family {
  readonly prefix: 'mounts' | 'auth'
  readonly port: MountsPort
  readonly missing: (path: string) => string
}

export function mountRoutes(host: SystemHost): Route[] {
  return [
    ...routesOf(host, { prefix: 'mounts', port: host.secrets, missing: (path) => `No secret engine mount at ${path}` }),
    ...routesOf(host, { prefix: 'auth', port: host.auths, missing: (path) => `No auth engine at ${path}` }),
  ]
}

function routesOf(host: SystemHost, { prefix, port, missing }: Family): Route[] {
  function find(path: string): MountView {
    const view = port.get(path)
    if (view === undefined) throw invalidRequest(missing(path))
    return view
  }
  return [
    {
      pattern: new RegExp(`${prefix}/?`),
      operations: {
        read: () => ({
          kind: 'data',
          data: Object.fromEntries(port.list().map((view) => [view.path, mountObject(view)])),
        }),
      },
    },
    {
      pattern: new RegExp(`${prefix}/(?<path>.+?)/tune`),
      operations: {
        read: (_, { path = '' }) => ({ kind: 'data', data: tuning(host, find(`${path}/`)) }),
        update: (request, { path = '' }) => tune(host, port, find(`${path}/`), request),
      },
    },
    {
      pattern: new RegExp(`${prefix}/(?<path>.+?)/?`),
      operations: {
        read: (_, { path = '' }) => ({ kind: 'data', data: mountObject(find(`${path}/`)) }),
        update: (request, { path = '' }) => enable(port, `${path}/`, request, host),
        delete: async (_, { path = '' }) => {
          await port.disable(`${path}/`)
          return { kind: 'none' }
        },
      },
    },
  ]
}

async function enable(
  port: MountsPort,
  path: string,
  request: LogicalRequest,
  host: SystemHost,
): Promise<LogicalResponse> {
  const named = stringField(request.data, 'type') ?? ''
  if (named === '') throw invalidRequest('backend type must be specified as a string')
  const options = optionsOf(objectField(request.data, 'options'))
  const { type, version } = engineOf(named, options?.['version'])
  const config = configOf(objectField(request.data, 'config') ?? {}, host)
  await port.enable({
    path,
    type,
    description: stringField(request.data, 'description') ?? '',
    options: version === undefined ? options : { ...options, version },
    config,
  })
  return { kind: 'none' }
}

/** `kv-v2` and `kv-v1` are names for `kv` with a version. */
function engineOf(named: string, version: string | undefined): { type: string; version: string | undefined } {
  if (named === 'kv-v2') return { type: 'kv', version: '2' }
  if (named === 'kv-v1' || named === 'generic') return { type: 'kv', version: '1' }
  if (named !== 'kv') return { type: named, version }
  return { type: named, version: kvVersion(version ?? '1') }
}

function kvVersion(version: string): '1' | '2' {
  if (version === '1' || version === '2') return version
  throw invalidRequest('invalid version provided: kv has the versions 1 and 2')
}

/** hvac sends `{"version": 2}` as a number: values become text. */
function optionsOf(options: JsonObject | undefined): Record<string, string> | null {
  if (options === undefined) return null
  return Object.fromEntries(Object.keys(options).map((name) => [name, stringField(options, name) ?? '']))
}

function configOf(config: JsonObject, host: SystemHost): MountView['config'] {
  const defaultLeaseTtl = durationField(config, 'default_lease_ttl') ?? 0
  const maxLeaseTtl = durationField(config, 'max_lease_ttl') ?? 0
  checkTtls(defaultLeaseTtl, maxLeaseTtl, host)
  return {
    defaultLeaseTtl,
    maxLeaseTtl,
    listingVisibility: visibility(config) ?? '',
    tokenType: stringField(config, 'token_type') ?? '',
  }
}

function checkTtls(defaultTtl: number, maxTtl: number, host: SystemHost): void {
  const max = maxTtl === 0 ? host.leaseTtl.max : maxTtl
  if (defaultTtl > max) {
    throw invalidRequest(
      `backend max lease TTL of ${max} would be less than backend default lease TTL of ${defaultTtl}`,
    )
  }
}

function visibility(data: JsonObject): MountView['config']['listingVisibility'] | undefined {
  const text = stringField(data, 'listing_visibility')
  if (text === undefined) return undefined
  if (text === '' || text === 'hidden' || text === 'unauth') return text
  throw invalidRequest('invalid listing_visibility')
}

async function tune(
  host: SystemHost,
  port: MountsPort,
  view: MountView,
  request: LogicalRequest,
): Promise<LogicalResponse> {
  const { data } = request
  const ttl = (name: string, now: number) => (data[name] === 'system' ? 0 : (durationField(data, name) ?? now))
  const defaultLeaseTtl = ttl('default_lease_ttl', view.config.defaultLeaseTtl)
  const maxLeaseTtl = ttl('max_lease_ttl', view.config.maxLeaseTtl)
  checkTtls(defaultLeaseTtl, maxLeaseTtl, host)
  const options = tunedOptions(view, optionsOf(objectField(data, 'options')))
  const userLockout = readUserLockout(data, view.type, view.config.userLockout)
  await port.change(view.path, {
    options,
    description: stringField(data, 'description') ?? view.description,
    config: {
      ...view.config,
      defaultLeaseTtl,
      maxLeaseTtl,
      listingVisibility: visibility(data) ?? view.config.listingVisibility,
      ...(userLockout === undefined ? {} : { userLockout }),
    },
  })
  // The mount is back already; clients and people know this text.
  const upgraded = view.type === 'kv' && options?.['version'] !== view.options?.['version']
  return { kind: 'none', warnings: upgraded ? [UPGRADED] : [] }
}

const UPGRADED =
  'Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.'

/** Those that are given, over those that are there. */
function tunedOptions(view: MountView, given: MountView['options']): MountView['options'] {
  if (given === null) return view.options
  const options = { ...view.options, ...given }
  if (view.type === 'kv') {
    const version = kvVersion(options['version'] ?? '1')
    if (version === '1' && view.options?.['version'] === '2') {
      throw invalidRequest('cannot downgrade mount from version 2')
    }
  }
  return options
}

/** Effective TTLs, as against the raw ones of `mountObject`. */
function tuning(host: SystemHost, view: MountView): JsonObject {
  const { config } = view
  return {
    description: view.description,
    default_lease_ttl: config.defaultLeaseTtl === 0 ? host.leaseTtl.default : config.defaultLeaseTtl,
    max_lease_ttl: config.maxLeaseTtl === 0 ? host.leaseTtl.max : config.maxLeaseTtl,
    force_no_cache: false,
    ...(view.options === null ? {} : { options: { ...view.options } }),
    ...(config.listingVisibility === '' ? {} : { listing_visibility: config.listingVisibility }),
    ...(config.tokenType === '' ? {} : { token_type: config.tokenType }),
    ...showUserLockout(view),
  }
}

export function mountObject(view: MountView): JsonObject {
  const { config } = view
  return {
    type: view.type,
    description: view.description,
    accessor: view.accessor,
    uuid: view.uuid,
    local: view.type === 'cubbyhole',
    seal_wrap: false,
    external_entropy_access: false,
    options: view.options === null ? null : { ...view.options },
    plugin_version: '',
    running_plugin_version: '',
    running_sha256: '',
    deprecation_status: 'supported',
    config: {
      default_lease_ttl: config.defaultLeaseTtl,
      max_lease_ttl: config.maxLeaseTtl,
      force_no_cache: false,
      ...(config.listingVisibility === '' ? {} : { listing_visibility: config.listingVisibility }),
      ...(config.tokenType === '' ? {} : { token_type: config.tokenType }),
      ...(config.userLockout === undefined ? {} : { user_lockout_config: showUserLockout(view) }),
    },
  }
}
