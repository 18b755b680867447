/**
 * As much of a Vault as this folder talks to, in memory, for its tests: mounts, policies, AppRoles and KV version 2 with
 * check-and-set. `fault` stands between the request and the answer, to lose an answer or refuse at will.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Json } from '../sensitive/index.ts'
import { ABSENT, type Answer, type Asked, type FakeVault, refused, startFakeVault } from '../vault/fake-vault.case.ts'
import type { VaultClient } from '../vault/index.ts'

type Data = { readonly [key: string]: Json }

interface Secret {
  readonly versions: (Data | 'deleted')[]
  custom: Record<string, string>
}

interface Request extends Asked {
  /** Below `/v1/`, decoded, without the query. */
  readonly path: string
  /** `true` for everything that changes something. */
  readonly writes: boolean
}

/** What to answer instead, or undefined to go on. `perform` makes the request and gives its answer. */
type Fault = (request: Request, perform: () => Answer) => Answer | undefined

const TIME = '2026-01-31T12:00:00Z'
const DONE: Answer = { status: 204 }

export class SimulatedVault {
  readonly mounts: Map<string, { type: string; version?: string }> = new Map()
  readonly authMounts: Map<string, string> = new Map()
  readonly policies: Map<string, string> = new Map()
  readonly roles: Map<string, Data> = new Map()
  readonly secrets: Map<string, Secret> = new Map()
  /** Every request that changed something, or would have. */
  writes: string[] = []
  reads = 0
  fault: Fault | undefined

  answer(asked: Asked): Answer {
    const path = decodeURIComponent(asked.url.replace(/^\/v1\//, '').replace(/\?.*/, ''))
    const request = { ...asked, path, writes: asked.method !== 'GET' }
    if (request.writes) this.writes.push(`${asked.method} ${path}`)
    else this.reads += 1
    const perform = (): Answer => this.#perform(request, asked.url.includes('list=true'))
    return this.fault?.(request, perform) ?? perform()
  }

  /** As somebody else would write it. */
  put(path: string, data: Data, custom?: Record<string, string>): void {
    const secret = this.secrets.get(path) ?? { versions: [], custom: {} }
    secret.versions.push(data)
    if (custom !== undefined) secret.custom = custom
    this.secrets.set(path, secret)
  }

  /** The newest version; undefined when there is none or it is deleted. */
  get(path: string): Data | undefined {
    const newest = this.secrets.get(path)?.versions.at(-1)
    return newest === 'deleted' ? undefined : newest
  }

  #perform({ method, path, body }: Request, list: boolean): Answer {
    const given = (body === '' ? {} : JSON.parse(body)) as Data
    const named = (prefix: string): string | undefined =>
      path.startsWith(prefix) ? path.slice(prefix.length) : undefined
    if (path === 'sys/mounts') return { status: 200, json: { data: this.#mountTable() } }
    if (path === 'sys/auth') return { status: 200, json: { data: this.#authTable() } }
    const mount = named('sys/mounts/')
    if (mount !== undefined) return this.#enable(mount, given)
    const auth = named('sys/auth/')
    if (auth !== undefined) {
      this.authMounts.set(`${auth}/`, textOf(given['type']))
      return DONE
    }
    if (path === 'sys/policies/acl') return listOf(['default', ...this.policies.keys(), 'root'])
    const policy = named('sys/policies/acl/')
    if (policy !== undefined) return this.#policy(method, policy, given)
    if (path === 'auth/approle/role') return listOf([...this.roles.keys()])
    const role = named('auth/approle/role/')
    if (role !== undefined) return this.#role(method, role, given)
    return this.#kv(method, path, given, list)
  }

  #enable(path: string, given: Data): Answer {
    if (this.mounts.has(`${path}/`)) return refused(400, `path is already in use at ${path}/`)
    const { version } = (given['options'] ?? {}) as { version?: string }
    this.mounts.set(`${path}/`, { type: textOf(given['type']), ...(version === undefined ? {} : { version }) })
    return DONE
  }

  #mountTable(): Record<string, Json> {
    const mounts = [...this.mounts].map(([path, { type, version }]): [string, Json] => {
      return [path, { type, options: version === undefined ? null : { version }, description: '' }]
    })
    return Object.fromEntries(mounts)
  }

  #authTable(): Record<string, Json> {
    const mounts = [...this.authMounts].map(([path, type]): [string, Json] => [path, { type, accessor: `${type}_1` }])
    return Object.fromEntries(mounts)
  }

  #policy(method: string, name: string, given: Data): Answer {
    if (method === 'DELETE') return this.policies.delete(name) ? DONE : DONE
    if (method !== 'GET') {
      this.policies.set(name, textOf(given['policy']))
      return DONE
    }
    const policy = this.policies.get(name)
    return policy === undefined ? ABSENT : { status: 200, json: { data: { name, policy } } }
  }

  #role(method: string, name: string, given: Data): Answer {
    if (method === 'DELETE') return this.roles.delete(name) ? DONE : DONE
    if (method !== 'GET') {
      this.roles.set(name, { bind_secret_id: true, local_secret_ids: false, ...this.roles.get(name), ...given })
      return DONE
    }
    const role = this.roles.get(name)
    return role === undefined ? ABSENT : { status: 200, json: { data: role } }
  }

