/**
 * The servers that are measured side by side, each a process of its own with one interface: Plenum's embedded server
 * (LMDB), a bare node:http server, and an OpenBao or Vault on raft when its binary is on PATH; one audit file on but for the
 * bare one.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname

/** @typedef {{ name: string, address: string, token: string, pid: number, stop(): Promise<void>, restart?(): Promise<number> }} Server */

export async function call(server, method, path, body) {
  const answer = await fetch(`${server.address}/v1/${path}`, {
    method,
    headers: { 'X-Vault-Token': server.token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${server.name}: ${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

/**
 * Resident memory in MB, of Linux's own accounting: `own`, and `mapped`, the pages of mapped files (binaries, and the
 * store's), which the kernel takes back when it needs them. NaN where there is no such accounting.
 */
export function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const megabytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
    return { own: megabytes('RssAnon'), mapped: megabytes('RssFile') }
  } catch (error) {
    if (error.code === 'ENOENT') return { own: Number.NaN, mapped: Number.NaN }
    throw error
  }
}

/** CPU that a process has used so far, in seconds. NaN where Linux's own accounting is missing. */
export function cpuOf(pid) {
  try {
    const [, fields] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    const [user, system] = fields.split(' ').slice(11, 13).map(Number)
    return (user + system) / TICKS
  } catch (error) {
    if (error.code === 'ENOENT') return Number.NaN
    throw error
  }
}
/** Of the kernel's accounting, in a second. */
const TICKS = 100

function started(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let said = ''
  const collect = (chunk) => {
    said = (said + chunk).slice(-20_000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const gone = new Promise((resolve) => child.once('close', resolve))
  return {
    child,
    said: () => said,
    stop: async () => {
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(force)
    },
  }
}

async function until(what, check, running) {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    const found = await check()
    if (found !== undefined) return found
    if (running.child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${what} did not start: ${running.said()}`)
}

export async function bareNode() {
  const running = started(process.execPath, [join(here, 'bare-process.mjs')])
  const address = await until('bare node:http', () => /http:\S+/.exec(running.said())?.[0], running)
  return { name: 'bare node:http', address, token: 'bench-token', pid: running.child.pid, stop: running.stop }
}

/** Also tells how long it took from spawning to the first answer. */
export async function plenumServer() {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
  const boot = async () => {
    const began = performance.now()
    const running = started(process.execPath, [join(here, 'plenum-process.mjs'), folder])
    const address = await until('plenum', () => /http:\S+/.exec(running.said())?.[0], running)
    await fetch(`${address}/v1/sys/health`)
    return { running, address, ms: performance.now() - began }
  }
  let life = await boot()
  const { token } = JSON.parse(readFileSync(join(folder, 'key.json'), 'utf8'))
  const server = {
    name: 'Plenum',
    address: life.address,
    token,
    pid: life.running.child.pid,
    async stop() {
      await life.running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
    async restart() {
      await life.running.stop()
      life = await boot()
      server.address = life.address
      server.pid = life.running.child.pid
      return life.ms
    },
  }
  await auditInto(server, folder)
  return server
}

/** `undefined` when neither `bao` nor `vault` is on PATH. */
export async function realVault() {
  const binary = ['bao', 'vault'].find((name) => spawnSync(name, ['version']).status === 0)
  if (binary === undefined) return undefined
  const version = spawnSync(binary, ['version'], { encoding: 'utf8' })
    .stdout.trim()
    .split(/[\s(]+/)
    .slice(0, 2)
    .join(' ')
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-raft-'))
  const [port, clusterPort] = [await freePort(), await freePort()]
  const address = `http://127.0.0.1:${port}`
  mkdirSync(join(folder, 'raft'))
  writeFileSync(
    join(folder, 'config.hcl'),
    `storage "raft" {
  path = "${folder}/raft"
  node_id = "bench"
}
listener "tcp" {
  address = "127.0.0.1:${port}"
  tls_disable = true
}
api_addr = "${address}"
cluster_addr = "http://127.0.0.1:${clusterPort}"
disable_mlock = true
log_level = "error"
${binary === 'bao' ? 'unsafe_allow_api_audit_creation = true' : ''}
`,
  )
  const running = started(binary, ['server', `-config=${join(folder, 'config.hcl')}`])
  const server = {
    name: `${version} (raft)`,
    address,
    token: '',
    pid: running.child.pid,
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  const answers = async () => {
    try {
      return (await fetch(`${address}/v1/sys/init`)).ok ? true : undefined
    } catch (error) {
      // Not listening yet.
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
  await until(binary, answers, running)
  const { keys, root_token: token } = await call(server, 'PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
  await call(server, 'PUT', 'sys/unseal', { key: keys[0] })
  server.token = token
  await until(
    `${binary} as active node`,
    async () => ((await fetch(`${address}/v1/sys/health`)).status === 200 ? true : undefined),
    running,
  )
  await auditInto(server, folder)
  return server
}

/** One audit file on each server that is measured: hashing and writing it is a part of every request. */
function auditInto(server, folder) {
  return call(server, 'PUT', 'sys/audit/file', { type: 'file', options: { file_path: join(folder, 'audit.log') } })
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
