/**
 * Invariant 1 for `plenum import`: no secret value anywhere but in the sources, in the encrypted store and in what the user
 * asked to be written. Values are planted in every place that an importer reads; every source is used in every way, and
 * wrongly; and all that was said, written, removed, and handed to other processes is searched.
 */
import { execFileSync } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { writeSecret } from '../../src/vault/index.ts'
import { badRows, change, ENVIRONMENT, FERNET_KEY, plain, plantBroken } from './before-plenum-canaries.case.ts'
import {
  closing,
  expectDone,
  leaks,
  inEnvironment,
  inVault,
  main,
  newVault,
  oldVault,
  place,
  plantedHub,
  plenum,
  type Ran,
  source,
  sources,
  startVersionOne,
  TOKEN_FILE,
  usePlantedPlace,
  work,
} from './planted-place.case.ts'

usePlantedPlace()
// A test is up to ten commands, and others may be at work on this machine.
vi.setConfig({ testTimeout: 240_000 })

/** Those sources that this Plenum has. */
const listed = execFileSync(process.execPath, [main, 'import', '--help'], { encoding: 'utf8' })
function requireSource(name: string, skip: () => void): void {
  if (new RegExp(`^  ${name} `, 'm').test(listed)) return
  process.stdout.write(`plenum import ${name} is not there, and not tested\n`)
  skip()
}

interface Source {
  readonly name: string
  readonly args: readonly string[]
  /** Fewest objects that come in. */
  readonly brings: number
  /** Its own embedded server is used, not a Vault elsewhere. */
  readonly isEmbedded?: boolean
  /** Whether there is something that `--finish` can take away. */
  readonly isCleanedUp?: boolean
}

const SOURCES: readonly Source[] = [
  { name: 'folder', args: ['.'], brings: 19, isEmbedded: true, isCleanedUp: true },
  { name: 'airflow-db', args: ['--airflow-home', 'airflow'], brings: 5, isCleanedUp: true },
  { name: 'env-file', args: ['.env'], brings: 4, isCleanedUp: true },
  {
    name: 'compose',
    args: ['docker-compose.yml', 'Dockerfile', '.devcontainer/devcontainer.json'],
    brings: 4,
    isCleanedUp: true,
  },
  {
    name: 'airflow-export',
    args: ['connections.json', 'variables.json', 'connections.yaml', 'variables.yaml', 'connections.env'],
    brings: 7,
  },
  { name: 'airflow-settings', args: ['airflow_settings.yaml'], brings: 3 },
  { name: 'helm', args: ['values.yaml'], brings: 3 },
]

describe.concurrent('every source, in every way', () => {
  it.concurrent.for(SOURCES)('$name', async ({ name, args, brings, isEmbedded, isCleanedUp }, { skip }) => {
    requireSource(name, skip)
    const env = { ...inEnvironment(ENVIRONMENT), ...(isEmbedded === true ? {} : inVault(await newVault())) }
    const finished = await inEveryWay({ hub: plantedHub(name), env, words: [name, ...args], brings })
    expect(finished.errors).toMatch(isCleanedUp === true ? /^cleaned up/m : /^(?:cleaned up|nothing to clean up)/m)
  })

  it.concurrent('vault, KV version 2 with its versions', async () => {
    const from = ['--from-address', oldVault().address, '--from-token-file', TOKEN_FILE, '--mount', 'old']
    const words = ['vault', ...from, '--with-versions']
    const finished = await inEveryWay({ hub: place('vault'), env: {}, words, brings: 4 })
    expect(finished.errors).toContain('nothing to clean up')
  })

  it.concurrent('vault, KV version 1', async () => {
    const from = ['--from-address', await startVersionOne(), '--from-token-file', TOKEN_FILE]
    const words = ['vault', ...from, '--mount', 'old', '--kv-version', '1']
    const finished = await inEveryWay({ hub: place('vault-1'), env: inVault(await newVault()), words, brings: 4 })
    expect(finished.errors).toContain('nothing to clean up')
  })
})

interface EveryWay {
  readonly hub: string
  readonly env: Record<string, string>
  readonly words: readonly string[]
  readonly brings: number
}

