/** Bulk work and start-up: `plenum plan` and `plenum apply` of many objects, and the time to the first answer. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryOf, plenumServer } from './servers.mjs'

export async function bulk({ quick, print, note }) {
  const objects = quick ? 1000 : 10_000
  const server = await plenumServer()
  const empty = await median3(() => server.restart())
  const hub = mkdtempSync(join(tmpdir(), 'plenum-bench-hub-'))
  mkdirSync(join(hub, 'home'))
  const variables = Array.from({ length: objects }, (_, index) => `      v${index}: "value ${index}"`).join('\n')
  const declare = () =>
    writeFileSync(
      join(hub, 'plenum.yaml'),
      `version: 1\nhub: bench\nairflow: { version: "3.3", provider: "4.8" }\nenvironments:\n  dev: { vault: { address: "${server.address}" } }\nprojects:\n  one:\n    variables:\n${variables}\n`,
    )
  const plenum = (...args) => {
    const began = performance.now()
    const ran = spawnSync(process.execPath, [join(import.meta.dirname, '../dist/cli/main.js'), ...args, '--hub', hub], {
      env: { PATH: process.env.PATH, HOME: join(hub, 'home'), VAULT_TOKEN: server.token },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    if (ran.status !== 0) throw new Error(`plenum ${args.join(' ')}: exit ${ran.status}: ${ran.stderr}`)
    return (performance.now() - began) / 1000
  }
  note(`plan and apply of ${objects} objects ...`)
  declare()
  const rows = [
    ['first plan', plenum('plan')],
    ['first apply', plenum('apply', '--yes')],
    ['second plan (no changes)', plenum('plan')],
    ['second apply (no changes)', plenum('apply', '--yes')],
  ]
  const full = await median3(() => server.restart())
  const memory = memoryOf(server.pid)
  await server.stop()
  rmSync(hub, { recursive: true, force: true })

  print(`\n| ${objects.toLocaleString('en')} objects, whole command | s |\n|---|---|`)
  for (const [name, seconds] of rows) print(`| ${name} | ${seconds.toFixed(1)} |`)
  print(
    `\n| start to first answer, ms | |\n|---|---|\n| empty store | ${empty.toFixed(0)} |\n| ${objects.toLocaleString('en')} secrets stored | ${full.toFixed(0)} |\n| memory just after, MB: own + mapped files | ${memory.own.toFixed(0)} + ${memory.mapped.toFixed(0)} |`,
  )
}

async function median3(measure) {
  const values = [await measure(), await measure(), await measure()]
  return values.toSorted((a, b) => a - b)[1]
}
