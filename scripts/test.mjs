/**
 * `npm test`: does all its own set-up, runs every check and suite, and ends with their sum.
 *
 *   npm test                 everything
 *   npm test -- unit         only the named parts (types, lint, format, dead, unit, integration, interop, airflow, node)
 *
 * A check (types, lint, ...) counts as one. What is skipped for want of a tool says which tool.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makePythonEnvironments } from './python.mjs'
import { build, cache, checkNode, installDependencies, root, run } from './setup.mjs'

/** A Node line that is still supported upstream, run beside the one at hand. The npm package carries the binary. */
const SUPPORTED_NODE = '24'

/**
 * What the second Node is not asked, because its answer cannot be another one:
 * - kills, outages and damage: what survives one is up to LMDB, the same native library under both, and to the order of requests;
 * - what the kernel refuses: a full disk, files of other users;
 * - every version of Airflow's tables on every database: SQL through drivers in plain JavaScript. That the drivers connect
 *   is asked by `airflow-db-tls` (PostgreSQL, MariaDB) and `import` (SQLite);
 * - names and fields in great numbers: texts, in plain JavaScript.
 * All else runs on both: servers, TLS, commands with all that they print, the published package.
 */
const NOT_TWICE = [
  'apply-kill',
  'server-kill',
  'snapshot-kill',
  'soak',
  'store-damage',
  'store-kill',
  'sync-kill',
  'sync-outages',
  'import-vault',
  'import-finish',
  'machine-limits',
  'store-limits',
  'airflow-db',
  'airflow-db-server',
  'airflow-db-sqlite',
  'names-fuzz',
  'security-canaries',
]

const sum = { passed: 0, failed: 0, skipped: 0 }
const wanted = new Set(process.argv.slice(2))

checkNode()
installDependencies()
build()

await check('types', 'tsc', ['typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'])
await check('lint', 'oxlint', ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings'])
await check('format', 'biome', ['@biomejs/biome/bin/biome', 'format', '.'])
await check('dead', 'knip', ['knip/bin/knip.js'])
await suite('unit', process.execPath, 'unit')
await suite('integration', process.execPath, 'integration')
const problem = isWanted('airflow') || isWanted('interop') ? await makePythonEnvironments() : undefined
// Without Python, the cases of hvac alone are skipped.
if (problem !== undefined && isWanted('interop')) process.stdout.write(`no hvac: ${problem}\n`)
await suite('interop', process.execPath, 'interop')
if (isWanted('airflow')) {
  if (problem === undefined) await suite('airflow', process.execPath, 'airflow')
  else skip('airflow', problem)
}
await supportedNode()

process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`)
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0

function isWanted(part) {
  return wanted.size === 0 || wanted.has(part)
}

async function check(part, tool, [script, ...args]) {
  if (!isWanted(part)) return
  const { status, output } = await execute(process.execPath, [join(root, 'node_modules', script), ...args])
  if (status === 0) {
    sum.passed += 1
    process.stdout.write(`ok    ${part} (${tool})\n`)
    return
  }
  sum.failed += 1
  process.stdout.write(`${output}\nFAIL  ${part} (${tool})\n`)
}

/** One vitest project, on one Node. Its own counts are read from its JSON report, not from what it prints. */
async function suite(part, node, project, without = []) {
  if (!isWanted(part)) return
  const report = join(cache, 'reports', `${part}.json`)
  mkdirSync(join(cache, 'reports'), { recursive: true })
  rmSync(report, { force: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [
    vitest,
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...without.flatMap((name) => ['--exclude', `**/${name}.test.ts`]),
  ]
  const { status } = await execute(node, args, 'show')
  if (!existsSync(report)) {
    sum.failed += 1
    process.stdout.write(`FAIL  ${part}: the runner ended with ${status} and wrote no report\n`)
    return
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  // A file that fails before its first test is a failure of its own; so is a runner that ends badly with all tests green.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length
  const failed = numFailedTests + broken
  sum.passed += numPassedTests
  sum.failed += failed === 0 && status !== 0 ? 1 : failed
  sum.skipped += numPendingTests + numTodoTests
  process.stdout.write(
    `${failed === 0 && status === 0 ? 'ok   ' : 'FAIL '} ${part}: ${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped\n`,
  )
}

/** Unit and integration suites again, but for `NOT_TWICE`, on the supported line, when its package can be had for this platform. */
async function supportedNode() {
  if (!isWanted('node')) return
  if (process.versions.node.startsWith(`${SUPPORTED_NODE}.`)) {
    skip('node', `this already is Node ${SUPPORTED_NODE}`)
    return
  }
  const name = `node-${process.platform}-${process.arch}`
  const folder = join(cache, `node-${SUPPORTED_NODE}`)
  const binary = join(folder, 'node_modules', name, 'bin', 'node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    const { status } = await execute('npm', [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--loglevel=error',
      '--prefix',
      folder,
      `${name}@${SUPPORTED_NODE}`,
    ])
    if (status !== 0 || !existsSync(binary)) {
      skip('node', `the package ${name}@${SUPPORTED_NODE} cannot be installed here`)
      return
    }
  }
  const version = run(binary, ['--version']).stdout.trim()
  process.stdout.write(`the suites again on Node ${version}\n`)
  await suite(`node`, binary, 'unit')
  const known = readdirSync(join(root, 'test/integration'))
  const gone = NOT_TWICE.filter((name) => !known.includes(`${name}.test.ts`))
  if (gone.length > 0) throw new Error(`scripts/test.mjs names tests that are not there: ${gone.join(', ')}`)
  await suite(`node`, binary, 'integration', NOT_TWICE)
}

function skip(part, reason) {
  sum.skipped += 1
  process.stdout.write(`skip  ${part}: ${reason}\n`)
}

function execute(command, args, mode = 'collect') {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: mode === 'show' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', (error) => resolve({ status: 1, output: error.message }))
    child.on('close', (status) => resolve({ status, output }))
  })
}
