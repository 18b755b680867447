import { describe, expect, it } from 'vitest'
import type { ConflictRule } from './decide.ts'
import type { AirflowRow } from './follow.ts'
import { KEY, MemoryVault, rowOf, vaultError } from './memory-vault.case.ts'
import type { Outcome } from './outcome.ts'
import { Passes, type PassOptions } from './pass.ts'

/** An Airflow table and a Vault, and one process of sync between them. */
class Stage {
  readonly vault = new MemoryVault()
  /** Value by address; an unusable row has none. */
  readonly rows = new Map<string, string | undefined>()
  readonly told: string[] = []
  readonly stop = new AbortController()
  readonly declared = new Set<string>()
  /** By which the rows are encrypted. */
  key = 'one'
  passes: Passes

  constructor(options: { readonly isDryRun?: boolean; readonly rule?: ConflictRule } = {}) {
    this.passes = this.process(options)
  }

  process({
    isDryRun = false,
    rule = 'report',
  }: {
    readonly isDryRun?: boolean
    readonly rule?: ConflictRule
  }): Passes {
    const { vault, rows } = this
    const digests = (): Map<string, string> =>
      new Map([...rows].map(([id, value]) => [id, `${value} under key ${this.key}`]))
    const wholeOf = (all: ReadonlyMap<string, string>): string => JSON.stringify([...all])
    const state = (id: string, value: string | undefined): AirflowRow =>
      value === undefined ? { kind: 'unusable' } : rowOf(id, value)
    const sides: PassOptions['sides'] = {
      readTablesDigest: () => {
        vault.asked.push('read digest')
        return Promise.resolve(wholeOf(digests()))
      },
      readRowDigests: () => {
        vault.asked.push('read digests')
        return Promise.resolve({ whole: wholeOf(digests()), rows: digests() })
      },
      readContent: () => {
        vault.asked.push('read content')
        const content = new Map([...rows].map(([id, value]) => [id, state(id, value)]))
        return Promise.resolve({ digests: digests(), rows: content, raw: new Map(), findings: [] })
      },
      listVault: () => {
        vault.asked.push('list')
        return Promise.resolve([...vault.secrets.keys()])
      },
      pathOf: (address) => (address.includes(' ') ? undefined : address),
      isDeclaredElsewhere: (address) => this.declared.has(address),
    }
    return new Passes({
      following: { vault, hub: 'hub', rule, key: KEY },
      sides,
      isDryRun,
      concurrency: 2,
      onOutcome: (address, { kind }) => this.told.push(`${address} ${kind}`),
      signal: this.stop.signal,
    })
  }

  outcomes(): Record<string, Outcome['kind']> {
    return Object.fromEntries([...this.passes.outcomes()].map(([address, { kind }]) => [address, kind]))
  }

  /** What was asked, and what was told, since the last time. */
  since(): { readonly asked: readonly string[]; readonly told: readonly string[] } {
    return { asked: this.vault.asked.splice(0), told: this.told.splice(0) }
  }
}

async function inStep(...ids: readonly string[]): Promise<Stage> {
  const stage = new Stage()
  for (const id of ids) stage.rows.set(id, `${id} one`)
  await stage.passes.full()
  await stage.passes.changes(false)
  stage.since()
  return stage
}

describe('a full pass', () => {
  it('brings every row to Vault, and only the first time', async () => {
    const stage = new Stage()
    stage.rows.set('a', '1').set('b', '2').set('unusable', undefined)
    expect(await stage.passes.full()).toEqual({ kind: 'full', looked: 3, findings: [] })
    expect(stage.outcomes()).toEqual({ a: 'created', b: 'created', unusable: 'nothing' })
    expect([stage.vault.value('a'), stage.vault.value('b'), stage.vault.value('unusable')]).toEqual([
      '1',
      '2',
      undefined,
    ])
    stage.since()
    await stage.passes.full()
    expect(stage.since()).toEqual({
      asked: ['list', 'look a', 'look b', 'read content'],
      told: ['a in-step', 'b in-step', 'unusable nothing'],
    })
  })

  it('says of an object in Vault that no row ever had nothing, and does not touch it', async () => {
    const stage = new Stage()
    stage.vault.put('theirs', 'x')
    await stage.passes.full()
    expect(stage.since().asked).toEqual(['list', 'look theirs', 'read content'])
    expect(stage.outcomes()).toEqual({})
  })

  it('finds in a new process what the one before saw, also rows that went meanwhile', async () => {
    const stage = await inStep('a', 'b')
    stage.rows.delete('a')
    stage.rows.set('b', 'two')
    stage.passes = stage.process({})
    await stage.passes.full()
    expect(stage.outcomes()).toEqual({ a: 'deleted', b: 'updated' })
    expect([stage.vault.value('a'), stage.vault.value('b')]).toEqual([undefined, 'two'])
  })

  it('forgets what is on neither side any more', async () => {
    const stage = await inStep('a')
    stage.rows.delete('a')
    stage.vault.secrets.delete('a')
    await stage.passes.full()
    expect(stage.outcomes()).toEqual({})
  })

  it('looks at Vault before it reads the rows that it writes there', async () => {
    const stage = await inStep('a')
    stage.rows.set('a', 'two')
    await stage.passes.full()
    const { asked } = stage.since()
    expect(asked.indexOf('look a')).toBeLessThan(asked.indexOf('read content'))
    expect(asked.indexOf('read content')).toBeLessThan(asked.indexOf('write a over 1'))
  })
})

