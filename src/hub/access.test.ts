import { describe, expect, it } from 'vitest'
import { type AccessOperation, compileAcl } from '../server/policy/acl.ts'
import { DEFAULT_POLICY, DEFAULT_POLICY_TEXT } from '../server/policy/fixed.ts'
import { parsePolicy } from '../server/policy/parse.ts'
import { HEAD, loaded } from './hub-text.case.ts'
import { accessOf, type HubAccess, POLICY_MARK, roleOf, type RolePurpose } from './index.ts'

const HUB = loaded(
  `${HEAD}vault: { mount: kv }
projects:
  trading:
    connections: { project_trading_ibkr: { conn_type: http, password: { vault: { path: shared/ibkr, field: key } } } }
    secrets: { api_keys: { k: { vault: { path: projects/trading/other, field: k } } } }
  trading-eu:
    secrets: { api_keys: { k: { generate: {} } } }
`,
)
const ACCESS = accessOf(HUB)
const P = 'plenum-example-hub'

/** The policy of a role, and Vault's own that every token has. */
function aclOf(access: HubAccess, purpose: RolePurpose) {
  const policies = roleOf(access, purpose).policies.map((name) => parsePolicy(name, access.policies.get(name) ?? ''))
  return compileAcl([...policies, parsePolicy(DEFAULT_POLICY, DEFAULT_POLICY_TEXT)])
}

type Data = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** Reads like a policy: `allow('read', 'kv/data/x')`. What came out otherwise is in `wrong()`, once. */
function judge(purpose: RolePurpose) {
  const acl = aclOf(ACCESS, purpose)
  let mistakes: string[] = []
  const expecting = (expected: string) => (operation: AccessOperation, path: string, data?: Data) => {
    const decision = acl.authorize({ path, operation, data: data as never, wrapTtlSeconds: undefined })
    const verdict = decision.allowed ? (decision.sudo ? 'allowed with sudo' : 'allowed') : 'denied'
    if (verdict !== expected)
      mistakes.push(`${operation} ${path} ${JSON.stringify(data ?? {})} is ${verdict}, not ${expected}`)
  }
  const wrong = (): string[] => {
    const found = mistakes
    mistakes = []
    return found
  }
  return { allow: expecting('allowed'), allowSudo: expecting('allowed with sudo'), deny: expecting('denied'), wrong }
}

it('a mistake in these tables is found', () => {
  const { allow, deny, wrong } = judge({ kind: 'airflow' })
  allow('read', 'elsewhere')
  deny('read', 'kv/data/airflow/variables/x')
  expect(wrong()).toHaveLength(2)
})

const WRITES = ['create', 'update', 'patch', 'delete'] as const

describe('Airflow', () => {
  const { allow, deny, wrong } = judge({ kind: 'airflow' })

  it('reads every connection and variable, declared or not, so that a miss is 404', () => {
    allow('read', 'kv/data/airflow/connections/project_trading_ibkr')
    allow('read', 'kv/data/airflow/connections/not_declared')
    allow('read', 'kv/data/airflow/variables/x')
    allow('read', 'kv/data/airflow/variables/team/x')
    // Providers up to 4.8.0 look their token up before every read.
    allow('read', 'auth/token/lookup-self')
    expect(wrong()).toEqual([])
  })

  it('does nothing else', () => {
    deny('list', 'kv/metadata/airflow/connections/')
    deny('read', 'kv/metadata/airflow/connections/x')
    deny('read', 'kv/data/projects/trading/api_keys')
    deny('read', 'kv/data/airflow/config/x')
    deny('read', 'kv/data/airflow/connections2/x')
    deny('read', 'kv/data/airflow/connections')
    deny('read', 'secret/data/airflow/connections/x')
    deny('read', `sys/policies/acl/${P}-airflow`)
    for (const operation of WRITES) deny(operation, 'kv/data/airflow/connections/x')
    expect(wrong()).toEqual([])
  })
})

