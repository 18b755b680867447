/**
 * `plenum sync` of many rows from PostgreSQL, Fernet-encrypted: the first pass into an empty Vault, a full pass of a new
 * process, and the passes that find nothing changed, which are nearly all. Beside these the bare cost of the same two
 * queries, by the same driver in a process that does nothing else.
 *
 * The time of a pass is the command's own (`/metrics`); its memory is the kernel's.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { airflowDatabase } from './postgres.mjs'
import { freePort, realVault } from './servers.mjs'

const main = join(import.meta.dirname, '../dist/cli/main.js')
const INTERVAL_MS = 500

export async function syncing({ quick, objects = quick ? 500 : 10_000, print, note }) {
  const passes = quick ? 5 : 15
  const database = await airflowDatabase({ connections: objects, variables: objects })
  print(
    `\n| sync of ${(2 * objects).toLocaleString('en')} rows | first pass, s | full pass of a new process, s | pass without a change, ms | bare queries, ms | ratio | resident, MB | peak, MB |`,
  )
  print('|---|---|---|---|---|---|---|---|')
  try {
    const bare = median(await bareQueries(database.dsn, passes))
    for (const measure of [embedded, real]) {
      note(`sync of ${2 * objects} rows: ${measure.name} ...`)
      const row = await measure(database, passes)
      if (row === undefined) note('neither `bao` nor `vault` is on PATH: measuring without one')
      else {
        const { name, first, full, unchanged, resident, peak } = row
        const ratio = (unchanged / bare).toFixed(2)
        print(
          `| ${name} | ${first.toFixed(1)} | ${full.toFixed(1)} | ${unchanged.toFixed(0)} | ${bare.toFixed(0)} | ${ratio} | ${resident.toFixed(0)} | ${peak.toFixed(0)} |`,
        )
      }
    }
  } finally {
    await database.stop()
  }
}

async function embedded(database, passes) {
  const folder = hubFolder('embedded')
  try {
    await plenum(folder, ['up', '--detach', '--yes', '--port', `${await freePort()}`])
    return { name: 'embedded', ...(await followed(folder, database, passes)) }
  } finally {
    await plenum(folder, ['down'])
    rmSync(folder, { recursive: true, force: true })
  }
}

async function real(database, passes) {
  const server = await realVault()
  if (server === undefined) return undefined
  const folder = hubFolder(`{ address: "${server.address}" }`)
  try {
    await plenum(folder, ['up', '--yes'], { VAULT_TOKEN: server.token })
    return { name: server.name, ...(await followed(folder, database, passes)) }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function followed(folder, { dsn, fernetKey }, passes) {
  const keyFile = join(folder, 'home/fernet.key')
  writeFileSync(keyFile, fernetKey, { mode: 0o600 })
  const source = ['sync', '--dsn', dsn, '--fernet-key-file', keyFile]
  const first = await plenum(folder, [...source, '--once', '-q'])
  const full = await plenum(folder, [...source, '--once', '-q'])
  const port = await freePort()
  const child = start(folder, [...source, '--interval', `${INTERVAL_MS}ms`, '--listen', `127.0.0.1:${port}`])
  try {
    const times = []
    for (let before = await passesSeen(port); times.length < passes; ) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS / 4))
      const now = await passesSeen(port)
      if (now.changes > (before?.changes ?? 0)) times.push(now.ms)
      before = now ?? before
    }
    return { first, full, unchanged: median(times), ...memoryOf(child.pid) }
  } finally {
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  }
}

/** Undefined until it listens. */
async function passesSeen(port) {
  let text
  try {
    text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  } catch (error) {
    if (error.cause?.code !== 'ECONNREFUSED') throw error
    return { changes: 0, ms: 0 }
  }
  const value = (name) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.split(' ')
        .at(-1),
    )
  return {
    changes: value('plenum_sync_passes_total{kind="changes"}'),
    ms: 1000 * value('plenum_sync_last_pass_seconds'),
  }
}

function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]) / 1024
  return { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}

async function bareQueries(dsn, times) {
  const client = new pg.Client({ connectionString: dsn })
  await client.connect()
  const took = []
  for (let n = 0; n < times; n += 1) {
    const began = performance.now()
    await client.query('SELECT * FROM connection ORDER BY id')
    await client.query('SELECT * FROM variable ORDER BY id')
    took.push(performance.now() - began)
  }
  await client.end()
  return took
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function hubFolder(vault) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-sync-'))
  mkdirSync(join(folder, 'home'))
  writeFileSync(
    join(folder, 'plenum.yaml'),
    `version: 1\nhub: bench\nairflow: { version: "3.3", provider: "4.8" }\nenvironments:\n  dev: { vault: ${vault} }\nprojects: { one: { variables: { one_greeting: hello } } }\n`,
  )
  return folder
}

function start(folder, args, env = {}) {
  return spawn(process.execPath, [main, ...args, '--hub', folder], {
    env: { PATH: process.env.PATH, HOME: join(folder, 'home'), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** How long the command took, in s. */
async function plenum(folder, args, env) {
  const began = performance.now()
  const child = start(folder, args, env)
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  const status = await new Promise((resolve) => child.once('close', resolve))
  if (status !== 0) throw new Error(`plenum ${args[0]}: exit ${status}: ${errors.slice(-2000)}`)
  return (performance.now() - began) / 1000
}
