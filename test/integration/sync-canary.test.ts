/**
 * Invariant 1 for `plenum sync`: values planted on both sides, through edits, conflicts, refusals and a kill; what it says,
 * what it serves, and what others see of its process.
 */
import { type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { readSecret, writeSecret } from '../../src/vault/index.ts'
import { badRows, change, FERNET_KEY, makeDatabase, plain } from './before-plenum-canaries.case.ts'
import {
  type Call,
  echo,
  errorsOf,
  expectDone,
  leaks,
  inEnvironment,
  inVault,
  isObjectWritten,
  type Meddle,
  newVault,
  noteProcess,
  place,
  plenum,
  type Ran,
  said,
  source,
  sources,
  startFront,
  usePlantedPlace,
} from './planted-place.case.ts'

usePlantedPlace()
// A test is up to ten commands, and others may be at work on this machine.
vi.setConfig({ testTimeout: 240_000 })

/** Resolves once a command has said something. */
function listener(): {
  readonly watch: (child: ChildProcess, all: string) => void
  says(what: RegExp): Promise<void>
} {
  let all = ''
  let waiting: { readonly what: RegExp; readonly resolve: () => void }[] = []
  const look = (): void => {
    for (const { what, resolve } of waiting) if (what.test(all)) resolve()
    waiting = waiting.filter(({ what }) => !what.test(all))
  }
  return {
    watch(_, text) {
      all = text
      look()
    },
    says(what) {
      return new Promise((resolve) => {
        waiting.push({ what, resolve })
        look()
      })
    },
  }
}

const IN_AIRFLOW = 'UPDATE variable SET is_encrypted = 0, val ='
const EMPTY_HUB = `version: 1
hub: synced
airflow: { version: "3.3", provider: "4.8" }
environments: { dev: { vault: embedded } }
projects: { trading: { variables: { note: about } } }
`

describe.concurrent('sync', () => {
  it.concurrent('once, for long, in conflict, without a Vault, and killed', async () => {
    const hub = place('synced')
    writeFileSync(join(hub, 'plenum.yaml'), EMPTY_HUB)
    place('synced/airflow')
    const database = join(hub, 'airflow/airflow.db')
    sources.add(database)
    makeDatabase(database)
    change(database, badRows())
    const vault = await newVault()
    const state: { meddle: Meddle } = { meddle: () => false }
    const env = inVault(vault, await startFront(vault, (...asked) => state.meddle(...asked)))
    const key = source(join(hub, 'key.txt'), FERNET_KEY)
    const dsn = inEnvironment({ PLENUM_IMPORT_DSN: `sqlite:///${database}` })
    const sync = (call: Partial<Call>, ...more: readonly string[]): Promise<Ran> =>
      plenum({ hub, env: { ...env, ...dsn }, ...call }, 'sync', '--fernet-key-file', key, ...more)
    const edit = (key: string, value: string): void =>
      change(database, `${IN_AIRFLOW} '${value}' WHERE "key" = '${key}'`)
    const writeThere = async (key: string, value: string): Promise<void> => {
      const now = await readSecret(vault.client, 'secret', `airflow/variables/${key}`)
      const version = now.kind === 'found' ? now.version : 0
      await writeSecret(vault.client, 'secret', `airflow/variables/${key}`, sensitive({ value }), version)
    }

    expectDone(await plenum({ hub, env }, 'apply', '--yes'), [0])
    expectDone(await sync({}, '--once', '--dry-run', '--json', '--debug'), [1])
    expectDone(await sync({}, '--once', '--debug'), [1])

    const heard = listener()
    let child: ChildProcess | undefined
    const started = (one: ChildProcess): void => void (child = one)
    const following = sync(
      { ...heard, started },
      '--interval',
      '100ms',
      '--full-every',
      '500ms',
      '--listen',
      '127.0.0.1:0',
      '--debug',
    )
    await heard.says(/following; /)
    noteProcess(child as unknown as ChildProcess)
    edit('db_var_clear', plain('SyncEdit'))
    await heard.says(/variable +db_var_clear +version 2/)
    await writeThere('db_var_clear', plain('SyncVaultAhead'))
    await heard.says(/variable +db_var_clear +changed in Vault alone/)
    edit('db_var_clear', plain('SyncConflict'))
    await heard.says(/variable +db_var_clear +conflict/)
    state.meddle = echo(
      (body, token) => errorsOf(500, `${token} ${body}`),
      (request) => request.method !== 'GET',
    )
    edit('db_var_fernet', plain('SyncRefused'))
    await heard.says(/trying again|variable +db_var_fernet +\S.*500/)
    const { url } =
      /(?<url>http:\S+)\/healthz/.exec([...said].filter(([who]) => who.includes('--listen')).join(''))?.groups ?? {}
    for (const path of ['healthz', 'metrics', 'other']) said.set(path, await (await fetch(`${url}/${path}`)).text())
    ;(child as unknown as ChildProcess).kill('SIGTERM')
    expectDone(await following, [0])

    const words = ['--once', '--debug', '--json']
    expectDone(await sync({}, ...words), [1])
    state.meddle = echo(
      () => ({ status: 200, text: `{"data": "${plain('SyncCut')}` }),
      ({ method }) => method === 'GET',
    )
    expectDone(await sync({}, ...words), [1])
    expectDone(await sync({}, ...words, '--on-conflict', 'nonsense'), [2])
    state.meddle = (request) => isObjectWritten(request) && (child?.killed === true || child?.kill('SIGKILL') === true)
    const killed = await sync({ started }, ...words, '--on-conflict', 'airflow-wins')
    expect(killed.signal).toBe('SIGKILL')
    state.meddle = () => false
    expectDone(await sync({}, ...words, '--on-conflict', 'airflow-wins'), [1])
    await writeThere('db_var_clear', plain('SyncBack'))
    expectDone(await sync({}, ...words, '--both-ways', '--on-conflict', 'vault-wins'), [1])
  })
})

it('S35: holds no planted value: what was said, written, removed and handed on', () => {
  expect(leaks()).toEqual([])
})
