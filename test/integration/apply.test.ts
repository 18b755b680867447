/**
 * plenum.yaml to Vault and back, against the embedded server or any Vault or OpenBao (see target.case.ts): nothing is
 * lost, nothing of others is overwritten, and the second time there is nothing to do.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApplyOptions, type ApplyReport, applyPlan, readActual } from '../../src/apply/index.ts'
import { accessOf, type Hub, type HubAccess, loadHub, resolveEntries, type ResolvedEntry } from '../../src/hub/index.ts'
import { desiredState, isEmptyPlan, makePlan, type Plan } from '../../src/plan/index.ts'
import { fingerprintKey, sensitive } from '../../src/sensitive/index.ts'
import {
  appRoleToken,
  deletePolicy,
  deleteRole,
  deleteSecret,
  enableSecretsEngine,
  generateSecretId,
  listPolicies,
  listRoles,
  readAuthMounts,
  readMetadata,
  readMounts,
  readPolicy,
  readRole,
  readRoleId,
  readSecret,
  undeleteSecretVersion,
  VaultClient,
  writeCustomMetadata,
  writeRole,
  writeSecret,
} from '../../src/vault/index.ts'
import { openTarget, type Target } from './target.case.ts'

const CONCURRENCY = 16
const ENV: Readonly<Record<string, string>> = { PASSWORD: 'planted-password', KEY: 'planted-key' }

interface Declared {
  readonly hub: Hub
  readonly access: HubAccess
  readonly resolved: readonly ResolvedEntry[]
}

let target: Target
let name: string
let tests = 0

beforeAll(async () => {
  target = await openTarget()
})
afterAll(() => target.close())

beforeEach(() => {
  tests += 1
  name = target.unique(`apply${tests}`)
})

afterEach(async () => {
  const ours = (one: string): boolean => one.startsWith(`plenum-${name}-`)
  const { client } = target
  if ((await readAuthMounts(client)).has('approle/')) {
    for (const role of (await listRoles(client, 'approle')).filter(ours)) await deleteRole(client, 'approle', role)
  }
  for (const policy of (await listPolicies(client)).filter(ours)) await deletePolicy(client, policy)
  await target.request('DELETE', `sys/mounts/${name}`)
})

/** The hub with these projects. Its name is its mount's name, too, and nobody else's. */
function declare(projects: string): Declared {
  const text = `version: 1\nhub: ${name}\nairflow: { version: "3.3", provider: "4.8" }\nvault: { mount: ${name} }\nprojects:\n${projects}`
  const env = { get: (one: string) => ENV[one] }
  const files = { read: () => undefined }
  const result = loadHub({ file: '/hub/plenum.yaml', text, env, files })
  if (result.kind === 'errors') throw new Error(result.errors.map((one) => one.text).join('\n'))
  const { hub } = result
  return { hub, access: accessOf(hub), resolved: resolveEntries({ hub, env, files }) }
}

async function planFor({ hub, access, resolved }: Declared, overwrite = false, client = target.client): Promise<Plan> {
  const key = fingerprintKey()
  const desired = desiredState(hub, access, resolved, key)
  const actual = await readActual(client, { hub, access, key, desired, concurrency: CONCURRENCY })
  return makePlan(desired, actual, { overwrite, shadowing: [] })
}

function carryOut(plan: Plan, declared: Declared, options: Partial<ApplyOptions> = {}): Promise<ApplyReport> {
  const { client } = target
  return applyPlan(plan, { client, ...declared, concurrency: CONCURRENCY, random: randomBytes, ...options })
}

async function bringAbout(declared: Declared): Promise<void> {
  const report = await carryOut(await planFor(declared), declared)
  expect(report.results.filter(({ status }) => status !== 'applied')).toEqual([])
}

async function stored(path: string): Promise<unknown> {
  const read = await readSecret(target.client, name, path)
  return read.kind === 'found' ? read.data.reveal() : read.kind
}

const write = (path: string, value: string, cas: number): Promise<unknown> =>
  writeSecret(target.client, name, path, sensitive({ value }), cas)

const variables = (count: number, value: string): string =>
  `  one:\n    variables:\n${Array.from({ length: count }, (_, index) => `      v${index}: "${value}"\n`).join('')}`
const V0 = 'airflow/variables/v0'

const PROJECTS = `
  trading:
    owner: trading@example.com
    connections:
      ibkr:
        conn_type: http
        host: https://api.example.com
        port: 8443
        login: me
        password: { env: PASSWORD }
        extra: { read_only: true, "dotted.key": [1, 2.5, null], deep: { a: { b: "c" } }, empty: {} }
      copy: { conn_type: http, password: { vault: { path: airflow/connections/ibkr, field: password } } }
    variables:
      symbols: "AAPL,MSFT"
      json: { a: [1, "x"] }
      made: { generate: { length: 40, alphabet: printable } }
    secrets:
      api: { key: { env: KEY }, other: { vault: { path: airflow/variables/made, field: value } } }
  market-analysis:
    variables: { "team/with.dots-and_more": "ä ö 漢字 \\" \\\\" }
`

