import { describe, expect, it } from 'vitest'
import type { ConflictRule } from './decide.ts'
import { type AirflowRow, carryOut, decideAbout, type Following, type Subject } from './follow.ts'
import { KEY, MemoryVault, rowOf, vaultError } from './memory-vault.case.ts'
import type { Outcome } from './outcome.ts'
import { digestOf, GONE } from './record.ts'
import { sensitive } from '../sensitive/index.ts'

const X = 'variable:x'
const NO_ROW: AirflowRow = { kind: 'absent' }
const digest = (value: string): string => digestOf(X, sensitive({ value }), KEY)

async function follow(vault: MemoryVault, row: AirflowRow, rule: ConflictRule = 'report'): Promise<Outcome> {
  const following: Following = { vault, hub: 'hub', rule, key: KEY }
  const object = await vault.look(X)
  const subject: Subject = { address: X, path: X, row, object, isDeclaredElsewhere: false }
  vault.asked.length = 0
  return carryOut(await decideAbout(subject, following), subject, following)
}

const MARKS = { 'managed-by': 'plenum', hub: 'hub', project: 'trading', owner: 'trading@example.com', source: 'sync' }

describe('an object', () => {
  it('is created: marks and claim, then the data, then what is known', async () => {
    const vault = new MemoryVault()
    const custom: unknown[] = []
    vault.fault = () => void custom.push({ ...vault.secrets.get(X)?.custom })
    const outcome = await follow(vault, rowOf(X, 'one', { description: 'the first' }))
    expect(outcome).toEqual({ kind: 'created', version: 1, project: 'trading' })
    expect(vault.asked).toEqual([`create ${X}`, `patch ${X}`, `write ${X} over 0`, `patch ${X}`])
    const claim = { [`sync-claim-1-${digest('one').slice(0, 16)}`]: digest('one') }
    const claimed = { ...MARKS, description: 'the first', ...claim }
    expect(custom.slice(1)).toEqual([{}, {}, claimed, claimed])
    expect(vault.secrets.get(X)?.custom).toEqual({
      ...claimed,
      'sync-digest': digest('one'),
      'sync-version': '1',
      'plenum-version': '1',
    })
  })

  it('is updated: claim, data, settled, and older claims go', async () => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    await follow(vault, rowOf(X, 'two'))
    expect(await follow(vault, rowOf(X, 'three'))).toEqual({ kind: 'updated', version: 3, conflict: undefined })
    expect(vault.asked).toEqual([`patch ${X}`, `write ${X} over 2`, `patch ${X}`])
    expect(vault.secrets.get(X)?.custom).toEqual({
      ...MARKS,
      [`sync-claim-2-${digest('two').slice(0, 16)}`]: digest('two'),
      [`sync-claim-3-${digest('three').slice(0, 16)}`]: digest('three'),
      'sync-digest': digest('three'),
      'sync-version': '3',
      'plenum-version': '3',
    })
  })

  it('is deleted softly, by the number of its version, and written again when its row is back', async () => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    expect(await follow(vault, NO_ROW)).toEqual({ kind: 'deleted', version: 1, conflict: undefined })
    expect(vault.asked).toEqual([`patch ${X}`, `delete ${X} 1`, `patch ${X}`])
    expect(vault.secrets.get(X)?.custom).toMatchObject({ 'sync-digest': GONE, 'sync-version': '1' })
    expect(vault.value(X)).toBeUndefined()
    expect(await follow(vault, NO_ROW)).toEqual({ kind: 'nothing' })
    expect(await follow(vault, rowOf(X, 'one'))).toEqual({ kind: 'updated', version: 2, conflict: undefined })
    expect(vault.value(X)).toBe('one')
  })

  it('is described, and no longer described', async () => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one', { description: 'old', team: 'a' }))
    expect(await follow(vault, rowOf(X, 'one', { description: 'new' }))).toEqual({ kind: 'described' })
    expect(vault.asked).toEqual([`patch ${X}`])
    expect(vault.secrets.get(X)?.custom).toMatchObject({ description: 'new', project: 'trading' })
    expect(vault.secrets.get(X)?.custom).not.toHaveProperty('team')
    expect(await follow(vault, rowOf(X, 'one', { description: 'new' }))).toEqual({ kind: 'in-step' })
    expect(vault.asked).toEqual([])
  })

  it('keeps what others say of it, when it is not marked as the hub’s', async () => {
    const vault = new MemoryVault()
    vault.put(X, 'one', { description: 'theirs', 'plenum-version': '7' })
    expect(await follow(vault, rowOf(X, 'one', { description: 'ours' }))).toEqual({
      kind: 'recorded',
      conflict: undefined,
    })
    await follow(vault, rowOf(X, 'two', { description: 'ours' }))
    expect(vault.value(X)).toBe('two')
    expect(vault.secrets.get(X)?.custom).toMatchObject({ description: 'theirs', 'plenum-version': '7' })
  })

  it.each<[ConflictRule, Outcome, string]>([
    ['report', { kind: 'conflict', what: 'both-changed' }, 'theirs'],
    ['airflow-wins', { kind: 'updated', version: 3, conflict: 'both-changed' }, 'two'],
    ['vault-wins', { kind: 'recorded', conflict: 'both-changed' }, 'theirs'],
  ])('changed on both sides is decided by %s', async (rule, outcome, value) => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    vault.put(X, 'theirs')
    expect(await follow(vault, rowOf(X, 'two'), rule)).toEqual(outcome)
    expect(vault.value(X)).toBe(value)
    if (rule === 'report') expect(vault.asked).toEqual([`read ${X} 2`])
    else expect(await follow(vault, rowOf(X, 'two'), rule)).toEqual({ kind: 'in-step' })
  })

  it('is left when it was changed in Vault alone', async () => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    vault.put(X, 'theirs')
    expect(await follow(vault, rowOf(X, 'one'))).toEqual({ kind: 'left', why: 'vault-ahead' })
    expect(vault.asked).toEqual([`read ${X} 2`])
  })

  it('whose write comes too late is looked at again, and nobody’s version is replaced', async () => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    vault.fault = (request) => {
      if (request.startsWith('write')) vault.put(X, 'theirs')
    }
    expect(await follow(vault, rowOf(X, 'two'))).toEqual({ kind: 'raced' })
    vault.fault = () => undefined
    expect(vault.value(X)).toBe('theirs')
    expect(await follow(vault, rowOf(X, 'two'))).toEqual({ kind: 'conflict', what: 'both-changed' })
  })

  it('that somebody else created first is looked at again', async () => {
    const vault = new MemoryVault()
    vault.fault = (request) => {
      if (request.startsWith('write')) vault.put(X, 'theirs')
    }
    expect(await follow(vault, rowOf(X, 'one'))).toEqual({ kind: 'raced' })
    vault.fault = () => undefined
    expect(await follow(vault, rowOf(X, 'one'))).toEqual({ kind: 'conflict', what: 'never-in-step' })
    expect(vault.value(X)).toBe('theirs')
  })

  it('that vanished before it was recorded is looked at again', async () => {
    const vault = new MemoryVault()
    vault.put(X, 'one', {})
    vault.fault = (request) => {
      if (request.startsWith('patch')) vault.secrets.delete(X)
    }
    expect(await follow(vault, rowOf(X, 'one'))).toEqual({ kind: 'raced' })
  })

  it.each<[string, AirflowRow]>([
    ['a change', rowOf(X, 'two')],
    ['a deletion', NO_ROW],
    ['another description', rowOf(X, 'one', { description: 'new' })],
  ])('that vanished with all its metadata is not made up for %s', async (_, row) => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    vault.fault = (request) => {
      if (request.startsWith('patch')) vault.secrets.delete(X)
    }
    expect(await follow(vault, row)).toEqual({ kind: 'raced' })
    expect(vault.secrets.has(X)).toBe(false)
  })

  it('that Vault refuses for a hundred edits is written once it no longer does', async () => {
    const vault = new MemoryVault()
    await follow(vault, rowOf(X, 'one'))
    vault.fault = (request) => {
      if (request.startsWith('write')) throw vaultError('vault-denied')
    }
    for (let edit = 0; edit < 100; edit += 1) {
      await expect(follow(vault, rowOf(X, `edit ${edit}`))).rejects.toMatchObject({ code: 'vault-denied' })
    }
    vault.fault = () => undefined
    expect(await follow(vault, rowOf(X, 'last'))).toEqual({ kind: 'updated', version: 2, conflict: undefined })
    expect(await follow(vault, rowOf(X, 'last'))).toEqual({ kind: 'in-step' })
  })

  it.each(['create', 'patch', 'write'])(
    'whose creation broke at a %s is brought to its end the next time',
    async (at) => {
      for (const isDone of [false, true]) {
        const vault = new MemoryVault()
        let requests = 0
        vault.fault = (request) => {
          if (!request.startsWith(at)) return
          requests += 1
          // The last patch too.
          if (requests === (at === 'patch' && isDone ? 2 : 1)) throw vaultError('vault-timeout')
        }
        await expect(follow(vault, rowOf(X, 'one'))).rejects.toMatchObject({ code: 'vault-timeout' })
        vault.fault = () => undefined
        await follow(vault, rowOf(X, 'one'))
        expect(vault.secrets.get(X)?.versions).toHaveLength(1)
        expect(await follow(vault, rowOf(X, 'one'))).toEqual({ kind: 'in-step' })
        expect(vault.secrets.get(X)?.custom).toMatchObject({ ...MARKS, 'sync-version': '1' })
      }
    },
  )
})
