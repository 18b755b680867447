/**
 * A hub cleaned up after its move: files on the disk, rows of a database, the undo record in a real server, with the
 * operator's rights and no more.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  blankRow,
  entryFor,
  KEY,
  MemoryRows,
  readRow,
  readTexts,
  variableRow,
} from '../../src/finish/hub-before.case.ts'
import {
  carryOutFinish,
  type FileAccess,
  filesToEdit,
  FinishError,
  type FinishPlan,
  type FinishPorts,
  listUndo,
  newUndoId,
  planFinish,
  undoFinish,
} from '../../src/finish/index.ts'
import { accessOf, loadHub, roleOf } from '../../src/hub/index.ts'
import type { Reading } from '../../src/importers/found.ts'
import type { TextFile } from '../../src/importers/text-files.ts'
import { fingerprint, sensitive } from '../../src/sensitive/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import {
  listAllSecrets,
  readSecret,
  staticToken,
  VaultClient,
  writePolicy,
  writeSecret,
} from '../../src/vault/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-finish-'))
let server: TestServer
let operator: VaultClient

beforeAll(async () => {
  server = await startTestServer()
  operator = await operatorClient()
})
afterAll(async () => {
  await operator.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Its policies are all that the clean-up gets. */
async function operatorClient(): Promise<VaultClient> {
  const loaded = loadHub({
    file: join(folder, 'plenum.yaml'),
    text: 'version: 1\nhub: moved\nairflow: { version: "3.3", provider: "4.8" }\nprojects: { trading: {} }\n',
    env: { get: () => undefined },
    files: { read: () => undefined },
  })
  if (loaded.kind !== 'hub') throw new Error('the hub of this test is wrong')
  const access = accessOf(loaded.hub)
  const { policies } = roleOf(access, { kind: 'operator' })
  for (const name of policies) await writePolicy(server.client, name, access.policies.get(name) ?? '')
  const reply = await server.client.request('POST', 'auth/token/create', { body: { policies: [...policies] } })
  const { auth } = reply.body as { auth: { client_token: string } }
  return new VaultClient({ address: server.address, tokens: staticToken(sensitive(auth.client_token)) })
}

class DiskFiles implements FileAccess {
  read(path: string): Buffer {
    return readFileSync(path)
  }

  replace(path: string, before: Buffer, after: Buffer): void {
    const target = realpathSync(path)
    const { mode, uid, gid } = statSync(target)
    const fresh = `${target}.plenum-new`
    const handle = openSync(fresh, 'wx', 0o600)
    try {
      writeFileSync(handle, after)
      fchownSync(handle, uid, gid)
      fchmodSync(handle, mode & 0o7777)
      fsyncSync(handle)
      if (!readFileSync(target).equals(before)) throw new FinishError('finish-file-changed', `${path} was changed`)
      renameSync(fresh, target)
    } finally {
      closeSync(handle)
      if (existsSync(fresh)) rmSync(fresh)
    }
  }
}

const ENV = '\uFEFF# settings\r\nDB_PASSWORD=planted-db\r\nexport KEY="planted-key\r\nmore"\r\nLEVEL=debug'
const COMPOSE =
  'x-common: &common\n  API_TOKEN: planted-api\nservices:\n  web:\n    environment:\n      <<: *common\n  worker: {environment: {LEVEL: info, OTHER: "planted-other"}}\n'
const env = join(folder, '.env')
const link = join(folder, 'link.env')
const compose = join(folder, 'docker-compose.yml')
const ROWS = [variableRow(1, 'one', 'planted-one'), variableRow(2, 'two', 'planted-two')]

beforeEach(() => {
  writeFileSync(env, ENV)
  chmodSync(env, 0o640)
  writeFileSync(compose, COMPOSE)
  if (!existsSync(link)) symlinkSync(env, link)
})

function textFile(path: string): TextFile {
  return { path, shown: path.slice(folder.length + 1), bytes: readFileSync(path) }
}

const pathOf = (id: string): string => `projects/trading/${id}`

/** Reads the sources, moves all but LEVEL, and plans with what Vault has. */
async function planned(rows: MemoryRows, paths: readonly string[] = [env, compose]): Promise<FinishPlan> {
  const read = (): Map<string, TextFile> => new Map(paths.map((path) => [path, textFile(path)]))
  const rowsFound = rows.rows.map(readRow).flatMap((one) => (one.kind === 'found' ? [one.found] : []))
  const database: Reading = { source: 'airflow-db', label: 'db', facts: [], found: rowsFound, findings: [] }
  const imported = [...readTexts(read()), database]
  const entries = imported.flatMap((one) => one.found.map(entryFor)).filter(({ id }) => id !== 'LEVEL')
  const arrived = new Set<string>()
  for (const { id, data } of entries) {
    const there = await readSecret(server.client, 'secret', pathOf(id))
    if (there.kind === 'absent') await writeSecret(server.client, 'secret', pathOf(id), data, 0)
    const back = await readSecret(server.client, 'secret', pathOf(id))
    if (back.kind === 'found' && fingerprint(back.data, KEY) === fingerprint(data, KEY)) arrived.add(id)
  }
  const files = new Map(filesToEdit(entries).map((path) => [path, textFile(path)]))
  return planFinish({
    entries,
    isProven: ({ id }) => arrived.has(id),
    pathOf: ({ id }) => `secret/${pathOf(id)}`,
    imported,
    key: KEY,
    texts: { mode: 'comment', files, reread: (changed) => readTexts(new Map([...read(), ...changed])) },
    rows: { now: rows.rows, read: readRow, becomes: blankRow },
  })
}

