/**
 * One load: the same request again and again over 32 kept-alive connections, for some seconds, from another process.
 * `wrk` where it is on PATH (it costs least), else a Node process with an undici Pool.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const CONNECTIONS = 32
export const hasWrk = spawnSync('wrk', ['--version']).error === undefined

/**
 * @param {{ url: string, method?: string, headers?: Record<string, string>, body?: string, spread?: number }} request
 *   `spread`: `{n}` in the URL's path runs through this many numbers.
 * @returns {Promise<{ perSecond: number, p99Ms: number, bad: number }>}
 */
export function load(request, seconds) {
  return hasWrk ? loadWithWrk(request, seconds) : loadWithNode(request, seconds)
}

async function loadWithWrk({ url, method = 'GET', headers = {}, body, spread = 1 }, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
  const script = join(folder, 'request.lua')
  const { pathname, search } = new URL(url)
  writeFileSync(
    script,
    `local n = 0
wrk.method = ${lua(method)}
${Object.entries({ ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) })
  .map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`)
  .join('\n')}
${body === undefined ? '' : `wrk.body = ${lua(body)}`}
local path = ${lua(decodeURI(pathname) + search)}
request = function()
  n = (n + 1) % ${spread}
  return wrk.format(nil, (path:gsub("{n}", tostring(n))))
end
done = function(summary, latency)
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.connect))
end
`,
  )
  const { out, errors } = await output('wrk', [
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '--latency',
    '-s',
    script,
    new URL(url).origin,
  ])
  rmSync(folder, { recursive: true, force: true })
  const found = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(out)
  if (found === null) throw new Error(`wrk said: ${out}${errors}`)
  const [requests, microseconds, p99, bad] = found.slice(1).map(Number)
  return { perSecond: requests / (microseconds / 1e6), p99Ms: p99 / 1000, bad }
}

async function loadWithNode(request, seconds) {
  const { out, errors } = await output(process.execPath, [
    join(import.meta.dirname, 'load-process.mjs'),
    JSON.stringify({ ...request, seconds, connections: CONNECTIONS }),
  ])
  try {
    return JSON.parse(out)
  } catch (error) {
    throw new Error(`the load process said: ${out}${errors}`, { cause: error })
  }
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let errors = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.once('error', reject)
    child.once('close', () => resolve({ out, errors }))
  })
}

function lua(text) {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
}