describe('services of a project', () => {
  const { allow, deny, wrong } = judge({ kind: 'project', project: 'trading' })

  it("read the project's secrets", () => {
    allow('read', 'kv/data/projects/trading/api_keys')
    expect(wrong()).toEqual([])
  })

  it('read nothing of others, nor of a project whose name begins alike, and write nothing', () => {
    deny('read', 'kv/data/projects/trading-eu/api_keys')
    deny('read', 'kv/data/projects/trading')
    deny('read', 'kv/data/airflow/connections/project_trading_ibkr')
    deny('list', 'kv/metadata/projects/')
    deny('list', 'kv/metadata/projects/trading/')
    for (const operation of WRITES) deny(operation, 'kv/data/projects/trading/api_keys')
    expect(wrong()).toEqual([])
  })
})

describe('sync', () => {
  const { allow, deny, wrong } = judge({ kind: 'sync' })

  it('follows connections and variables', () => {
    for (const entry of ['airflow/connections/x', 'airflow/variables/x']) {
      for (const operation of ['create', 'read', 'update'] as const) allow(operation, `kv/data/${entry}`)
      allow('read', `kv/metadata/${entry}`)
      allow('update', `kv/metadata/${entry}`, { custom_metadata: 'x' })
      allow('update', `kv/delete/${entry}`)
    }
    allow('list', 'kv/metadata/airflow/connections/')
    expect(wrong()).toEqual([])
  })

  it('makes its key once, and reaches nothing else', () => {
    allow('create', 'kv/data/plenum/example-hub/sync')
    allow('read', 'kv/data/plenum/example-hub/sync')
    for (const operation of ['update', 'patch', 'delete'] as const) deny(operation, 'kv/data/plenum/example-hub/sync')
    deny('read', 'kv/data/plenum/example-hub/undo/x')
    deny('read', 'kv/data/projects/trading/api_keys')
    deny('delete', 'kv/data/airflow/connections/x')
    deny('update', 'kv/destroy/airflow/connections/x')
    deny('update', 'kv/metadata/airflow/connections/x', { max_versions: 'x' })
    deny('read', 'sys/mounts')
    deny('update', `sys/policies/acl/${P}-sync`)
    deny('update', `auth/approle/role/${P}-sync/secret-id`)
    expect(wrong()).toEqual([])
  })
})

