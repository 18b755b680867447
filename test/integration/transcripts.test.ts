/**
 * The command line as a person meets it: each `test/scripts/*.txt` is a transcript that is played in an empty folder.
 *
 *   # a comment
 *   file plenum.yaml        the lines that follow, indented by two blanks, become that file
 *   env NAME=value          for the commands that follow
 *   vault put PATH JSON     somebody writes past Plenum: data of KV version 2, below secret/, as the operator
 *   $ plenum plan           a command. Below it, in order:
 *   | text                  a line of stdout
 *   2| text                 a line of stderr
 *   exit 1                  its status; 0 when left out
 *   missing .plenum         this does not exist afterwards
 *
 * `…` stands for any text within a line, a line of `…` alone for any number of lines. What is not written down may not be
 * printed: without a `|` line stdout must be empty, without a `2|` line stderr. A server that is left running is stopped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sensitive } from '../../src/sensitive/index.ts'
import { appRoleToken, VaultClient } from '../../src/vault/index.ts'

const folder = join(import.meta.dirname, '../scripts')
const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-scripts-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

interface Put {
  readonly path: string
  readonly data: Readonly<Record<string, string>>
}

interface Command {
  readonly line: number
  readonly text: string
  readonly out: string[]
  readonly errors: string[]
  readonly missing: string[]
  readonly env: Readonly<Record<string, string>>
  readonly files: ReadonlyMap<string, string>
  readonly puts: readonly Put[]
  status: number
}

function parse(text: string): Command[] {
  const commands: Command[] = []
  let env: Record<string, string> = {}
  let files = new Map<string, string>()
  let puts: Put[] = []
  let file: string | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const current = commands.at(-1)
    const [, word = '', rest = ''] = /^(\S*) ?(.*)$/.exec(line) ?? []
    if (file !== undefined && (line.startsWith('  ') || (line === '' && files.get(file) !== ''))) {
      files.set(file, `${files.get(file) ?? ''}${line.slice(2)}\n`)
      continue
    }
    file = undefined
    if (line === '' || word === '#') continue
    if (word === 'file') {
      file = rest
      files.set(rest, '')
    } else if (word === 'env') {
      env = { ...env, [rest.slice(0, rest.indexOf('='))]: rest.slice(rest.indexOf('=') + 1) }
    } else if (word === 'vault') {
      const [, path = '', json = ''] = /^put (\S+) (.+)$/.exec(rest) ?? []
      puts.push({ path, data: JSON.parse(json) as Put['data'] })
    } else if (word === '$') {
      commands.push({ line: index + 1, text: rest, out: [], errors: [], missing: [], env, files, puts, status: 0 })
      files = new Map()
      puts = []
    } else if (current === undefined) throw new Error(`line ${index + 1}: nothing to check before a command`)
    else if (word === '|') current.out.push(rest)
    else if (word === '2|') current.errors.push(rest)
    else if (word === 'exit') current.status = Number(rest)
    else if (word === 'missing') current.missing.push(rest)
    else throw new Error(`line ${index + 1}: ${word} is no word of a transcript`)
  }
  return commands
}

function pattern(lines: readonly string[]): RegExp {
  const parts = lines.map((line) =>
    line === '…'
      ? '(?:.*\\n)*?'
      : `${line
          .split('…')
          .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}\\n`,
  )
  return new RegExp(`^${parts.join('')}$`)
}

const config = (place: string): string => join(place, '.home/config')

function plenum(place: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [main, ...args], {
    cwd: place,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: join(place, '.home'),
      XDG_CONFIG_HOME: config(place),
      ...env,
    },
    encoding: 'utf8',
  })
}

async function put(place: string, { path, data }: Put): Promise<void> {
  const { address, storeId } = JSON.parse(readFileSync(join(place, '.plenum/server.json'), 'utf8')) as {
    readonly address: string
    readonly storeId: string
  }
  const credential = (name: string) =>
    sensitive(readFileSync(join(config(place), 'plenum/credentials', storeId, 'operator', name), 'utf8'))
  const tokens = appRoleToken({
    mount: 'approle',
    roleId: credential('role_id'),
    secretId: credential('secret_id'),
    now: Date.now,
  })
  const client = new VaultClient({ address, tokens })
  try {
    await client.request('POST', `secret/data/${path}`, { body: { data } })
  } finally {
    await client.close()
  }
}

async function play(command: Command, name: string, place: string): Promise<void> {
  for (const [path, text] of command.files) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  for (const one of command.puts) await put(place, one)
  const [program = '', ...args] = command.text.match(/"[^"]*"|\S+/g)?.map((word) => word.replace(/^"|"$/g, '')) ?? []
  if (program !== 'plenum') throw new Error(`line ${command.line}: only plenum can be called`)
  const { status, stdout, stderr } = plenum(place, args, command.env)
  const where = `${name}:${command.line}: ${command.text}`
  expect(stdout, `stdout of ${where}\n${stderr}`).toMatch(pattern(command.out))
  expect(stderr, `stderr of ${where}`).toMatch(pattern(command.errors))
  expect(status, `status of ${where}\n${stdout}${stderr}`).toBe(command.status)
  for (const path of command.missing) expect(existsSync(join(place, path)), `${path} after ${where}`).toBe(false)
}

describe('transcripts', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))

  it('are there', () => expect(names.length).toBeGreaterThan(3))

  it.each(names)(
    '%s',
    async (name) => {
      const place = join(work, name)
      mkdirSync(place)
      try {
        const commands = parse(readFileSync(join(folder, name), 'utf8'))
        expect(commands.length).toBeGreaterThan(0)
        for (const command of commands) await play(command, name, place)
      } finally {
        if (existsSync(join(place, '.plenum/server.json'))) plenum(place, ['down'])
      }
    },
    120_000,
  )
})
