import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../testing/index.ts'
import { readMetadata, readSecret, type VaultClient, writeSecret } from '../vault/index.ts'
import { sensitive } from '../sensitive/index.ts'
import { carryOutFinish, continueFinish, type FinishPorts } from './carry-out.ts'
import { FinishError } from './errors.ts'
import { inputFor, MemoryFiles, MemoryRows, systemError, variableRow } from './hub-before.case.ts'
import type { FinishPlan } from './finish-plan.ts'
import { planFinish } from './plan.ts'
import { undoFinish } from './undo.ts'
import { forgetUndo, listUndo, newUndoId, readUndo, type UndoStore } from './undo-store.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const FILES = { '/a.env': 'AAA=planted-1\nBBB=2\nCCC=3\n', '/c.yml': 'e:\n  DDD: planted-4\n  x: 1\n' }
const ROWS = [variableRow(1, 'r1', 'planted-r1'), variableRow(2, 'r2', 'planted-r2')]
let hubs = 0

interface World {
  readonly id: string
  readonly files: MemoryFiles
  readonly database: MemoryRows
  readonly store: UndoStore
  readonly plan: FinishPlan
  readonly ports: FinishPorts
  readonly options: { createdAt: number; source: string; contextKey: Buffer; id: string }
}

/** A hub of its own in the one Vault. */
function world(contents: Record<string, string> = FILES, rows = ROWS, client: VaultClient = server.client): World {
  const files = new MemoryFiles(contents)
  const database = new MemoryRows(rows)
  const input = inputFor(files, database)
  hubs += 1
  const store = { client, mount: 'secret', hub: `hub-${hubs}` }
  const id = newUndoId(Date.UTC(2026, 0, 31, 12), Buffer.from('01020304', 'hex'))
  return {
    id,
    files,
    database,
    store,
    plan: planFinish(input),
    ports: { store, files, database },
    options: { id, createdAt: 1, source: 'test', contextKey: Buffer.alloc(32, 1) },
  }
}

const finish = ({ plan, options, ports }: World) => carryOutFinish(plan, { ...options, ...ports })
const stateOf = ({ files, database }: World) => ({ files: files.texts(), rows: database.rows })
const codeOf = async (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof FinishError ? error.code : String(error)),
  )

const CLEAN = {
  files: {
    '/a.env': ['AAA', 'BBB', 'CCC']
      .map((name) => `# ${name} is in Vault: secret/p/${name} (moved by Plenum)\n`)
      .join(''),
    '/c.yml': 'e:\n  # DDD is in Vault: secret/p/DDD (moved by Plenum)\n  x: 1\n',
  },
  rows: [variableRow(1, 'r1', ''), variableRow(2, 'r2', '')],
}
const BEFORE = { files: FILES, rows: ROWS }

describe('carrying out and undoing', () => {
  it('cleans everything up and puts everything back', async () => {
    const one = world()
    expect(await finish(one)).toEqual({ id: one.id, state: 'done', rows: 2, files: ['a.env', 'c.yml'], left: [] })
    expect(stateOf(one)).toEqual(CLEAN)
    expect(await listUndo(one.store)).toMatchObject([{ kind: 'record', index: { id: one.id, state: 'done', rows: 2 } }])
    const undone = await undoFinish(one.id, one.ports)
    expect(undone).toMatchObject({ state: 'undone', rows: [{ id: 'r1' }, { id: 'r2' }], left: [] })
    expect(undone.files).toEqual([
      { shown: 'a.env', names: ['AAA', 'BBB', 'CCC'] },
      { shown: 'c.yml', names: ['DDD'] },
    ])
    expect(stateOf(one)).toEqual(BEFORE)
  })

  it('does everything once, however often it is called', async () => {
    const one = world()
    await finish(one)
    expect(await finish(one)).toMatchObject({ state: 'done', rows: 0, files: [] })
    await undoFinish(one.id, one.ports)
    expect(await undoFinish(one.id, one.ports)).toMatchObject({ state: 'undone', rows: [], files: [], left: [] })
    expect(await continueFinish(one.id, one.ports)).toMatchObject({ state: 'undone', rows: 0, files: [] })
    expect(stateOf(one)).toEqual(BEFORE)
    expect(one.database.transactions).toBe(2)
  })

  it('writes no record when there is nothing to do', async () => {
    const one = world({}, [])
    expect(await finish(one)).toMatchObject({ state: 'done', left: [] })
    expect(await listUndo(one.store)).toEqual([])
  })

  it('cuts a large record into pieces and reads it back whole', async () => {
    const long = `AAA=${'ü'.repeat(400_000)}\n`
    const one = world({ '/a.env': long }, [])
    await finish(one)
    expect(await listUndo(one.store)).toMatchObject([{ index: { parts: 3 } }])
    for (const part of ['0001', '0002', '0003']) {
      const read = await readSecret(server.client, 'secret', `plenum/${one.store.hub}/undo/${one.id}/${part}`)
      expect(read.kind === 'found' && JSON.stringify(read.data.reveal()).length).toBeLessThan(400_000)
    }
    await undoFinish(one.id, one.ports)
    expect(one.files.texts()).toEqual({ '/a.env': long })
  })
})