describe('CI', () => {
  const { allow, deny, wrong } = judge({ kind: 'ci' })
  const entries = ['airflow/connections/x', 'airflow/variables/x', 'projects/trading/x']

  it('compares everything', () => {
    allow('read', 'sys/mounts')
    allow('read', 'sys/auth')
    allow('list', 'sys/policies/acl/')
    allow('list', 'sys/policies/acl')
    allow('list', 'auth/approle/role/')
    allow('read', `sys/policies/acl/${P}-airflow`)
    allow('read', `sys/policies/acl/${P}-operator`)
    allow('read', `sys/policies/acl/${P}-project-gone`)
    allow('read', `auth/approle/role/${P}-ci`)
    for (const folder of ['airflow/connections', 'airflow/variables', 'projects', 'projects/trading'])
      allow('list', `kv/metadata/${folder}/`)
    for (const entry of entries) {
      allow('read', `kv/data/${entry}`)
      allow('read', `kv/metadata/${entry}`)
    }
    expect(wrong()).toEqual([])
  })

  it('writes entries, marks them, and deletes versions in a way that can be undone', () => {
    for (const entry of entries) {
      allow('create', `kv/data/${entry}`, { data: 'x', options: 'x' })
      allow('update', `kv/data/${entry}`, { data: 'x', options: 'x' })
      allow('create', `kv/metadata/${entry}`, { custom_metadata: 'x' })
      allow('update', `kv/metadata/${entry}`, { custom_metadata: 'x' })
      allow('update', `kv/delete/${entry}`, { versions: ['1'] })
      deny('delete', `kv/data/${entry}`)
      deny('delete', `kv/metadata/${entry}`)
      deny('update', `kv/metadata/${entry}`, { max_versions: 1 })
      deny('update', `kv/metadata/${entry}`, { delete_version_after: '1s' })
      deny('update', `kv/undelete/${entry}`)
      deny('update', `kv/destroy/${entry}`)
    }
    deny('update', 'kv/config')
    deny('create', 'kv/data/elsewhere')
    expect(wrong()).toEqual([])
  })

  it('reads what is copied, and nothing beside it', () => {
    allow('read', 'kv/data/shared/ibkr')
    deny('read', 'kv/data/shared/other')
    deny('read', 'kv/data/shared/ibkr/below')
    deny('update', 'kv/data/shared/ibkr')
    expect(wrong()).toEqual([])
  })

  it("writes Airflow's and the projects' policies and roles", () => {
    for (const purpose of [{ kind: 'airflow' }, { kind: 'project', project: 'trading-eu' }] as const) {
      const { name, settings } = roleOf(ACCESS, purpose)
      for (const operation of ['create', 'update', 'delete'] as const) {
        allow(operation, `sys/policies/acl/${name}`, { policy: 'x' })
        allow(operation, `auth/approle/role/${name}`, settings as Data)
      }
    }
    expect(wrong()).toEqual([])
  })

  it('cannot widen its own rights, nor the operator, under whatever case of the name', () => {
    for (const role of ['ci', 'sync', 'operator', 'CI', 'Operator', 'project-new', 'AIRFLOW']) {
      for (const operation of WRITES) {
        deny(operation, `sys/policies/acl/${P}-${role}`)
        deny(operation, `sys/policy/${P}-${role}`)
        deny(operation, `auth/approle/role/${P}-${role}`)
      }
    }
    deny('update', 'sys/policies/acl/other')
    deny('update', 'sys/policies/acl/default')
    deny('create', 'auth/token/create')
    deny('update', 'sys/mounts/kv')
    deny('update', 'sys/auth/approle')
    expect(wrong()).toEqual([])
  })

  it('cannot make a way into a role', () => {
    for (const role of ['airflow', 'project-trading', 'ci', 'sync', 'operator', 'project-new', 'Airflow']) {
      const path = `auth/approle/role/${P}-${role}`
      for (const part of [
        'secret-id',
        'custom-secret-id',
        'role-id',
        'bind-secret-id',
        'policies',
        'secret-id/lookup',
        'secret-id-accessor/destroy',
      ]) {
        deny('update', `${path}/${part}`)
        deny('create', `${path}/${part}`)
        deny('delete', `${path}/${part}`)
      }
      deny('list', `${path}/secret-id/`)
    }
    const path = `auth/approle/role/${P}-airflow`
    deny('update', path, { bind_secret_id: false })
    deny('update', path, { bind_secret_id: 'false' })
    deny('update', path, { role_id: 'known' })
    deny('update', path, { policies: ['root'] })
    deny('update', path, { secret_id_bound_cidrs: ['0.0.0.0/0'] })
    expect(wrong()).toEqual([])
  })
})

describe('the operator', () => {
  const { allow, allowSudo, deny, wrong } = judge({ kind: 'operator' })

  it('sets a hub up', () => {
    allow('update', 'sys/mounts/kv')
    allowSudo('update', 'sys/auth/approle')
    allow('create', `sys/policies/acl/${P}-ci`)
    allow('create', `auth/approle/role/${P}-project-new`)
    expect(wrong()).toEqual([])
  })

  it('gives credentials out and takes them back', () => {
    const path = `auth/approle/role/${P}-airflow`
    allow('read', `${path}/role-id`)
    allow('update', `${path}/secret-id`)
    allow('list', `${path}/secret-id/`)
    allow('update', `${path}/secret-id/lookup`)
    allow('update', `${path}/secret-id-accessor/lookup`)
    allow('update', `${path}/secret-id-accessor/destroy`)
    allow('update', 'auth/token/lookup-accessor')
    expect(wrong()).toEqual([])
  })

  it('reads, writes and removes the records of clean-ups', () => {
    for (const path of ['plenum/example-hub/undo/20260102t030405z-0a0b0c0d/index', 'plenum/example-hub/undo/x/0001']) {
      for (const operation of ['create', 'read', 'update'] as const) allow(operation, `kv/data/${path}`)
      allow('delete', `kv/metadata/${path}`)
    }
    allow('list', 'kv/metadata/plenum/example-hub/undo/')
    allow('list', 'kv/metadata/plenum/example-hub/undo/x/')
    deny('delete', 'kv/metadata/plenum/other-hub/undo/x/index')
    expect(wrong()).toEqual([])
  })

  it('brings entries back and removes them for good', () => {
    for (const entry of ['airflow/connections/x', 'airflow/variables/x', 'projects/trading/x']) {
      for (const api of ['undelete', 'destroy', 'delete']) allow('update', `kv/${api}/${entry}`)
      for (const operation of ['create', 'read', 'update', 'delete'] as const) allow(operation, `kv/data/${entry}`)
      allow('list', 'kv/metadata/airflow/variables/')
      deny('delete', `kv/metadata/plenum/example-hub/${entry}`)
      deny('delete', `kv/metadata/${entry}`)
    }
    allow('read', 'kv/data/shared/ibkr')
    allowSudo('read', 'sys/audit')
    expect(wrong()).toEqual([])
  })

  it('does not touch what is not of this hub', () => {
    deny('read', 'kv/data/elsewhere')
    deny('update', 'sys/policies/acl/plenum-other-airflow')
    deny('update', 'auth/approle/role/other/secret-id')
    deny('delete', 'sys/mounts/kv')
    deny('delete', 'sys/auth/approle')
    deny('update', 'sys/audit/file')
    deny('update', 'auth/token/create')
    expect(wrong()).toEqual([])
  })
})

