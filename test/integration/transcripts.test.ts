/**
 * The command line as a person meets it: each `test/scripts/*.txt` is a transcript that is played in an empty folder.
 *
 *   # a comment
 *   file plenum.yaml        the lines that follow, indented by two blanks, become that file
 *   env NAME=value          for the commands that follow
 *   $ plenum plan           a command. Below it, in order:
 *   | text                  a line of stdout
 *   2| text                 a line of stderr
 *   exit 1                  its status; 0 when left out
 *   missing .plenum         this does not exist afterwards
 *
 * `…` stands for any text within a line, a line of `…` alone for any number of lines. What is not written down may not be
 * printed: without a `|` line stdout must be empty, without a `2|` line stderr.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../scripts')
const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-scripts-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

interface Command {
  readonly line: number
  readonly text: string
  readonly out: string[]
  readonly errors: string[]
  readonly missing: string[]
  readonly env: Readonly<Record<string, string>>
  readonly files: ReadonlyMap<string, string>
  status: number
}

function parse(text: string): Command[] {
  const commands: Command[] = []
  let env: Record<string, string> = {}
  let files = new Map<string, string>()
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
    } else if (word === '$') {
      commands.push({ line: index + 1, text: rest, out: [], errors: [], missing: [], env, files, status: 0 })
      files = new Map()
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

describe('transcripts', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))

  it('are there', () => expect(names.length).toBeGreaterThan(3))

  it.each(names)(
    '%s',
    (name) => {
      const place = join(work, name)
      mkdirSync(place)
      for (const command of parse(readFileSync(join(folder, name), 'utf8'))) {
        for (const [path, text] of command.files) {
          mkdirSync(dirname(join(place, path)), { recursive: true })
          writeFileSync(join(place, path), text)
        }
        const [program = '', ...args] =
          command.text.match(/"[^"]*"|\S+/g)?.map((word) => word.replace(/^"|"$/g, '')) ?? []
        if (program !== 'plenum') throw new Error(`line ${command.line}: only plenum can be called`)
        const ran = spawnSync(process.execPath, [main, ...args], {
          cwd: place,
          env: {
            PATH: process.env['PATH'] ?? '',
            HOME: join(place, '.home'),
            XDG_CONFIG_HOME: join(place, '.home/config'),
            ...command.env,
          },
          encoding: 'utf8',
        })
        const where = `${name}:${command.line}: ${command.text}`
        expect(ran.stdout, `stdout of ${where}\n${ran.stderr}`).toMatch(pattern(command.out))
        expect(ran.stderr, `stderr of ${where}`).toMatch(pattern(command.errors))
        expect(ran.status, `status of ${where}\n${ran.stdout}${ran.stderr}`).toBe(command.status)
        for (const path of command.missing) expect(existsSync(join(place, path)), `${path} after ${where}`).toBe(false)
      }
    },
    60_000,
  )
})
