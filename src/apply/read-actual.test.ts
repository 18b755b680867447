import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { desiredState } from '../plan/index.ts'
import { fingerprintKey } from '../sensitive/index.ts'
import { VaultError } from '../vault/index.ts'
import { refused } from '../vault/fake-vault.case.ts'
import { readActual } from './read-actual.ts'
import { carryOut, planFor, sample, type Sample, takenFrom } from './sample-hub.case.ts'
import { type Connected, startSimulatedVault } from './simulated-vault.case.ts'

const KEY = fingerprintKey(Buffer.alloc(32, 1))
let at: Connected

beforeEach(async () => {
  at = await startSimulatedVault()
})
afterEach(() => at.close())

function read({ hub, access, resolved }: Sample): ReturnType<typeof readActual> {
  const desired = desiredState(hub, access, resolved, KEY)
  return readActual(at.client, { hub, access, key: KEY, desired, concurrency: 4 })
}

function withMount(): void {
  at.vault.mounts.set('secret/', { type: 'kv', version: '2' })
}

describe('readActual', () => {
  it('asks nothing below a mount that does not exist', async () => {
    expect(await read(sample([{ kind: 'variable', id: 'v', fields: { value: 'x' } }]))).toEqual([])
    expect(at.vault.reads).toBe(3)
  })

  it('asks nothing below a mount of another type, and says of which it is', async () => {
    at.vault.mounts.set('secret/', { type: 'kv', version: '1' })
    expect(await read(sample([]))).toMatchObject([{ address: 'mount:secret', settings: { type: 'kv', version: '1' } }])
  })

  it('makes one request for each entry that is there, and none for one that is not', async () => {
    withMount()
    for (let index = 0; index < 20; index += 1) at.vault.put(`airflow/variables/v${index}`, { value: 'x' })
    const entries = Array.from({ length: 40 }, (_, index) => {
      return { kind: 'variable', id: `v${index}`, fields: { value: 'x' } } as const
    })
    expect((await read(sample(entries))).filter(({ kind }) => kind === 'variable')).toHaveLength(20)
    // Mounts, auth methods, policies, and a list for each of three folders.
    expect(at.vault.reads).toBe(20 + 6)
  })

  it('reads only the metadata of what is neither declared nor ours', async () => {
    withMount()
    at.vault.put('airflow/variables/theirs', { value: 'x' })
    const asked: string[] = []
    at.vault.fault = ({ path }, perform) => {
      asked.push(path)
      return perform()
    }
    expect(await read(sample([]))).toMatchObject([{}, { address: 'variable:theirs', managed: false, version: 1 }])
    expect(asked.filter((path) => path.includes('theirs'))).toEqual(['secret/metadata/airflow/variables/theirs'])
  })

  it('tells a deleted version from a standing one, and our entries from those of others', async () => {
    withMount()
    const ours = { 'managed-by': 'plenum', hub: 'h' }
    at.vault.put('airflow/variables/a', { value: 'x' }, ours)
    at.vault.put('airflow/variables/b', { value: 'x' }, ours)
    at.vault.secrets.get('airflow/variables/b')?.versions.push('deleted')
    at.vault.put('projects/p/s', { key: 'x' }, { 'managed-by': 'plenum', hub: 'another' })
    expect(await read(sample([]))).toMatchObject([
      { address: 'mount:secret' },
      { address: 'variable:a', managed: true, deleted: false, version: 1 },
      { address: 'variable:b', managed: true, deleted: true, version: 2 },
      { address: 'secret:p/s', managed: false },
    ])
  })

  it('keeps no value', async () => {
    withMount()
    at.vault.put('airflow/variables/v', { value: 'planted-value' })
    at.vault.put('elsewhere/s', { key: 'planted-value' })
    const one = sample([
      { kind: 'variable', id: 'v', fields: { value: 'planted-value' } },
      { kind: 'variable', id: 'w', fields: { value: takenFrom('elsewhere/s', 'key') } },
    ])
    const actual = await read(one)
    const printed = JSON.stringify(actual, (_, value: unknown) => (value instanceof Map ? [...value] : value))
    expect(printed).toContain('"source"')
    expect(printed).not.toContain('planted')
  })

  it("takes no other hub's policies and roles for its own, also when their names begin alike", async () => {
    withMount()
    const other = sample([], { name: 'h-airflow' })
    const mine = sample([], { roles: ['airflow'] })
    await carryOut(at.client, await planFor(at.client, other), other)
    await carryOut(at.client, await planFor(at.client, mine), mine)
    at.vault.policies.set('unrelated', 'x')
    const actual = await read(mine)
    expect(actual.filter(({ kind }) => kind === 'policy' || kind === 'role')).toMatchObject([
      { address: 'policy:plenum-h-airflow', managed: true },
      { address: 'policy:plenum-h-airflow-airflow', managed: false },
      { address: 'policy:plenum-h-airflow-project-p', managed: false },
      { address: 'role:plenum-h-airflow', managed: true },
      { address: 'role:plenum-h-airflow-airflow', managed: false },
      { address: 'role:plenum-h-airflow-project-p', managed: false },
    ])
  })

  it('gives no half picture: the first refusal is thrown', async () => {
    withMount()
    at.vault.put('airflow/variables/v', { value: 'x' })
    at.vault.fault = ({ path }) => (path.includes('data/') ? refused(403, 'permission denied') : undefined)
    const outcome = await read(sample([{ kind: 'variable', id: 'v', fields: { value: 'x' } }])).catch(
      (error: unknown) => error,
    )
    expect(outcome).toBeInstanceOf(VaultError)
  })
})
