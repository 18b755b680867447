import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isEmptyPlan } from '../plan/index.ts'
import { sensitive } from '../sensitive/index.ts'
import { VaultError } from '../vault/index.ts'
import { refused } from '../vault/fake-vault.case.ts'
import {
  carryOut,
  generated,
  planFor,
  prompted,
  sample,
  type SampleEntry,
  statuses,
  takenFrom,
} from './sample-hub.case.ts'
import { type Connected, CUT, startSimulatedVault } from './simulated-vault.case.ts'

let at: Connected

beforeEach(async () => {
  at = await startSimulatedVault()
})
afterEach(() => at.close())

const VARIABLE: SampleEntry = { kind: 'variable', id: 'v', fields: { value: 'x' } }
const PATH = 'airflow/variables/v'
const SOME = sample([
  { kind: 'connection', id: 'c', fields: { conn_type: 'http', port: 80, password: 'pw', 'extra.a': 'b' } },
  VARIABLE,
  { kind: 'secret', id: 'p/s', fields: { key: 'k' } },
])

async function ready(): Promise<void> {
  await carryOut(at.client, await planFor(at.client, sample([])), sample([]))
  at.vault.writes = []
}

describe('applyPlan', () => {
  it('brings everything about, in the order in which it stands on each other', async () => {
    const report = await carryOut(at.client, await planFor(at.client, SOME), SOME)
    expect(new Set(report.results.map(({ status }) => status))).toEqual(new Set(['applied']))
    const first = (part: string): number => at.vault.writes.findIndex((one) => one.includes(part))
    const last = (part: string): number => at.vault.writes.findLastIndex((one) => one.includes(part))
    expect(last('sys/mounts')).toBeLessThan(first('policies/acl'))
    expect(last('policies/acl')).toBeLessThan(first('approle/role'))
    expect(last('approle/role')).toBeLessThan(first('secret/data'))
    expect(at.vault.get('airflow/connections/c')).toEqual({
      conn_type: 'http',
      port: 80,
      password: 'pw',
      extra: { a: 'b' },
    })
    expect(at.vault.get(PATH)).toEqual({ value: 'x' })
    expect(at.vault.secrets.get('projects/p/s')?.custom).toEqual({
      'managed-by': 'plenum',
      hub: 'h',
      project: 'p',
      owner: 'p@example.com',
      'plenum-version': '1',
    })
  })

  it('writes nothing the second time', async () => {
    await carryOut(at.client, await planFor(at.client, SOME), SOME)
    at.vault.writes = []
    const plan = await planFor(at.client, SOME)
    expect(isEmptyPlan(plan)).toBe(true)
    expect(plan.unchanged).toBe(9)
    await carryOut(at.client, plan, SOME)
    expect(at.vault.writes).toEqual([])
  })

  it('reports each change once, in the order of the plan, and counts them', async () => {
    const plan = await planFor(at.client, SOME)
    const seen: string[] = []
    const progress: number[] = []
    const report = await carryOut(at.client, plan, SOME, {
      onResult: ({ address }) => seen.push(address),
      onProgress: (done, total) => progress.push(done / total),
    })
    expect(report.results.map(({ address }) => address)).toEqual(plan.changes.map(({ address }) => address))
    expect(seen.sort()).toEqual(report.results.map(({ address }) => address).sort())
    expect(progress.at(-1)).toBe(1)
  })

  it('keeps what others put into custom_metadata', async () => {
    await ready()
    at.vault.put(PATH, { value: 'x' }, { 'rotated-by': 'somebody', owner: 'old' })
    const one = sample([VARIABLE])
    expect(statuses(await carryOut(at.client, await planFor(at.client, one), one))).toEqual({ 'variable:v': 'applied' })
    expect(at.vault.secrets.get(PATH)?.custom).toMatchObject({ 'rotated-by': 'somebody', owner: 'p@example.com' })
    const next = sample([{ ...VARIABLE, fields: { value: 'y' } }])
    await carryOut(at.client, await planFor(at.client, next), next)
    expect(at.vault.secrets.get(PATH)?.custom).toMatchObject({ 'rotated-by': 'somebody', 'plenum-version': '2' })
  })

  it('overwrites nothing that was written between plan and apply', async () => {
    await ready()
    const entries = ['a', 'b', 'c'].map((id): SampleEntry => ({ kind: 'variable', id, fields: { value: 'x' } }))
    at.vault.put('airflow/variables/b', { value: 'x' }, {})
    await carryOut(at.client, await planFor(at.client, sample(entries)), sample(entries))
    const next = sample([
      ...entries.slice(0, 2).map((one) => ({ ...one, fields: { value: 'y' } })),
      { kind: 'variable', id: 'new', fields: { value: 'y' } },
    ])
    const plan = await planFor(at.client, next)
    for (const id of ['b', 'c', 'new']) at.vault.put(`airflow/variables/${id}`, { value: 'theirs' })
    const reason = 'drifted: somebody wrote it after the plan was made: plan again'
    expect(statuses(await carryOut(at.client, plan, next))).toEqual({
      'variable:a': 'applied',
      'variable:b': reason,
      'variable:new': reason,
      'variable:c': reason,
    })
    for (const id of ['b', 'c', 'new']) expect(at.vault.get(`airflow/variables/${id}`)).toEqual({ value: 'theirs' })
    expect(at.vault.get('airflow/variables/a')).toEqual({ value: 'y' })
  })

  it('deletes what is no longer declared, version by version, and leaves a way back', async () => {
    const gone = sample([], { roles: ['airflow'] })
    await carryOut(at.client, await planFor(at.client, SOME), SOME)
    const before = at.vault.writes.length
    const report = await carryOut(at.client, await planFor(at.client, gone), gone)
    expect(report.results.map(({ action, status, address }) => `${action} ${address} ${status}`)).toEqual([
      'delete secret:p/s applied',
      'delete variable:v applied',
      'delete connection:c applied',
      'delete role:plenum-h-project-p applied',
      'delete policy:plenum-h-project-p applied',
    ])
    expect(at.vault.writes.slice(before).at(-1)).toBe('DELETE sys/policies/acl/plenum-h-project-p')
    expect(at.vault.secrets.get(PATH)?.custom).toMatchObject({ hub: 'h' })
    expect(isEmptyPlan(await planFor(at.client, gone))).toBe(true)
    const back = sample([VARIABLE], { roles: ['airflow'] })
    expect((await planFor(at.client, back)).changes).toMatchObject([{ action: 'create', cas: 1 }])
    await carryOut(at.client, await planFor(at.client, back), back)
    expect(isEmptyPlan(await planFor(at.client, back))).toBe(true)
  })
})