describe('a pass over changes', () => {
  it('asks Vault nothing while nothing changes', async () => {
    const stage = await inStep('a', 'b')
    stage.rows.set('c', undefined)
    await stage.passes.changes(false)
    stage.since()
    expect(await stage.passes.changes(true)).toEqual({ kind: 'changes', looked: 0, findings: undefined })
    expect(stage.since()).toEqual({ asked: ['read digest', 'read digests'], told: [] })
    // From now on one digest of all rows tells.
    await stage.passes.changes(true)
    expect(stage.since()).toEqual({ asked: ['read digest'], told: [] })
  })

  it('looks at what changed, came or went, and at nothing else', async () => {
    const stage = await inStep('same', 'edited', 'gone')
    stage.rows.set('edited', 'two').set('new', 'one').delete('gone')
    expect(await stage.passes.changes(false)).toEqual({ kind: 'changes', looked: 3, findings: [] })
    const { asked, told } = stage.since()
    expect(told.toSorted()).toEqual(['edited updated', 'gone deleted', 'new created'])
    expect(asked.filter((request) => request.includes('same'))).toEqual([])
    // Once more, for what has no row now; then never again.
    await stage.passes.changes(false)
    stage.since()
    await stage.passes.changes(false)
    expect(stage.since()).toEqual({ asked: ['read digest'], told: [] })
  })

  it('makes no version of rows that are only encrypted anew', async () => {
    const stage = await inStep('a', 'b')
    stage.key = 'another'
    await stage.passes.changes(false)
    expect(stage.since()).toEqual({
      asked: ['read digest', 'read digests', 'look a', 'look b', 'read content'],
      told: ['a in-step', 'b in-step'],
    })
    await stage.passes.changes(false)
    expect(stage.since().asked).toEqual(['read digest', 'read digests'])
  })

  it('looks at a trouble again when it is told to, and sees that somebody settled it', async () => {
    const stage = await inStep('a', 'b')
    stage.rows.set('a', 'two').set('b', 'b one')
    stage.vault.put('a', 'theirs')
    stage.vault.put('b', 'theirs')
    await stage.passes.full()
    expect(stage.outcomes()).toEqual({ a: 'conflict', b: 'left' })
    stage.since()
    await stage.passes.changes(false)
    expect(stage.since().asked).toEqual(['read digest', 'read digests'])
    await stage.passes.changes(true)
    expect(stage.since().told).toEqual(['a conflict'])
    stage.vault.put('a', 'two')
    stage.vault.put('b', 'b one')
    await stage.passes.changes(true)
    // What was left waits for the next look at everything: there may be thousands of it.
    expect(stage.outcomes()).toEqual({ a: 'recorded', b: 'left' })
    await stage.passes.full()
    expect(stage.outcomes()).toEqual({ a: 'in-step', b: 'recorded' })
  })

  it('looks again at once at what raced', async () => {
    const stage = await inStep('a')
    stage.rows.set('a', 'two')
    stage.vault.fault = (request) => {
      if (request.startsWith('write')) stage.vault.put('a', 'two')
    }
    await stage.passes.changes(false)
    expect(stage.since().told).toEqual(['a raced'])
    stage.vault.fault = () => undefined
    await stage.passes.changes(false)
    expect(stage.since().told).toEqual(['a recorded'])
  })

  it('looks again at once at what raced in a full pass, though no row has changed since', async () => {
    const stage = await inStep('a')
    stage.vault.put('a', 'a one')
    stage.vault.fault = (request) => {
      if (request.startsWith('patch')) stage.vault.secrets.delete('a')
    }
    await stage.passes.full()
    expect(stage.since().told).toEqual(['a raced'])
    stage.vault.fault = () => undefined
    await stage.passes.changes(false)
    expect(stage.since().told).toEqual(['a created'])
  })

  it('leaves what plenum.yaml declares', async () => {
    const stage = new Stage()
    stage.declared.add('a')
    stage.rows.set('a', '1')
    await stage.passes.full()
    expect(stage.outcomes()).toEqual({ a: 'left' })
    expect(stage.vault.secrets.size).toBe(0)
  })

  it('asks nothing about an id that no path can be', async () => {
    const stage = await inStep('a')
    stage.rows.set('no path', '1')
    await stage.passes.changes(false)
    expect(stage.since().asked).toEqual(['read digest', 'read digests', 'read content'])
    await stage.passes.changes(false)
    expect(stage.since().asked).toEqual(['read digest', 'read digests'])
  })
})