let runs = 0

function ports(
  database: MemoryRows,
): FinishPorts & { id: string; createdAt: number; source: string; contextKey: Buffer } {
  runs += 1
  return {
    store: { client: operator, mount: 'secret', hub: 'moved' },
    files: new DiskFiles(),
    database,
    id: newUndoId(Date.now(), Buffer.from([0, 0, 0, runs])),
    createdAt: Date.now(),
    source: '.env, docker-compose.yml and the database',
    contextKey: Buffer.alloc(32, runs),
  }
}

describe('a hub after its move', () => {
  it('holds no moved value once it is cleaned up, and is byte for byte itself once that is undone', async () => {
    const rows = new MemoryRows(ROWS)
    const plan = await planned(rows)
    const given = ports(rows)
    const outcome = await carryOutFinish(plan, given)
    expect(outcome).toMatchObject({ state: 'done', rows: 2, files: ['.env', 'docker-compose.yml'], left: [] })
    const cleaned = [readFileSync(env, 'utf8'), readFileSync(compose, 'utf8')]
    expect(cleaned).toEqual([
      '\uFEFF# settings\r\n# DB_PASSWORD is in Vault: secret/projects/trading/DB_PASSWORD (moved by Plenum)\r\n# KEY is in Vault: secret/projects/trading/KEY (moved by Plenum)\r\nLEVEL=debug',
      'x-common: &common {}\n  # API_TOKEN is in Vault: secret/projects/trading/API_TOKEN (moved by Plenum)\nservices:\n  web:\n    environment:\n      <<: *common\n  # OTHER is in Vault: secret/projects/trading/OTHER (moved by Plenum)\n  worker: {environment: {LEVEL: info}}\n',
    ])
    expect(rows.rows).toEqual([variableRow(1, 'one', ''), variableRow(2, 'two', '')])
    expect(statSync(env).mode & 0o7777).toBe(0o640)
    expect(readdirSync(folder).sort()).toEqual(['.env', 'docker-compose.yml', 'link.env'])
    // Nothing that is shown or kept outside of Vault has a value.
    expect(JSON.stringify({ plan, outcome, listed: await listUndo(given.store) })).not.toContain('planted')
    const undone = await undoFinish(given.id, given)
    expect(undone).toMatchObject({ state: 'undone', left: [] })
    expect(JSON.stringify(undone)).not.toContain('planted')
    expect([readFileSync(env, 'utf8'), readFileSync(compose, 'utf8')]).toEqual([ENV, COMPOSE])
    expect(statSync(env).mode & 0o7777).toBe(0o640)
    expect(rows.rows).toEqual(ROWS)
  })

  it('keeps what Vault does not have as it is here', async () => {
    writeFileSync(env, ENV.replace('planted-db', 'planted-newer'))
    const plan = await planned(new MemoryRows([]), [env])
    expect(plan.left.map(({ id, reason }) => `${id} ${reason}`)).toEqual(['DB_PASSWORD not-proven'])
    const given = ports(new MemoryRows([]))
    await carryOutFinish(plan, given)
    expect(readFileSync(env, 'utf8')).toContain('DB_PASSWORD=planted-newer')
    expect(readFileSync(env, 'utf8')).not.toContain('planted-key')
    await undoFinish(given.id, given)
  })

  it('follows a link to the file and leaves the link', async () => {
    const plan = await planned(new MemoryRows([]), [link])
    const given = ports(new MemoryRows([]))
    expect(await carryOutFinish(plan, given)).toMatchObject({ files: ['link.env'] })
    expect(readFileSync(env, 'utf8')).not.toContain('planted')
    await undoFinish(given.id, given)
    expect(readFileSync(env, 'utf8')).toBe(ENV)
    expect(realpathSync(link)).toBe(realpathSync(env))
  })

  it('touches nothing when a row changes at the last moment', async () => {
    const rows = new MemoryRows(ROWS)
    const plan = await planned(rows)
    rows.fault = (when) => {
      if (when === 'before') rows.rows = [variableRow(1, 'one', 'edited'), ...ROWS.slice(1)]
    }
    await expect(carryOutFinish(plan, ports(rows))).rejects.toThrow('a row changed')
    expect([readFileSync(env, 'utf8'), readFileSync(compose, 'utf8')]).toEqual([ENV, COMPOSE])
    expect(rows.rows[1]).toEqual(ROWS[1])
  })

  it('has its records below the hub’s own folder, and lists the newest first', async () => {
    const listed = await listUndo({ client: operator, mount: 'secret', hub: 'moved' })
    const states = listed.map((one) => (one.kind === 'record' ? one.index.state : one.kind))
    expect(states).toEqual(['prepared', 'undone', 'undone', 'undone'])
    const paths = await listAllSecrets(server.client, 'secret', 'plenum', { concurrency: 2 })
    expect(paths).toHaveLength(8)
    expect(paths.every((path) => /^moved\/undo\/[^/]+\/(?:index|0001)$/.test(path))).toBe(true)
  })
})