/** Gives what `--finish` said. */
async function inEveryWay({ hub, env, words, brings }: EveryWay): Promise<Ran> {
  const act = (...more: readonly string[]): Promise<Ran> =>
    plenum({ hub, env }, 'import', ...words, '--port', '0', '--name', `planted_${hub.slice(work.length + 1)}`, ...more)
  expectDone(await act('--dry-run', '--report', 'report.json', '--all'))
  const brought = await act('--yes', '--json', '--debug', '--report', 'report.md')
  expectDone(brought)
  const { outcome } = JSON.parse(brought.out) as { outcome: { proof: { outcome: { kind: string } }[] } | null }
  const kinds = (outcome?.proof ?? []).map((one) => one.outcome.kind)
  expect(new Set(kinds), brought.errors).toEqual(new Set(['equal']))
  expect(kinds.length, brought.errors).toBeGreaterThanOrEqual(brings)
  expectDone(await act('--check', '--report', 'report.txt', '--debug'))
  expectDone(await act('--finish', '--dry-run'))
  const finished = await act('--finish', '--yes', '--debug')
  expectDone(finished)
  expectDone(await act('--undo', '--yes', '--json', '--debug'))
  return finished
}

/** A call that reads and plans, from a folder of its own. */
const tryOut = (hub: string, env: Record<string, string>, ...words: readonly string[]): Promise<Ran> =>
  plenum(
    { hub, env: { ...inVault(oldVault()), ...env } },
    'import',
    ...words,
    '--dry-run',
    '--debug',
    '--name',
    'wrong',
  )