describe('what Vault refuses', () => {
  it.each([
    ['look', 'vault-denied'],
    ['write', 'vault-too-large'],
    ['patch', 'vault-bad-request'],
  ] as const)('of one object at a %s is that object’s trouble, and tried again', async (at, code) => {
    const stage = await inStep('a', 'b', 'c')
    for (const id of ['a', 'b', 'c']) stage.rows.set(id, 'two')
    stage.vault.fault = (request) => {
      if (request.startsWith(`${at} b`)) throw vaultError(code)
    }
    await stage.passes.changes(false)
    expect(stage.outcomes()).toEqual({ a: 'updated', b: 'failed', c: 'updated' })
    expect([...stage.passes.outcomes()]).toContainEqual(['b', { kind: 'failed', code, text: `${code}: told` }])
    expect(stage.since().told.toSorted()).toEqual(['a updated', 'b failed', 'c updated'])
    await stage.passes.changes(false)
    expect(stage.since().told).toEqual(['b failed'])
    stage.vault.fault = () => undefined
    await stage.passes.changes(false)
    expect(stage.since().told).toEqual(['b updated'])
    expect(stage.vault.value('b')).toBe('two')
  })

  it('as a whole ends the pass; what was done stands, and the next one does the rest', async () => {
    const stage = new Stage()
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) stage.rows.set(id, '1')
    stage.vault.fault = (request) => {
      if (request.startsWith('write c')) throw vaultError('vault-sealed')
    }
    await expect(stage.passes.full()).rejects.toMatchObject({ code: 'vault-sealed' })
    expect(stage.vault.value('a')).toBe('1')
    expect(stage.vault.value('f')).toBeUndefined()
    stage.vault.fault = () => undefined
    await stage.passes.full()
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => stage.vault.value(id))).toEqual(Array(6).fill('1'))
    expect([...stage.vault.secrets.values()].map(({ versions }) => versions.length)).toEqual(Array(6).fill(1))
  })

  it('as a whole while it is looked at: nothing is read, nothing is written', async () => {
    const stage = await inStep('a', 'b')
    stage.rows.set('a', 'two').set('b', 'two')
    stage.vault.fault = () => {
      throw vaultError('vault-unreachable')
    }
    await expect(stage.passes.changes(false)).rejects.toMatchObject({ code: 'vault-unreachable' })
    expect(stage.since().asked).toEqual(['read digest', 'read digests', 'look a', 'look b'])
  })
})

describe('a pass', () => {
  it('does not hide a mistake of its own', async () => {
    const stage = await inStep('a')
    stage.rows.set('a', 'two')
    const bug = new TypeError('a bug')
    stage.vault.fault = () => {
      throw bug
    }
    await expect(stage.passes.changes(false)).rejects.toBe(bug)
  })

  it('begins no further object once it is to end', async () => {
    const stage = new Stage()
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) stage.rows.set(id, '1')
    stage.vault.fault = (request) => {
      if (request.startsWith('write')) stage.stop.abort(new Error('interrupted'))
    }
    await expect(stage.passes.full()).rejects.toThrow('interrupted')
    expect(stage.since().asked.filter((request) => /^create [c-f]/.test(request))).toEqual([])
  })

  it.each<[Outcome, (stage: Stage) => void]>([
    [{ kind: 'created', version: 1, project: 'trading' }, ({ rows }) => rows.set('b', '1')],
    [{ kind: 'updated', version: 2, conflict: undefined }, ({ rows }) => rows.set('a', 'two')],
    [{ kind: 'deleted', version: 1, conflict: undefined }, ({ rows }) => rows.delete('a')],
    [{ kind: 'in-step' }, () => undefined],
    [{ kind: 'recorded', conflict: undefined }, ({ vault }) => vault.put('a', 'a one')],
    [{ kind: 'left', why: 'vault-ahead' }, ({ vault }) => vault.put('a', 'theirs')],
    [
      { kind: 'conflict', what: 'both-changed' },
      ({ rows, vault }) => {
        rows.set('a', 'two')
        vault.put('a', 'theirs')
      },
    ],
    [
      { kind: 'described' },
      ({ vault }) => {
        const secret = vault.secrets.get('a')
        if (secret !== undefined) secret.custom['description'] = 'of a row that has none'
      },
    ],
  ])('that is only shown foresees %o and writes nothing', async (outcome, change) => {
    const stage = await inStep('a')
    change(stage)
    const before = JSON.stringify([...stage.vault.secrets])
    stage.passes = stage.process({ isDryRun: true })
    await stage.passes.full()
    expect([...stage.passes.outcomes()].map(([, one]) => one)).toContainEqual(outcome)
    expect(JSON.stringify([...stage.vault.secrets])).toBe(before)
    expect(stage.since().asked.filter((request) => /^(?:create|patch|write|delete)/.test(request))).toEqual([])
    // And it comes true.
    stage.passes = stage.process({})
    await stage.passes.full()
    expect([...stage.passes.outcomes()].map(([, one]) => one)).toContainEqual(outcome)
  })
})