describe('what changed meanwhile', () => {
  it('is left and said, and the rest goes on', async () => {
    const one = world()
    one.database.rows = [variableRow(1, 'r1', 'edited'), variableRow(2, 'r2', 'planted-r2')]
    one.files.contents.set('/a.env', Buffer.from('AAA=edited\n'))
    expect(await finish(one)).toMatchObject({
      state: 'done',
      rows: 1,
      files: ['c.yml'],
      left: [{ where: 'variable r1', text: 'the row was changed since' }, { where: 'a.env' }],
    })
    expect(one.files.texts()['/a.env']).toBe('AAA=edited\n')
    expect(one.database.rows).toEqual([variableRow(1, 'r1', 'edited'), variableRow(2, 'r2', '')])
  })

  it('is left and said by the undoing, which can be tried again', async () => {
    const one = world()
    await finish(one)
    one.database.rows = [variableRow(1, 'r1', 'edited'), variableRow(2, 'r2', '')]
    one.files.contents.set('/a.env', Buffer.from(`${CLEAN.files['/a.env'].replace(/.*BBB.*\n/, '')}BBB=new\n`))
    const undone = await undoFinish(one.id, one.ports)
    expect(undone).toMatchObject({ state: 'done', rows: [{ id: 'r2' }], files: [{ shown: 'c.yml' }] })
    expect(undone.left.map(({ where }) => where)).toEqual(['a.env: AAA, BBB, CCC', 'variable r1'])
    one.database.rows = [variableRow(1, 'r1', ''), ...one.database.rows.slice(1)]
    one.files.contents.set('/a.env', Buffer.from(CLEAN.files['/a.env']))
    expect(await undoFinish(one.id, one.ports)).toMatchObject({ state: 'undone', left: [] })
    expect(stateOf(one)).toEqual(BEFORE)
  })

  it('does not bring a deleted row back over another one of its name', async () => {
    const one = world({})
    const rows = inputFor(one.files, one.database).rows
    const plan = planFinish({
      ...inputFor(one.files, one.database),
      rows: rows && { ...rows, becomes: () => undefined },
    })
    await carryOutFinish(plan, { ...one.options, ...one.ports })
    expect(one.database.rows).toEqual([])
    one.database.rows = [variableRow(7, 'r1', 'new')]
    const undone = await undoFinish(one.id, one.ports)
    expect(undone).toMatchObject({ rows: [{ id: 'r2' }], left: [{ text: 'there is another row of this name' }] })
    expect(one.database.rows).toEqual([variableRow(2, 'r2', 'planted-r2'), variableRow(7, 'r1', 'new')])
  })

  it('stays to be carried on when the system refuses a file', async () => {
    const one = world()
    one.files.fault = (path) => {
      if (path === '/a.env') throw systemError('EACCES')
    }
    const first = await finish(one)
    expect(first).toMatchObject({ state: 'prepared', rows: 2, files: ['c.yml'] })
    expect(first.left).toEqual([{ where: 'a.env', text: 'the system refuses it: EACCES' }])
    one.files.fault = () => undefined
    expect(await continueFinish(one.id, one.ports)).toMatchObject({
      state: 'done',
      rows: 0,
      files: ['a.env'],
      left: [],
    })
    expect(stateOf(one)).toEqual(CLEAN)
  })
})

describe('a record', () => {
  it('is of one run: another one of its id is refused, and nothing is changed', async () => {
    const one = world()
    await writeSecret(
      server.client,
      'secret',
      `plenum/${one.store.hub}/undo/${one.id}/0001`,
      sensitive({ part: 'x' }),
      0,
    )
    expect(await codeOf(finish(one))).toBe('finish-undo-taken')
    expect(stateOf(one)).toEqual(BEFORE)
    expect(await listUndo(one.store)).toEqual([{ kind: 'incomplete', id: one.id }])
  })

  it('that is not there or not whole is an error', async () => {
    const one = world()
    expect(await codeOf(undoFinish('nothing', one.ports))).toBe('finish-undo-unknown')
    expect(await codeOf(undoFinish('../x', one.ports))).toBe('finish-undo-unknown')
    await finish(one)
    await writeSecret(
      server.client,
      'secret',
      `plenum/${one.store.hub}/undo/${one.id}/0001`,
      sensitive({ part: 'eA==' }),
      1,
    )
    expect(await codeOf(undoFinish(one.id, one.ports))).toBe('finish-undo-broken')
  })

  it('with rows needs the database, before anything is put back', async () => {
    const one = world()
    await finish(one)
    const cleaned = stateOf(one)
    expect(await codeOf(undoFinish(one.id, { ...one.ports, database: undefined }))).toBe('finish-no-database')
    expect(stateOf(one)).toEqual(cleaned)
  })

  it('that two work on at once tells the second', async () => {
    const one = world()
    let isFirst = true
    one.database.fault = (when) => {
      if (when === 'after' && isFirst) {
        isFirst = false
        throw new Error('crash')
      }
    }
    await expect(finish(one)).rejects.toThrow('crash')
    const slow: FinishPorts = {
      ...one.ports,
      database: {
        readRows: async (onRows) => {
          await continueFinish(one.id, one.ports)
          await one.database.readRows(onRows)
        },
        changeRows: (changes) => one.database.changeRows(changes),
      },
    }
    expect(await codeOf(continueFinish(one.id, slow))).toBe('finish-busy')
    expect(stateOf(one)).toEqual(CLEAN)
  })
})

