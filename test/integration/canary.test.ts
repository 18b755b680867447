/**
 * Invariant 1: no secret value anywhere but the encrypted store and what the user asked to be written. Plants values,
 * uses every command, also wrongly, and searches all that was said, written and left behind.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { searchFolder, searchFor } from './canary.case.ts'

const work = mkdtempSync(join(tmpdir(), 'plenum-canary-'))
const hub = join(work, 'hub')
const main = join(import.meta.dirname, '../../dist/cli/main.js')
const said: string[] = []

afterAll(() => rmSync(work, { recursive: true, force: true }))

const CANARIES = {
  BROKER_PASSWORD: 'canary-Pa55 "quoted" w/ord%41',
  EXTRA_TOKEN: 'canary-extra-t0ken',
  VARIABLE: 'canary-variable-value',
  PROJECT: 'canary-project-secret\nsecond line',
}
const search = searchFor(Object.values(CANARIES))

const manifest = (more = ''): string => `version: 1
hub: canary
airflow: { version: "3.3", provider: "4.8" }
environments:
  dev: { vault: embedded }
projects:
  one:
    connections:
      broker:
        conn_type: http
        host: broker.example.com
        password: { env: BROKER_PASSWORD }
        extra: { api_token: { env: EXTRA_TOKEN }, other: 1 }
    variables:
      feed_token: { env: VARIABLE }
    secrets:
      keys: { main: { env: PROJECT } }
${more}`

function plenum(
  args: readonly string[],
  env: Record<string, string> = CANARIES,
  stopWhen?: RegExp,
): Promise<number | null> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: hub,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: join(work, 'home'),
      XDG_CONFIG_HOME: join(work, 'home/.config'),
      TMPDIR: join(work, 'tmp'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let all = ''
  let stopping = false
  const collect = (chunk: Buffer): void => {
    all += chunk.toString()
    // Once: a second one asks to leave at once.
    if (stopping || stopWhen?.test(all) !== true) return
    stopping = true
    child.kill('SIGINT')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((resolve) => {
    child.once('close', (status) => {
      said.push(`$ plenum ${args.join(' ')}\n${all}`)
      resolve(status)
    })
  })
}

describe('canaries', () => {
  it('are found by this search when they are there', () => {
    for (const value of Object.values(CANARIES)) {
      for (const before of ['', '.', '..']) {
        const text = `${before}${value} b`
        for (const form of ['base64', 'base64url', 'hex', 'utf8'] as const)
          expect(search('x', Buffer.from(text).toString(form)), form).not.toEqual([])
        for (const form of [encodeURIComponent(text), JSON.stringify(text), JSON.stringify(JSON.stringify(text))])
          expect(search('x', form)).not.toEqual([])
        expect(search('x', Buffer.from(text, 'utf16le'))).not.toEqual([])
      }
    }
    expect(search('x', 'canary')).toEqual([])
  })

  it('S35: appear in no output, log, audit file, temporary file or setting', async () => {
    for (const folder of [hub, join(work, 'home'), join(work, 'tmp')]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(hub, 'plenum.yaml'), manifest())
    expect(await plenum(['up', '--detach', '--port', '0'])).toBe(0)
    const changed = { ...CANARIES, EXTRA_TOKEN: `${CANARIES.EXTRA_TOKEN}-2` }
    for (const flags of [[], ['--json']]) {
      expect(await plenum(['plan', ...flags], changed)).toBe(0)
      expect(await plenum(['verify', ...flags])).toBe(0)
      expect(await plenum(['airflow', 'config', ...flags])).toBe(0)
    }
    for (const format of ['cfg', 'json', 'compose']) expect(await plenum(['airflow', 'config', format])).toBe(0)
    expect(await plenum(['apply', '--yes'], changed)).toBe(0)
    // What goes wrong must not tell either.
    expect(await plenum(['apply', '--yes', '--debug'], { ...CANARIES, VAULT_TOKEN: CANARIES.VARIABLE })).toBe(1)
    expect(
      await plenum(['plan', '--debug'], {
        ...CANARIES,
        VAULT_ADDR: 'http://127.0.0.1:1',
        VAULT_TOKEN: CANARIES.VARIABLE,
      }),
    ).toBe(1)
    expect(await plenum(['plan', '--wrong', '--debug'])).toBe(2)
    writeFileSync(
      join(hub, 'plenum.yaml'),
      manifest(
        `  two:\n    connections:\n      bad: { conn_type: http, password: ${CANARIES.EXTRA_TOKEN}, extra: ${CANARIES.VARIABLE} }\n`,
      ),
    )
    expect(await plenum(['plan', '--debug'])).toBe(1)
    writeFileSync(join(hub, 'plenum.yaml'), `${manifest()}    : ${CANARIES.EXTRA_TOKEN}\n  - [`)
    expect(await plenum(['plan', '--debug'])).toBe(1)
    writeFileSync(join(hub, 'plenum.yaml'), manifest())
    expect(await plenum(['down'])).toBe(0)
    expect(await plenum(['up', '--port', '0', '--debug'], CANARIES, /Ctrl-C/)).toBe(0)

    const found = [...searchFolder(search, work), ...said.flatMap((text) => search(text.split('\n')[0] ?? '', text))]
    expect(found).toEqual([])
    expect(said.length).toBeGreaterThan(15)
  }, 120_000)
})