  #kv(method: string, path: string, given: Data, list: boolean): Answer {
    const [mount = '', verb = '', ...rest] = path.split('/')
    if (this.mounts.get(`${mount}/`)?.version !== '2') return refused(404, `no handler for route "${path}"`)
    const below = rest.join('/')
    if (list) return this.#list(below)
    const secret = this.secrets.get(below)
    if (verb === 'delete') return this.#deleteVersions(secret, given['versions'] as number[])
    if (verb === 'metadata' && method !== 'GET') {
      const custom = given['custom_metadata'] as Record<string, string>
      this.secrets.set(below, { versions: secret?.versions ?? [], custom })
      return DONE
    }
    if (verb === 'data' && method !== 'GET') return this.#write(below, given)
    if (secret === undefined) return ABSENT
    if (verb === 'metadata') return { status: 200, json: { data: metadataOf(secret) } }
    const newest = secret.versions.at(-1)
    if (newest === undefined) return ABSENT
    const deleted = newest === 'deleted'
    return {
      status: deleted ? 404 : 200,
      json: { data: { data: deleted ? null : newest, metadata: versionOf(secret) } },
    }
  }

  #write(path: string, given: Data): Answer {
    const { cas } = given['options'] as { cas: number }
    const version = this.secrets.get(path)?.versions.length ?? 0
    if (cas !== version) return refused(400, 'check-and-set parameter did not match the current version')
    this.put(path, given['data'] as Data)
    return { status: 200, json: { data: versionOf(this.secrets.get(path)) } }
  }

  #deleteVersions(secret: Secret | undefined, versions: readonly number[]): Answer {
    for (const version of versions)
      if (secret?.versions[version - 1] !== undefined) secret.versions[version - 1] = 'deleted'
    return DONE
  }

  #list(folder: string): Answer {
    const below = [...this.secrets.keys()].filter((path) => path.startsWith(`${folder}/`))
    const names = below.map((path) => path.slice(folder.length + 1).replace(/\/.*/, '/'))
    return listOf([...new Set(names)])
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function listOf(keys: readonly string[]): Answer {
  return keys.length === 0 ? ABSENT : { status: 200, json: { data: { keys: [...keys].sort() } } }
}

function metadataOf({ versions, custom }: Secret): Json {
  return { current_version: versions.length, updated_time: TIME, custom_metadata: custom }
}

function versionOf(secret: Secret | undefined): Json {
  const versions = secret?.versions ?? []
  return {
    version: versions.length,
    created_time: TIME,
    deletion_time: versions.at(-1) === 'deleted' ? TIME : '',
    destroyed: false,
    custom_metadata: secret?.custom ?? null,
  }
}

export interface Connected {
  readonly vault: SimulatedVault
  readonly client: VaultClient
  close(): Promise<void>
}

export async function startSimulatedVault(): Promise<Connected> {
  const vault = new SimulatedVault()
  const server: FakeVault = await startFakeVault((asked) => vault.answer(asked))
  const client = server.connect({ timeoutMs: 5000, sleep: (ms) => wait(Math.min(ms, 1)) })
  return { vault, client, close: () => server.close() }
}

/** An answer that never arrives: the connection breaks. */
export const CUT: Answer = (response) => void response.destroy()