describe('apply', () => {
  it('brings a hub about from nothing, and the second time there is nothing to do', async () => {
    const hub = declare(PROJECTS)
    const plan = await planFor(hub)
    expect(plan.changes.map(({ kind }) => kind).slice(0, 2)).toContain('mount')
    await bringAbout(hub)
    expect(await stored('airflow/connections/ibkr')).toEqual({
      conn_type: 'http',
      host: 'https://api.example.com',
      port: 8443,
      login: 'me',
      password: 'planted-password',
      extra: { read_only: true, 'dotted.key': [1, 2.5, null], deep: { a: { b: 'c' } }, empty: {} },
    })
    expect(await stored('airflow/connections/copy')).toEqual({ conn_type: 'http', password: 'planted-password' })
    expect(await stored('projects/trading/api')).toEqual({
      key: 'planted-key',
      other: ((await stored('airflow/variables/made')) as { value: string }).value,
    })
    expect((await readMounts(target.client)).get(`${name}/`)).toMatchObject({ type: 'kv', version: '2' })
    for (const role of hub.access.roles) {
      expect(await readPolicy(target.client, role.name)).toBe(hub.access.policies.get(role.name))
    }
    const again = await planFor(hub)
    expect(again).toEqual({
      ...again,
      changes: [],
      drifted: [],
      blocked: [],
      unmanaged: [],
      missing: [],
      shadowing: [],
    })
    expect(isEmptyPlan(again)).toBe(true)
    expect(again.unchanged).toBe(2 + 2 * hub.access.roles.length + hub.resolved.length)
    expect((await carryOut(again, hub)).results).toEqual([])
  })

  it('is done day to day by CI with no more than its own policy', async () => {
    await bringAbout(declare(PROJECTS))
    const role = `plenum-${name}-ci`
    const { secretId } = await generateSecretId(target.client, 'approle', role)
    const roleId = sensitive((await readRoleId(target.client, 'approle', role)) ?? '')
    const tokens = appRoleToken({ mount: 'approle', roleId, secretId, now: Date.now })
    const client = new VaultClient({ address: target.address, tokens })
    try {
      const next = declare(PROJECTS.replace('"AAPL,MSFT"', '"AAPL"').replace('      json: { a: [1, "x"] }\n', ''))
      const plan = await planFor(next, false, client)
      expect(plan.changes.map(({ action, address }) => `${action} ${address}`)).toEqual([
        'update variable:symbols',
        'delete variable:json',
      ])
      const report = await carryOut(plan, next, { client })
      expect(report.results.map(({ status }) => status)).toEqual(['applied', 'applied'])
      expect(isEmptyPlan(await planFor(next, false, client))).toBe(true)
    } finally {
      await client.close()
    }
  })

  it('leaves alone what others changed or made, until overwriting is asked for', async () => {
    await bringAbout(declare(variables(3, 'one')))
    await write(V0, 'theirs', 1)
    await write('airflow/variables/by_hand', 'theirs', 0)
    await write('airflow/variables/v3', 'theirs', 0)
    const next = declare(variables(4, 'two'))
    const plan = await planFor(next)
    expect(plan.drifted.map(({ address, reason }) => [address, reason])).toEqual([
      ['variable:v0', 'changed'],
      ['variable:v3', 'foreign'],
    ])
    expect(plan.unmanaged).toEqual(['variable:by_hand'])
    await carryOut(plan, next)
    expect([await stored(V0), await stored('airflow/variables/v3')]).toEqual([{ value: 'theirs' }, { value: 'theirs' }])
    expect(await stored('airflow/variables/v1')).toEqual({ value: 'two' })
    await carryOut(await planFor(next, true), next)
    expect([await stored(V0), await stored('airflow/variables/v3')]).toEqual([{ value: 'two' }, { value: 'two' }])
    expect(await stored('airflow/variables/by_hand')).toEqual({ value: 'theirs' })
    expect(isEmptyPlan(await planFor(next))).toBe(true)
  })

  it('loses no race: what was written between plan and apply stays', async () => {
    await bringAbout(declare(variables(2, 'one')))
    const next = declare(variables(3, 'two'))
    const plan = await planFor(next)
    await write(V0, 'theirs', 1)
    await write('airflow/variables/v2', 'theirs', 0)
    const { results } = await carryOut(plan, next)
    expect(results.map(({ address, status }) => [address, status])).toEqual([
      ['variable:v0', 'drifted'],
      ['variable:v1', 'applied'],
      ['variable:v2', 'drifted'],
    ])
    expect([await stored(V0), await stored('airflow/variables/v2')]).toEqual([{ value: 'theirs' }, { value: 'theirs' }])
  })

  it('deletes no version that was written between plan and apply', async () => {
    await bringAbout(declare(variables(2, 'one')))
    const next = declare(variables(1, 'one'))
    const plan = await planFor(next)
    await write('airflow/variables/v1', 'theirs', 1)
    expect((await carryOut(plan, next)).results).toMatchObject([{ action: 'delete', status: 'drifted' }])
    expect(await stored('airflow/variables/v1')).toEqual({ value: 'theirs' })
  })

  it('deletes what is no longer declared so that it can come back', async () => {
    await bringAbout(declare(`${variables(2, 'one')}  gone:\n    secrets: { s: { key: { env: KEY } } }\n`))
    const next = declare(variables(1, 'one'))
    const plan = await planFor(next)
    expect(plan.changes.filter(({ action }) => action === 'delete').map(({ address }) => address)).toEqual([
      'secret:gone/s',
      'variable:v1',
      `role:plenum-${name}-project-gone`,
      `policy:plenum-${name}-project-gone`,
    ])
    await bringAbout(next)
    expect(await stored('airflow/variables/v1')).toBe('deleted')
    expect(await readRole(target.client, 'approle', `plenum-${name}-project-gone`)).toBeUndefined()
    expect(isEmptyPlan(await planFor(next))).toBe(true)
    await undeleteSecretVersion(target.client, name, 'airflow/variables/v1', 1)
    expect(await stored('airflow/variables/v1')).toEqual({ value: 'one' })
    await deleteSecret(target.client, name, 'airflow/variables/v1')
    const back = declare(variables(2, 'back'))
    await bringAbout(back)
    expect(await readMetadata(target.client, name, 'airflow/variables/v1')).toMatchObject({ currentVersion: 2 })
    expect(isEmptyPlan(await planFor(back))).toBe(true)
  })

  it('completes an apply that ended between a value and its mark', async () => {
    await bringAbout(declare(variables(2, 'one')))
    const next = declare(variables(3, 'two'))
    await write(V0, 'two', 1)
    await write('airflow/variables/v2', 'two', 0)
    const plan = await planFor(next)
    expect(plan.changes.filter(({ kind }) => kind === 'variable').map(({ action }) => action)).toEqual([
      'mark',
      'update',
      'mark',
    ])
    await bringAbout(next)
    expect(await readMetadata(target.client, name, V0)).toMatchObject({
      currentVersion: 2,
      customMetadata: { 'managed-by': 'plenum', hub: name, 'plenum-version': '2' },
    })
    expect(isEmptyPlan(await planFor(next))).toBe(true)
  })

  it('keeps what others put into custom_metadata', async () => {
    await bringAbout(declare(variables(1, 'one')))
    const { customMetadata = {} } = (await readMetadata(target.client, name, V0)) ?? {}
    await writeCustomMetadata(target.client, name, V0, { ...customMetadata, 'rotated-by': 'somebody' })
    await bringAbout(declare(variables(1, 'two')))
    expect(await readMetadata(target.client, name, V0)).toMatchObject({ customMetadata: { 'rotated-by': 'somebody' } })
  })

  it('brings roles and policies back to what is declared', async () => {
    const hub = declare(variables(1, 'one'))
    await bringAbout(hub)
    const role = `plenum-${name}-airflow`
    await writeRole(target.client, 'approle', role, { token_ttl: 61 })
    await deletePolicy(target.client, `plenum-${name}-ci`)
    const plan = await planFor(hub)
    expect(plan.changes.map(({ action, address }) => `${action} ${address}`)).toEqual([
      `create policy:plenum-${name}-ci`,
      `update role:${role}`,
    ])
    await bringAbout(hub)
    expect(isEmptyPlan(await planFor(hub))).toBe(true)
  })

  it('does nothing below a mount of another type', async () => {
    await enableSecretsEngine(target.client, name, { type: 'kv', options: { version: '1' } })
    const hub = declare(variables(1, 'one'))
    const plan = await planFor(hub)
    expect(plan.blocked.map(({ address }) => address)).toEqual([`mount:${name}`])
    const { results } = await carryOut(plan, hub)
    expect(results.map(({ kind }) => kind)).not.toContain('variable')
  })

  // OpenBao in dev mode stores about 100 writes a second on a busy machine.
  it('goes on after an interruption: 2,000 entries, stopped halfway, then finished', async () => {
    const hub = declare(variables(2000, 'one'))
    const stop = new AbortController()
    const { results } = await carryOut(await planFor(hub), hub, {
      signal: stop.signal,
      onProgress: (done, total) => {
        if (done > total / 2) stop.abort()
      },
    })
    const applied = results.filter(({ status }) => status === 'applied').length
    const skipped = results.filter(({ status, reason }) => status === 'skipped' && reason === 'interrupted').length
    expect(applied).toBeGreaterThan(900)
    expect(skipped).toBeGreaterThan(900)
    expect(applied + skipped).toBe(results.length)
    const rest = await planFor(hub)
    expect(rest.changes).toHaveLength(skipped)
    await bringAbout(hub)
    const again = await planFor(hub)
    expect([isEmptyPlan(again), again.unchanged]).toEqual([true, 2 + 2 * hub.access.roles.length + 2000])
  }, 300_000)
})
