/**
 * What `npm start`, `npm test` and `npm run bench` need before anything else: dependencies and a build, made only when
 * what they are made from has changed. Plain JavaScript with nothing installed: it runs in a fresh clone.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const cache = join(root, '.cache')

const OLDEST_NODE = [20, 19]

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  process.stderr.write(`plenum needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}\n`)
  process.exit(1)
}

/** Runs a command; on failure shows what it printed and ends. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options })
  if (result.status === 0) return result
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
  process.stderr.write(
    `${[command, ...args].join(' ')}: ${result.error?.message ?? `exit ${result.status ?? result.signal}`}\n`,
  )
  process.exit(1)
}

function stampPath(name) {
  return join(cache, `${name}.stamp`)
}
function isFresh(name, digest) {
  return existsSync(stampPath(name)) && readFileSync(stampPath(name), 'utf8') === digest
}
function markFresh(name, digest) {
  mkdirSync(cache, { recursive: true })
  writeFileSync(stampPath(name), digest)
}

export function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(join(root, 'node_modules')) && isFresh('dependencies', lock)) return
  process.stderr.write('installing dependencies (once) ...\n')
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  markFresh('dependencies', lock)
}

/** Every file below a folder, sorted. */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

export function build() {
  const digest = createHash('sha256')
  const sources = filesBelow(join(root, 'src')).filter((file) => !file.endsWith('.test.ts'))
  for (const file of [...sources, join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json')]) {
    digest.update(file.slice(root.length)).update(readFileSync(file))
  }
  const stamp = digest.digest('hex')
  if (existsSync(join(root, 'dist')) && isFresh('build', stamp)) return
  process.stderr.write('building ...\n')
  // Beside the old one and then in its place: a `plenum` that runs meanwhile loads modules when it needs them.
  const fresh = join(cache, 'dist')
  rmSync(fresh, { recursive: true, force: true })
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', fresh])
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  renameSync(fresh, join(root, 'dist'))
  markFresh('build', stamp)
}
