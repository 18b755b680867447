/**
 * Bringing a whole Airflow in: `plenum import airflow-db` of connections and variables from PostgreSQL, Fernet-encrypted,
 * into the embedded server, into a server behind a delay, and into an OpenBao or Vault when its binary is on PATH.
 *
 * Beside each the same requests without Plenum (`bare-requests.mjs`), on a server of the same kind that is as empty: how
 * far the command is from what the server alone costs. The phases are read off what the command prints as it goes.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { delayingProxy } from './delaying-proxy.mjs'
import { airflowDatabase } from './postgres.mjs'
import { call, cpuOf, freePort, plenumServer, realVault } from './servers.mjs'

const here = import.meta.dirname
const DELAY_MS = 30
/** Of the bare requests: what is seen to be enough. */
const CONNECTIONS = { near: 32, far: 128 }

export async function importing({ quick, objects = quick ? 300 : 10_000, only = '', print, note }) {
  const database = await airflowDatabase({ connections: objects, variables: objects })
  const total = 2 * objects
  const passes = []
  const size = total.toLocaleString('en')
  try {
    print(header(`import of ${size} objects, s`, COLUMNS))
    for (const [name, measure] of Object.entries(MEASURES)) {
      if (!name.includes(only)) continue
      note(`import of ${total} objects: ${name} ...`)
      const row = await measure({ database, total, passes })
      if (row === undefined) note('neither `bao` nor `vault` is on PATH: measuring without one')
      else print(line(row.name ?? name, COLUMNS, row, total))
    }
    if (passes.length > 0) print(header(`a pass over ${size} objects that changes nothing`, PASS_COLUMNS))
    for (const { name, ...row } of passes) print(line(name, PASS_COLUMNS, row, total))
  } finally {
    await database.stop()
  }
}

const header = (first, columns) =>
  `\n| ${first} | ${columns.map(([title]) => title).join(' | ')} |\n|---|${'---|'.repeat(columns.length)}`
const line = (name, columns, row, total) => `| ${name} | ${columns.map(([, cell]) => cell(row, total)).join(' | ')} |`

const seconds = (value) => (value === undefined || Number.isNaN(value) ? '-' : value.toFixed(1))
const CPU = ['CPU of the command', ({ usage }) => seconds(usage.cpuSeconds)]
const PEAK = ['its peak, MB', ({ usage }) => usage.peakMegabytes.toFixed(0)]
const COLUMNS = [
  ['whole', ({ whole }) => seconds(whole)],
  ['read source', ({ phases }) => seconds(phases.source)],
  ['plan', ({ phases }) => seconds(phases.plan)],
  ['apply', ({ phases }) => seconds(phases.apply)],
  ['prove', ({ phases }) => seconds(phases.prove)],
  ['requests per object', ({ requests }, total) => (requests === undefined ? '-' : (requests / total).toFixed(2))],
  CPU,
  ['CPU of the server', ({ serverCpu }) => seconds(serverCpu)],
  PEAK,
  [
    'bare writes + reads',
    ({ bare }) => (bare === undefined ? '-' : `${seconds(bare.writes)} + ${seconds(bare.reads)}`),
  ],
  ['whole / bare', ({ whole, bare }) => (bare === undefined ? '-' : (whole / (bare.writes + bare.reads)).toFixed(2))],
]
const PASS_COLUMNS = [['whole, s', ({ whole }) => seconds(whole)], CPU, PEAK]

/** Commands that find everything in place, on the running embedded server: name to arguments. */
const PASSES = {
  'plenum import, again': (source) => importArguments(source),
}

/** What is measured, by its name. To add one: what comes back is a row, or undefined where it cannot be measured here. */
const MEASURES = {
  'embedded, started by the import': ({ database }) =>
    inFolder(async (folder) => importOf(database, folder, ['--port', `${await freePort()}`])),
  'embedded, running': ({ database, total, passes }) =>
    inFolder(async (folder) => {
      declare(folder, 'embedded')
      await plenum(folder, ['up', '--detach', '--yes', '--port', `${await freePort()}`])
      try {
        const row = await importOf(database, folder, [])
        for (const [name, argumentsOf] of Object.entries(PASSES)) {
          const { seconds: whole, usage } = await plenum(folder, argumentsOf(sourceIn(folder, database)))
          passes.push({ name, whole, usage })
        }
        return { ...row, bare: await bareOn(await plenumServer(), total, 0) }
      } finally {
        await plenum(folder, ['down'])
      }
    }),
  [`Plenum's server, ${DELAY_MS} ms away`]: async ({ database, total }) =>
    remote(database, plenumServer, total, DELAY_MS),
  real: async ({ database, total }) => remote(database, realVault, total, 0),
  'real, away': async ({ database, total }) => remote(database, realVault, total, DELAY_MS),
}