describe('values that are made', () => {
  const keeping = sample([{ kind: 'connection', id: 'c', fields: { conn_type: 'http', password: generated } }])

  it('are made once and kept when other fields change', async () => {
    await carryOut(at.client, await planFor(at.client, keeping), keeping)
    const made = at.vault.get('airflow/connections/c')?.['password']
    expect(made).toMatch(/^[a-j]{12}$/)
    const next = sample([
      { kind: 'connection', id: 'c', fields: { conn_type: 'http', login: 'l', password: generated } },
    ])
    await carryOut(at.client, await planFor(at.client, next), next)
    expect(at.vault.get('airflow/connections/c')).toEqual({ conn_type: 'http', login: 'l', password: made })
  })

  it('are asked for one at a time, before anything is written, and only when needed', async () => {
    const asking = sample([
      { kind: 'variable', id: 'a', fields: { value: prompted } },
      { kind: 'variable', id: 'b', fields: { value: prompted } },
    ])
    let asked = 0
    const prompt = async (question: string) => {
      expect([question, at.vault.writes]).toEqual(['what is it?', []])
      asked += 1
      return sensitive(`answer ${asked}`)
    }
    await carryOut(at.client, await planFor(at.client, asking), asking, { prompt })
    expect(at.vault.get('airflow/variables/b')).toEqual({ value: 'answer 2' })
    await carryOut(at.client, await planFor(at.client, asking), asking, { prompt })
    expect(asked).toBe(2)
  })

  it('fail alone when nobody can be asked, or the answer is empty', async () => {
    await ready()
    const asking = sample([{ kind: 'variable', id: 'a', fields: { value: prompted } }, VARIABLE])
    const plan = await planFor(at.client, asking)
    const silent = await carryOut(at.client, plan, asking)
    expect(silent.results).toMatchObject([
      { status: 'failed', error: { code: 'apply-no-prompt' } },
      { status: 'applied' },
    ])
    const empty = await carryOut(at.client, plan, asking, { prompt: async () => sensitive('') })
    expect(empty.results[0]).toMatchObject({ status: 'failed', error: { code: 'apply-empty-answer' } })
  })

  it('that come from another entry are written after it', async () => {
    const chained = sample([
      { kind: 'connection', id: 'c', fields: { conn_type: 'http', password: takenFrom('projects/p/s', 'key') } },
      { kind: 'variable', id: 'v', fields: { value: takenFrom('airflow/connections/c', 'password') } },
      { kind: 'secret', id: 'p/s', fields: { key: generated } },
    ])
    await carryOut(at.client, await planFor(at.client, chained), chained)
    const made = at.vault.get('projects/p/s')?.['key']
    expect(at.vault.get('airflow/connections/c')).toEqual({ conn_type: 'http', password: made })
    expect(at.vault.get(PATH)).toEqual({ value: made })
    expect(isEmptyPlan(await planFor(at.client, chained))).toBe(true)
  })

  it('that come from elsewhere are stored as Airflow reads them', async () => {
    await ready()
    at.vault.put('elsewhere', { port: '5432', account: { user: 'u', keys: [1] }, limits: { low: 1 } })
    const one = sample([
      {
        kind: 'connection',
        id: 'c',
        fields: {
          conn_type: 'http',
          port: takenFrom('elsewhere', 'port'),
          'extra.account': takenFrom('elsewhere', 'account'),
        },
      },
      { kind: 'variable', id: 'v', fields: { value: takenFrom('elsewhere', 'limits') } },
    ])
    const report = await carryOut(at.client, await planFor(at.client, one), one)
    expect(new Set(Object.values(statuses(report)))).toEqual(new Set(['applied']))
    expect(at.vault.get('airflow/connections/c')).toEqual({
      conn_type: 'http',
      port: 5432,
      extra: { account: { user: 'u', keys: [1] } },
    })
    expect(at.vault.get(PATH)).toEqual({ value: '{"low":1}' })
    expect(isEmptyPlan(await planFor(at.client, one))).toBe(true)
    at.vault.put('elsewhere', { port: '5432', account: { user: 'other', keys: [1] }, limits: { low: 1 } })
    expect((await planFor(at.client, one)).changes).toMatchObject([
      { action: 'update', fields: [{ field: 'extra.account', change: 'changed' }] },
    ])
  })

  it('that Airflow could not use are not taken over', async () => {
    await ready()
    at.vault.put('elsewhere', { key: { not: 'text' } })
    const fields = { conn_type: 'http', password: takenFrom('elsewhere', 'key') }
    const one = sample([{ kind: 'connection', id: 'c', fields }])
    const report = await carryOut(at.client, await planFor(at.client, one), one)
    expect(report.results).toMatchObject([{ status: 'failed', error: { code: 'apply-source-type' } }])
  })
})