describe.concurrent('what is wrong', () => {
  const broken = plantBroken(place('broken'))
  for (const path of Object.values(broken).flat()) sources.add(path)

  it.concurrent.for(Object.entries(broken))('%s: files broken inside a value', async ([name, files], { skip }) => {
    requireSource(name, skip)
    const hub = place(`broken-${name}`)
    // Compose files would lie over one another.
    const calls = name === 'compose' ? files.map((file) => [file]) : [files]
    for (const [index, call] of calls.entries()) {
      const form = index % 2 === 0 ? ['--all'] : ['--json']
      const ran = await tryOut(hub, {}, name, ...call, ...form, ...(name === 'airflow-export' ? CONNECTIONS : []))
      expectDone(ran, [1])
      for (const file of call) expect(ran.errors + ran.out).toContain(file.slice(file.lastIndexOf('/') + 1))
    }
  })
  const CONNECTIONS = ['--what', 'connections']

  it.concurrent('rows with a lost key, without JSON, too large, with ids that Vault cannot hold', async () => {
    const hub = plantedHub('bad-rows')
    change(join(hub, 'airflow/airflow.db'), badRows())
    const home = ['airflow-db', '--airflow-home', 'airflow']
    expectDone(await tryOut(hub, {}, ...home, '--all'), [1])
    const ran = await plenum(
      { hub, env: inVault(await newVault()) },
      'import',
      ...home,
      '--yes',
      '--json',
      '--name',
      'bad_rows',
    )
    expectDone(ran, [1])
    expect(ran.errors).toContain('db_large')
    for (const key of [plain('WrongKey'), 'x'.repeat(43), FERNET_KEY.toLowerCase()]) {
      const file = source(join(hub, 'key.txt'), key)
      expectDone(await tryOut(hub, {}, ...home, '--fernet-key-file', file), [1])
    }
  })

  it.concurrent('databases that cannot be reached, and what they say', async () => {
    const hub = place('dsn')
    const password = plain('DsnPassword')
    const postgres = await startEchoingPostgres()
    const urls = [
      `postgresql://user:${password}@127.0.0.1:${postgres}/airflow`,
      `postgresql://user:${password}@127.0.0.1:1/airflow`,
      `mysql+pymysql://user:${password}@127.0.0.1:1/airflow`,
      `postgresql://user:${password}/x@host.invalid:5432/airflow`,
      `postgresql://user:${password}@host.invalid:5432x/airflow?password=${password}`,
      `postgresql://user:${password}@[::1/airflow`,
      `oracle://user:${password}@host.invalid/airflow`,
      password,
    ]
    await Promise.all(
      urls.map(async (url, index) => {
        const [words, env] = index % 2 === 0 ? [['--dsn', url], {}] : [[], { PLENUM_IMPORT_DSN: url }]
        const ran = await tryOut(hub, inEnvironment(env), 'airflow-db', ...words)
        expectDone(ran, [1, 2])
        expect(ran.errors).toMatch(/^plenum: /m)
      }),
    )
  })

  it.concurrent('settings of Airflow, keys of others, rules and DAGs with a value in them', async () => {
    const hub = plantedHub('settings')
    const config = (text: string): string => source(join(hub, 'airflow/airflow.cfg'), text)
    const failing = source(
      join(hub, 'failing'),
      `#!/bin/sh\necho ${plain('CmdOut')}; echo ${plain('CmdErr')} >&2; exit 3\n`,
    )
    execFileSync('chmod', ['700', failing])
    for (const text of [
      `[database]\nsql_alchemy_conn_cmd = ${failing}\n`,
      `[database]\nsql_alchemy_conn = postgresql://u:${plain('Cfg')}@127.0.0.1:1/x\n`,
      `[database\n${plain('CfgLine')}\nsql_alchemy_conn = %(${plain('CfgReference')}`,
    ]) {
      config(text)
      expectDone(await tryOut(hub, {}, 'airflow-db', '--airflow-home', 'airflow'), [1])
    }
    place('settings/dags')
    source(
      join(hub, 'dags/dag.py'),
      `PASSWORD = "${plain('Dag')}"\nBaseHook.get_connection("dotenv_json", "${plain('DagArgument')}\n`,
    )
    const map = source(join(hub, 'map.yaml'), `dotenv_json: [${plain('Map')}\n  "${plain('MapQuote')}`)
    const pem = source(join(hub, 'ca.pem'), `-----BEGIN CERTIFICATE-----\n${plain('Pem')}\n-----END CERTIFICATE-----\n`)
    const lines = source(join(hub, 'token-lines'), `${plain('TokenOne')}\n${plain('TokenTwo')}\u0001\n`)
    const refused = source(join(hub, 'token-refused'), plain('Token'))
    expectDone(await tryOut(hub, {}, 'env-file', '.env', '--dags', 'dags'))
    expectDone(await tryOut(hub, {}, 'env-file', '.env', '--project-map', map), [1, 2])
    for (const words of [
      ['--from-token-file', refused],
      ['--from-token-file', lines],
      ['--from-token-file', refused, '--from-ca-cert', pem],
    ]) {
      const address = words.length > 2 ? oldVault().address.replace('http:', 'https:') : oldVault().address
      expectDone(await tryOut(hub, {}, 'vault', '--mount', 'old', '--from-address', address, ...words), [1])
    }
    source(join(hub, 'plenum.yaml'), `version: 1\nhub: x\nprojects: { a: { variables: { token: ${plain('Hub')} } }\n`)
    expectDone(await tryOut(hub, {}, 'env-file', '.env'), [1])
    source(join(hub, 'file'), plain('StoreFile'))
    const store = plantedHub('no-store')
    source(join(store, '.plenum'), plain('NoFolder'))
    const ran = await plenum({ hub: store }, 'import', 'env-file', '.env', '--yes', '--debug', '--port', '0')
    expectDone(ran, [1])
    expect(ran.errors).toContain('.plenum')
  })

  it.concurrent('two values under one name, and another value in Vault', async () => {
    const hub = place('differing')
    const write = (name: string, value: string): string =>
      source(
        join(hub, name),
        `AIRFLOW_VAR_DIFFERING=${value}\nDIFFERING_TOKEN=${value}\nAIRFLOW_CONN_DIFFERING=${JSON.stringify(JSON.stringify({ conn_type: 'http', password: value }))}\n`,
      )
    const compose = source(
      join(hub, 'compose.yaml'),
      `services: { a: { environment: { DIFFERING_TOKEN: ${plain('DiffCompose')}, AIRFLOW_VAR_DIFFERING: ${plain('DiffCompose')} } } }\n`,
    )
    write('.env', plain('DiffFirst'))
    write('.env.two', plain('DiffSecond'))
    expect(compose).not.toBe('')
    expectDone(await tryOut(hub, {}, 'folder', '.', '--all'), [1])
    expectDone(await tryOut(hub, {}, 'folder', '.', '--prefer', 'compose', '--json'))
    const vault = await newVault()
    const bring = (...words: readonly string[]): Promise<Ran> =>
      plenum({ hub, env: inVault(vault) }, 'import', 'env-file', '.env', '--name', 'differing', '--debug', ...words)
    expectDone(await bring('--yes'), [0])
    write('.env', plain('DiffThird'))
    const inThe = 'airflow/variables/differing'
    await writeSecret(vault.client, 'secret', inThe, sensitive({ value: plain('DiffVault') }), 1)
    expectDone(await bring('--check'), [1])
    expectDone(await bring('--finish', '--yes'), [1])
    expectDone(await bring('--yes', '--json'))
    expectDone(await bring('--overwrite', '--yes'), [0])
  })
})

/** Wants a password in clear, and says it in its refusal. Gives the port. */
async function startEchoingPostgres(): Promise<number> {
  const message = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(5)
    head.write(type)
    head.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([head, body])
  }
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      if (chunk.length === 8 && chunk.readInt32BE(4) === 80_877_103) socket.write('N')
      else if (chunk[0] === 0x70) {
        const said = `refused ${chunk.subarray(5).toString()}`
        socket.end(message('E', Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${said}\0D${said}\0\0`)))
      } else socket.write(message('R', Buffer.from([0, 0, 0, 3])))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

it('S35: holds no planted value: what was said, written, removed and handed on', () => {
  expect(leaks()).toEqual([])
})