/** On a server that is started twice: once for the import, once for the bare requests. */
async function remote(database, start, total, delayMs) {
  const server = await start()
  if (server === undefined) return undefined
  try {
    const row = await inFolder((folder) => throughProxy(database, folder, server, delayMs))
    const name = delayMs === 0 ? server.name : `${server.name}, ${delayMs} ms away`
    return { ...row, name, bare: await bareOn(await start(), total, delayMs) }
  } finally {
    await server.stop()
  }
}

async function throughProxy(database, folder, server, delayMs) {
  const proxy = await delayingProxy(server.address, delayMs)
  try {
    declare(folder, `{ address: "${proxy.address}" }`)
    const before = cpuOf(server.pid)
    const row = await importOf(database, folder, [], { VAULT_TOKEN: server.token })
    return { ...row, requests: proxy.answers(), serverCpu: cpuOf(server.pid) - before }
  } finally {
    await proxy.close()
  }
}

async function bareOn(server, total, delayMs) {
  const proxy = delayMs === 0 ? undefined : await delayingProxy(server.address, delayMs)
  try {
    await call(server, 'POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    const asked = {
      address: proxy?.address ?? server.address,
      token: server.token,
      objects: total,
      connections: delayMs === 0 ? CONNECTIONS.near : CONNECTIONS.far,
    }
    const { out } = await ended(spawn(process.execPath, [join(here, 'bare-requests.mjs'), JSON.stringify(asked)]))
    return JSON.parse(out)
  } finally {
    await proxy?.close()
    await server.stop()
  }
}

function declare(folder, vault) {
  writeFileSync(
    join(folder, 'plenum.yaml'),
    `version: 1\nhub: bench\nairflow: { version: "3.3", provider: "4.8" }\nenvironments:\n  dev: { vault: ${vault} }\nprojects: { one: { variables: { one_greeting: hello } } }\n`,
  )
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-import-'))
  mkdirSync(join(folder, 'home'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The database, with its key in a file. */
function sourceIn(folder, { dsn, fernetKey }) {
  const keyFile = join(folder, 'home/fernet.key')
  writeFileSync(keyFile, fernetKey, { mode: 0o600 })
  return { dsn, keyFile }
}

function importArguments({ dsn, keyFile }) {
  return ['import', 'airflow-db', '--dsn', dsn, '--fernet-key-file', keyFile, '--yes']
}

async function importOf(database, folder, args, env = {}) {
  const whole = [...importArguments(sourceIn(folder, database)), ...args]
  const { seconds: took, usage, firstErr, firstOut, declared } = await plenum(folder, whole, env)
  return {
    whole: took,
    usage,
    phases: { source: firstErr, plan: firstOut - firstErr, apply: declared - firstOut, prove: took - declared },
  }
}

/** Runs the command in a folder and tells how long it took, what it used, and when it said what. */
async function plenum(folder, args, env = {}) {
  const usageFile = join(folder, 'home/usage.json')
  const preload = ['--import', pathToFileURL(join(here, 'usage.mjs')).href]
  const began = performance.now()
  const since = () => (performance.now() - began) / 1000
  /** For profiles: `BENCH_NODE_OPTIONS=--cpu-prof`. */
  const options = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []
  const child = spawn(
    process.execPath,
    [...options, ...preload, join(here, '../dist/cli/main.js'), ...args, '--hub', folder],
    { env: { PATH: process.env.PATH, HOME: join(folder, 'home'), BENCH_USAGE: usageFile, ...env } },
  )
  let firstErr
  let firstOut
  let declared
  child.stderr.on('data', (chunk) => {
    firstErr ??= since()
    if (/^(?:wrote|declared in) /m.test(chunk)) declared ??= since()
  })
  child.stdout.on('data', () => (firstOut ??= since()))
  const { errors, status } = await ended(child)
  const took = since()
  if (status !== 0) throw new Error(`plenum ${args[0]}: exit ${status}: ${errors.slice(-4000)}`)
  return { seconds: took, firstErr, firstOut, declared, usage: JSON.parse(readFileSync(usageFile, 'utf8')) }
}

function ended(child) {
  return new Promise((resolve, reject) => {
    let out = ''
    let errors = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (errors += chunk))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, out, errors }))
  })
}