describe('when something goes wrong', () => {
  it('what stands on it is skipped, and everything else goes on', async () => {
    at.vault.fault = ({ path }) =>
      path === 'sys/policies/acl/plenum-h-airflow' ? refused(403, 'permission denied') : undefined
    const plan = await planFor(at.client, SOME).catch((error: unknown) => error)
    expect(plan).not.toBeInstanceOf(Error)
    const report = await carryOut(at.client, await planFor(at.client, SOME), SOME)
    expect(statuses(report)).toMatchObject({
      'policy:plenum-h-airflow': 'failed',
      'role:plenum-h-airflow': 'skipped: policy:plenum-h-airflow is not in Vault as declared',
      'role:plenum-h-project-p': 'applied',
      'variable:v': 'applied',
    })
  })

  it('a new mount that still sets itself up is waited for', async () => {
    let refusals = 3
    at.vault.fault = ({ url, path }) => {
      if (!path.startsWith('secret/') || refusals === 0) return undefined
      refusals -= 1
      expect(url).toContain('list=true')
      return refused(400, 'Upgrading from non-versioned to versioned data')
    }
    const waits: number[] = []
    const sleep = async (ms: number): Promise<void> => void waits.push(ms)
    const report = await carryOut(at.client, await planFor(at.client, SOME), SOME, { sleep })
    expect(new Set(Object.values(statuses(report)))).toEqual(new Set(['applied']))
    expect(waits).toEqual([50, 50, 50])
  })

  it('nothing is written below a mount that could not be made', async () => {
    at.vault.fault = ({ path }) => (path === 'sys/mounts/secret' ? refused(403, 'permission denied') : undefined)
    const report = await carryOut(at.client, await planFor(at.client, SOME), SOME)
    expect(statuses(report)['variable:v']).toBe('skipped: mount:secret is not in Vault as declared')
    expect(at.vault.writes.filter((one) => one.includes('/data/'))).toEqual([])
  })

  it('a role does not hand out a policy of its name that Plenum did not make', async () => {
    at.vault.policies.set('plenum-h-airflow', 'path "*" { capabilities = ["sudo"] }')
    const plan = await planFor(at.client, SOME)
    expect(plan.drifted).toMatchObject([{ address: 'policy:plenum-h-airflow', reason: 'foreign' }])
    const report = await carryOut(at.client, plan, SOME)
    expect(statuses(report)['role:plenum-h-airflow']).toMatch(/^skipped/)
    expect(at.vault.roles.has('plenum-h-airflow')).toBe(false)
    const overwriting = await planFor(at.client, SOME, true)
    await carryOut(at.client, overwriting, SOME)
    expect(isEmptyPlan(await planFor(at.client, SOME))).toBe(true)
  })

  it('a write whose answer was lost counts when Vault has our value', async () => {
    at.vault.fault = ({ path, writes }, perform) => {
      if (!writes || !/\/data\/|sys\/mounts|sys\/auth/.test(path)) return undefined
      perform()
      return CUT
    }
    const report = await carryOut(at.client, await planFor(at.client, SOME), SOME)
    expect(new Set(Object.values(statuses(report)))).toEqual(new Set(['applied']))
    at.vault.fault = undefined
    expect(isEmptyPlan(await planFor(at.client, SOME))).toBe(true)
  })

  it('a write whose answer was lost fails when it did not arrive, and drifts when somebody else was there', async () => {
    await ready()
    const one = sample([VARIABLE])
    const plan = await planFor(at.client, one)
    at.vault.fault = ({ path, writes }) => (writes && path.includes('/data/') ? CUT : undefined)
    const report = await carryOut(at.client, plan, one)
    expect(report.results).toMatchObject([{ status: 'failed', error: { code: 'vault-unreachable' } }])
    at.vault.fault = ({ path, writes }) => {
      if (!writes || !path.includes('/data/')) return undefined
      at.vault.put(PATH, { value: 'theirs' })
      return CUT
    }
    expect((await carryOut(at.client, plan, one)).results).toMatchObject([{ status: 'drifted' }])
    expect(at.vault.get(PATH)).toEqual({ value: 'theirs' })
  })

  it('a value without its mark is completed by the next apply', async () => {
    await ready()
    const one = sample([VARIABLE])
    at.vault.fault = ({ path, writes }) =>
      writes && path.includes('/metadata/') ? refused(403, 'permission denied') : undefined
    const report = await carryOut(at.client, await planFor(at.client, one), one)
    expect(report.results[0]).toMatchObject({ status: 'failed', version: 1 })
    expect(report.results[0]?.reason).toContain('the next apply completes it')
    at.vault.fault = undefined
    const plan = await planFor(at.client, one)
    expect(plan.changes).toMatchObject([{ action: 'mark', cas: 1 }])
    await carryOut(at.client, plan, one)
    expect(isEmptyPlan(await planFor(at.client, one))).toBe(true)
    expect(at.vault.secrets.get(PATH)?.versions).toHaveLength(1)
  })

  it('an interruption lets finish what is under way, begins nothing more, and leaves the rest for the next time', async () => {
    const many = sample(Array.from({ length: 30 }, (_, index) => ({ ...VARIABLE, id: `v${index}` })))
    await ready()
    const stop = new AbortController()
    const report = await carryOut(at.client, await planFor(at.client, many), many, {
      concurrency: 3,
      signal: stop.signal,
      onProgress: (done) => {
        if (done === 10) stop.abort()
      },
    })
    const outcomes = Object.values(statuses(report))
    const applied = outcomes.filter((one) => one === 'applied')
    expect(applied.length).toBeGreaterThanOrEqual(10)
    expect(applied.length).toBeLessThanOrEqual(12)
    expect(outcomes.filter((one) => one === 'skipped: interrupted')).toHaveLength(30 - applied.length)
    const rest = await planFor(at.client, many)
    expect(rest.changes).toHaveLength(30 - applied.length)
    await carryOut(at.client, rest, many)
    expect(isEmptyPlan(await planFor(at.client, many))).toBe(true)
  })

  it('a Vault that is gone is given up after a few failures, not after ten thousand', async () => {
    const many = sample(Array.from({ length: 200 }, (_, index) => ({ ...VARIABLE, id: `v${index}` })))
    await ready()
    const plan = await planFor(at.client, many)
    at.vault.fault = () => refused(503, 'Vault is sealed')
    const report = await carryOut(at.client, plan, many)
    const outcomes = Object.values(statuses(report))
    expect(outcomes.filter((one) => one === 'failed').length).toBeLessThan(30)
    expect(outcomes.at(-1)).toBe('skipped: Vault does not answer any more')
  })

  it('says no value in any result', async () => {
    await ready()
    const secret = sample([
      { kind: 'connection', id: 'c', fields: { conn_type: 'http', password: 'planted-value' } },
      { kind: 'variable', id: 'v', fields: { value: 'planted-value' } },
    ])
    at.vault.fault = ({ path, body }) => (path.includes('/data/') ? refused(400, `cannot use ${body}`) : undefined)
    const { results } = await carryOut(at.client, await planFor(at.client, secret), secret)
    expect(results.every(({ error }) => error instanceof VaultError)).toBe(true)
    const texts = results.map(({ error }) => `${error?.stack} ${JSON.stringify(error)}`).join()
    expect(texts).not.toContain('planted')
  })

  it('a plan of another hub changes nothing', async () => {
    await ready()
    const report = await carryOut(at.client, await planFor(at.client, sample([VARIABLE])), sample([]))
    expect(report.results).toMatchObject([{ status: 'failed', error: { code: 'apply-other-hub' } }])
    expect(at.vault.writes).toEqual([])
  })
})