/** Ends the run at its `count`th step outside of memory, before or after that step had its effect. */
class Crashes {
  count = Number.POSITIVE_INFINITY
  isAfter = false
  steps = 0

  step(): boolean {
    this.steps += 1
    const isNow = this.steps === this.count + 1
    if (isNow && !this.isAfter) throw new Error('crash')
    return isNow
  }

  over(isNow: boolean): void {
    if (isNow) throw new Error('crash')
  }

  client(client: VaultClient): VaultClient {
    const request: VaultClient['request'] = async (...call) => {
      const isNow = this.step()
      const answer = await client.request(...call)
      this.over(isNow)
      return answer
    }
    return Object.assign(Object.create(client) as VaultClient, { request })
  }
}

function crashing(crashes: Crashes): World {
  const one = world(FILES, ROWS, crashes.client(server.client))
  const replace = one.files.replace.bind(one.files)
  one.files.replace = (path, before, after) => {
    const isNow = crashes.step()
    replace(path, before, after)
    crashes.over(isNow)
  }
  let pending = false
  one.database.fault = (when) => {
    if (when === 'before') pending = crashes.step()
    else crashes.over(pending)
  }
  return one
}

describe('a record that nobody needs', () => {
  it('is removed with all its versions, and nothing else is', async () => {
    const [one, other] = [world(), world()]
    await finish(one)
    await finish(other)
    await forgetUndo(one.store, one.id)
    expect(await listUndo(one.store)).toEqual([])
    await expect(readUndo(one.store, one.id)).rejects.toMatchObject({ code: 'finish-undo-unknown' })
    const path = `plenum/${one.store.hub}/undo/${one.id}`
    for (const name of ['index', '0001'])
      expect(await readMetadata(server.client, 'secret', `${path}/${name}`)).toBeUndefined()
    expect(await listUndo(other.store)).toHaveLength(1)
    await forgetUndo(one.store, one.id)
    await expect(forgetUndo(one.store, '../other')).rejects.toMatchObject({ code: 'finish-undo-unknown' })
  })

  it('is removed also when only pieces of it were written, or are left', async () => {
    const crashes = new Crashes()
    const one = crashing(crashes)
    crashes.count = 1
    await expect(finish(one)).rejects.toThrow('crash')
    crashes.count = Number.POSITIVE_INFINITY
    expect(await listUndo(one.store)).toEqual([{ kind: 'incomplete', id: one.id }])
    await forgetUndo(one.store, one.id)
    expect(await listUndo(one.store)).toEqual([])
  })
})

describe('a run that ends at any step', () => {
  it.each([[false], [true]])(
    'is finished by the next one, and undone by a third (after its effect: %s)',
    async (isAfter) => {
      const counting = new Crashes()
      const whole = crashing(counting)
      await finish(whole)
      const finishing = counting.steps
      await undoFinish(whole.id, whole.ports)
      const undoing = counting.steps - finishing
      expect([finishing, undoing].every((steps) => steps > 5)).toBe(true)
      for (let count = 0; count < Math.max(finishing, undoing); count += 1) {
        const crashes = new Crashes()
        const one = crashing(crashes)
        Object.assign(crashes, { count, isAfter })
        if (count < finishing) await expect(finish(one)).rejects.toThrow('crash')
        crashes.count = Number.POSITIVE_INFINITY
        const isThere = (await listUndo(one.store)).some(({ kind }) => kind === 'record')
        if (isThere) await continueFinish(one.id, one.ports)
        else await finish(one)
        expect(stateOf(one)).toEqual(CLEAN)
        expect((await readUndo(one.store, one.id)).index.state).toBe('done')
        Object.assign(crashes, { count, steps: 0 })
        if (count < undoing) await expect(undoFinish(one.id, one.ports)).rejects.toThrow('crash')
        crashes.count = Number.POSITIVE_INFINITY
        expect(await undoFinish(one.id, one.ports)).toMatchObject({ state: 'undone', left: [] })
        expect(stateOf(one)).toEqual(BEFORE)
      }
    },
  )

  it('can be undone without having been finished', async () => {
    const counting = new Crashes()
    await finish(crashing(counting))
    for (let count = 0; count < counting.steps; count += 1) {
      const crashes = new Crashes()
      const one = crashing(crashes)
      crashes.count = count
      await expect(finish(one)).rejects.toThrow('crash')
      crashes.count = Number.POSITIVE_INFINITY
      const isThere = (await listUndo(one.store)).some(({ kind }) => kind === 'record')
      if (isThere) expect(await undoFinish(one.id, one.ports)).toMatchObject({ state: 'undone', left: [] })
      expect(stateOf(one)).toEqual(BEFORE)
    }
  })
})