describe('roles', () => {
  it('are one for each reader, with a policy of the same name', () => {
    expect(ACCESS.roles.map(({ name }) => name)).toEqual([
      `${P}-airflow`,
      `${P}-project-trading`,
      `${P}-project-trading-eu`,
      `${P}-ci`,
      `${P}-sync`,
      `${P}-operator`,
    ])
    expect([...ACCESS.policies.keys()]).toEqual(ACCESS.roles.map(({ name }) => name))
    expect(
      ACCESS.roles.every(
        ({ name, policies, settings }) =>
          policies.join() === name && JSON.stringify(settings['token_policies']) === JSON.stringify([name]),
      ),
    ).toBe(true)
  })

  it('have every setting spelt out, as Vault reads it back', () => {
    expect(roleOf(ACCESS, { kind: 'airflow' }).settings).toEqual({
      bind_secret_id: true,
      secret_id_num_uses: 0,
      secret_id_ttl: 0,
      token_explicit_max_ttl: 0,
      token_max_ttl: 3600,
      token_no_default_policy: false,
      token_num_uses: 0,
      token_period: 0,
      token_policies: [`${P}-airflow`],
      token_ttl: 3600,
      token_type: 'batch',
    })
  })

  it('bound what a leaked secret-id of a person or a pipeline is worth', () => {
    for (const kind of ['ci', 'operator'] as const)
      expect(roleOf(ACCESS, { kind }).settings['secret_id_ttl']).toBeGreaterThan(0)
  })

  it('are found by purpose, and a missing one is a mistake', () => {
    expect(roleOf(ACCESS, { kind: 'project', project: 'trading' }).name).toBe(`${P}-project-trading`)
    expect(() => roleOf(ACCESS, { kind: 'project', project: 'nobody' })).toThrow('no role for project nobody')
  })
})

describe('policy texts', () => {
  it('begin with a line that names the hub and none that begins alike', () => {
    for (const text of ACCESS.policies.values()) expect(text.split('\n')[0]).toBe(POLICY_MARK(HUB))
    expect(POLICY_MARK({ name: 'a-b' }).startsWith(POLICY_MARK({ name: 'a' }))).toBe(false)
  })

  it('of Airflow reads as it should', () => {
    expect(ACCESS.policies.get(`${P}-airflow`)).toBe(`# managed by plenum: hub "example-hub"
# Airflow: its connections and variables

# connections; a miss is 404, not 403
path "kv/data/airflow/connections/*" {
  capabilities = ["read"]
}

# variables; a miss is 404, not 403
path "kv/data/airflow/variables/*" {
  capabilities = ["read"]
}
`)
  })

  it('are the same for the same hub', () => {
    expect([...accessOf(HUB).policies]).toEqual([...ACCESS.policies])
  })

  it('refuse a path that would mean more than itself', () => {
    for (const name of ['a*', 'a"b', 'a+ b', '{{x}}']) {
      expect(() => accessOf({ ...HUB, vault: { ...HUB.vault, connections: name } })).toThrow(TypeError)
    }
  })
})
