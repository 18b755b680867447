/**
 * The documents against the code: error codes both ways, examples that load, commands and flags, paths, links, tables.
 *
 * What a document says in words is not checked here; what it names is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../src/cli/program.ts'
import { formatHubMessage, HUB_MESSAGE_CODES, loadHub } from '../src/hub/index.ts'

const root = resolve(import.meta.dirname, '..')
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist'])

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name) || entry.name.startsWith('.')) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesBelow(path, ending)
    return entry.name.endsWith(ending) ? [path] : []
  })
}

interface Document {
  /** From the root of the project. */
  readonly name: string
  readonly text: string
}

const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const DOCUMENTS: readonly Document[] = filesBelow(root, '.md').map((path) => ({
  name: relative(root, path),
  text: readFileSync(path, 'utf8'),
}))

/** Groups of every match, without those that took no part. */
function captures(text: string, expression: RegExp): string[] {
  return [...text.matchAll(expression)].flatMap((match) => match.slice(1)).filter((group) => group !== undefined)
}

const quoted = (text: string): string[] => captures(text, /'([a-z0-9-]+)'/g)

/** Every stable code that a source gives to an error: fields, literals, unions named `…Code`, and CommandErrors. */
function codesIn(source: string): string[] {
  const text = source.replaceAll(/\/\*\*[^]*?\*\//g, '')
  const tables = captures(text, /\btype \w*Code = keyof typeof (\w+)/g).flatMap((name) =>
    captures(text, new RegExp(String.raw`\bconst ${name} = \{([^}]*)\}`, 'g')),
  )
  return [
    ...captures(text, /\bcode(?::| =)\s*('[a-z0-9-]+'(?:\s*\|\s*'[a-z0-9-]+')*)/g).flatMap(quoted),
    ...captures(text, /\btype \w*Code =((?:\s*\|?\s*'[a-z0-9-]+')+)/g).flatMap(quoted),
    ...captures(text, /(?:new (?:Command|Import|Finish)Error|\b(?:refused|findingOf))\(\s*('[a-z0-9-]+')/g).flatMap(
      quoted,
    ),
    ...tables.flatMap((table) => captures(table, /^\s*'?([a-z0-9-]+)'?:/gm)),
  ]
}

/** The first word of a code. */
const familyOf = (code: string): string => code.replace(/-.*/, '')

/** First words that other names begin with as well: sources (`airflow-db`), settings of roles, kinds of mounts. */
const OPEN_FAMILIES: ReadonlySet<string> = new Set(['airflow', 'token', 'kv'])

/** Verdicts of sync and its keys in custom_metadata, which are no errors. */
const NO_CODES: ReadonlySet<string> = new Set(['vault-ahead', 'vault-wins', 'sync-digest', 'sync-version'])

/**
 * Codes that are passed on as an argument, through a variable, or stand in a list: every text that begins as the codes of
 * one family do. What is only compared is no place where a code comes from, nor is the kind of a union or its row in a
 * table of functions.
 */
function codesOfFamilies(source: string, families: ReadonlySet<string>): string[] {
  const text = source.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')
  return captures(text, /(?<!(?:[=!]==|\bcase|\bkind:) )'([a-z0-9]+(?:-[a-z0-9]+)+)'(?!: \()/g).filter(
    (code) => families.has(familyOf(code)) && !NO_CODES.has(code),
  )
}

const sorted = (codes: Iterable<string>): string[] => [...new Set(codes)].sort()

describe('docs/errors.md', () => {
  const sources = filesBelow(join(root, 'src'), '.ts').filter((path) => !/\.(?:test|case)\.ts$/.test(path))
  const texts = sources.map((path) => readFileSync(path, 'utf8'))
  const evident = sorted([...Object.keys(HUB_MESSAGE_CODES), ...texts.flatMap(codesIn)])
  const families = new Set(evident.filter((code) => code.includes('-')).map(familyOf))
  for (const family of OPEN_FAMILIES) families.delete(family)
  const inCode = sorted([...evident, ...texts.flatMap((text) => codesOfFamilies(text, families))])
  const rows = captures(read('docs/errors.md'), /^\| `([a-z0-9-]+)` \|/gm)

  it('finds codes in every form that they are written in', () => {
    const planted = `
      /** Not 'a-comment', nor type OldCode = 'old-code'. */
      export type StoreCode =
        /** Another process has it open. */
        | 'store-locked'
        | 'store-full'
      export class PlantedError extends Error { readonly code = 'planted-field' }
      export class UnionError extends Error { readonly code: 'planted-left' | 'planted-right' }
      throw new CommandError('planted-inline', 'what happened')
      throw new CommandError(
        'planted-broken',
        'what happened',
      )
      const complaint = { code: 'planted-literal', text }
      const TABLE = {
        'planted-key': 400,
        bare: 500,
      } as const
      type TableCode = keyof typeof TABLE
      if (error.code === 'never-thrown') return
    `
    expect(sorted(codesIn(planted))).toEqual([
      'bare',
      'planted-broken',
      'planted-field',
      'planted-inline',
      'planted-key',
      'planted-left',
      'planted-literal',
      'planted-right',
      'store-full',
      'store-locked',
    ])
  })

  it('finds what is passed on, and takes no other text for a code', () => {
    const passed = `
      /* 'store-comment' */
      // 'store-comment'
      return refused('store-bad-line', text)
      findings.push({ ...at(shown, line, 1, 'store-duplicate'), text })
      const code = isNew ? 'store-new' : 'store-old'
      if (error.code === 'store-compared' || error.code !== 'store-compared') return
      switch (code) { case 'store-compared': }
      import { x } from './store-file.ts'
      const name = 'other-name'
      const kind = 'vault-wins'
      const event = { kind: 'store-event' }
      const tellers = { 'store-event': ({ path }) => path }
      const word = 'store'
    `
    const found = codesOfFamilies(passed, new Set(['store', 'vault']))
    expect(sorted(found)).toEqual(['store-bad-line', 'store-duplicate', 'store-new', 'store-old'])
    for (const family of ['import', 'hub', 'vault', 'finish', 'apply', 'store']) expect([...families]).toContain(family)
  })

  it('has every code of the sources', () => {
    expect(inCode.filter((code) => !rows.includes(code))).toEqual([])
  })

  it('has no code that the sources do not have', () => {
    expect(rows.filter((code) => !inCode.includes(code))).toEqual([])
  })

  it('has each code once', () => {
    expect(rows.filter((code, index) => rows.indexOf(code) !== index)).toEqual([])
  })
})

interface Block {
  readonly where: string
  /** What stands behind the fence. */
  readonly info: string
  readonly text: string
}

function blocksOf({ name, text }: Document): Block[] {
  return [...text.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].map((match) => ({
    where: `${name}:${text.slice(0, match.index).split('\n').length}`,
    info: (match[1] ?? '').trim(),
    text: match[2] ?? '',
  }))
}

const BLOCKS: readonly Block[] = DOCUMENTS.flatMap(blocksOf)

describe('examples of plenum.yaml', () => {
  const examples = BLOCKS.filter(({ info }) => info === 'yaml')

  it('are there', () => {
    expect(examples.length).toBeGreaterThan(5)
  })

  it.each(examples)('$where loads without a word', ({ where, text }) => {
    const result = loadHub({
      file: '/hub/plenum.yaml',
      text,
      env: { get: () => 'set' },
      files: { read: () => '' },
    })
    const errors = result.kind === 'errors' ? result.errors : []
    const messages = [...errors, ...result.warnings].map((message) => formatHubMessage(message, '/hub'))
    expect(messages, `mark it as \`\`\`yaml fragment when ${where} is no whole file`).toEqual([])
  })
})

describe('commands', async () => {
  const program = await buildProgram(() => undefined)
  const spans = DOCUMENTS.flatMap(({ name, text }) => captures(text, /`([^`\n]+)`/g).map((code) => ({ name, code })))
  const lines = BLOCKS.flatMap(({ where, text }) => text.split('\n').map((code) => ({ name: where, code })))
  const calls = [...spans, ...lines]
    .map(({ name, code }) => ({
      name,
      words: code
        .trim()
        .replace(/^(?:\$ )?(?:npx )?/, '')
        .replace(/ #.*/, '')
        .split(/\s+/),
    }))
    .filter(({ words }) => words[0] === 'plenum' && /^[a-z-]/.test(words[1] ?? ''))

  /** What is wrong with a call of `plenum`; undefined when it could be made. */
  function complaint([, ...words]: readonly string[]): string | undefined {
    let command: Command = program
    const rest = [...words]
    for (;;) {
      const child = command.commands.find((one) => one.name() === rest[0])
      if (child === undefined) break
      command = child
      rest.shift()
    }
    if (command === program && !(rest[0] ?? '').startsWith('-')) return `no command ${rest[0] ?? ''}`
    const known = ['--help', '-h', ...command.options.flatMap(({ long, short }) => [long, short])]
    const unknown = rest.find((word) => word.startsWith('-') && !known.includes(word.replace(/=.*/, '')))
    return unknown === undefined ? undefined : `no option ${unknown}`
  }

  it('that documents show exist, with their options', () => {
    expect(calls.length).toBeGreaterThan(20)
    const wrong = calls.map(({ name, words }) => ({ name, call: words.join(' '), wrong: complaint(words) }))
    expect(wrong.filter((one) => one.wrong !== undefined)).toEqual([])
  })

  it('are told apart from what is none', () => {
    expect(complaint(['plenum', 'plot'])).toBe('no command plot')
    expect(complaint(['plenum', 'up', '--port', '1', '--loud'])).toBe('no option --loud')
    expect(complaint(['plenum', 'airflow', 'config', 'cfg', '-e', 'prod'])).toBeUndefined()
  })
})

describe('paths', () => {
  const MAPS = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/glossary.md']
  const files = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
    filesBelow(join(root, folder), '').map((path) => `/${relative(root, path)}`),
  )

  it.each(MAPS)('that %s names below src are there', (name) => {
    const named = captures(read(name), /`(src\/[^`\s]*)`/g)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it.each(MAPS)('of files that %s names lead to a file', (name) => {
    const named = captures(read(name), /`(\w[\w./-]*\.(?:ts|mjs))`/g).filter((path) => path !== 'x.test.ts')
    expect(named.filter((path) => !files.some((file) => file.endsWith(`/${path}`)))).toEqual([])
  })
})

/** As GitHub names a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

describe('links', () => {
  it.each(DOCUMENTS)('of $name lead somewhere', ({ name, text }) => {
    const links = captures(text.replaceAll(/`[^`\n]*`/g, ''), /\]\(([^)\s]+)\)/g).filter(
      (target) => !/^[a-z]+:/.test(target),
    )
    const broken = links.filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? join(root, name) : join(root, dirname(name), path)
      if (!existsSync(file)) return true
      return (
        anchor !== undefined &&
        !captures(readFileSync(file, 'utf8'), /^#+ (.*)$/gm)
          .map(anchorOf)
          .includes(anchor)
      )
    })
    expect(broken).toEqual([])
  })
})

describe('docs/decisions', () => {
  const files = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name))
  const rows = [...read('docs/decisions/README.md').matchAll(/^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$/gm)]

  it('lists every decision under its title', () => {
    const wanted = files.sort().map((name) => {
      const [, number, title] = /^# (\d{4}) (.+)$/m.exec(read(join('docs/decisions', name))) ?? []
      return [number, name, title]
    })
    expect(rows.map(([, number, name, title]) => [number, name, title])).toEqual(wanted)
  })

  it('numbers them without a gap', () => {
    expect(files.map((name) => Number(name.slice(0, 4)))).toEqual(files.map((_, index) => index + 1))
  })
})

describe('docs/glossary.md', () => {
  const lines = read('docs/glossary.md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
  const cells = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  const words = cells.filter(([word = '']) => word !== 'word' && !/^-+$/.test(word))

  it('has two columns in every row, both filled', () => {
    expect(cells.filter((row) => row.length !== 2 || row.includes(''))).toEqual([])
    expect(cells.filter(([word]) => word === 'word')).toHaveLength(3)
  })

  it('explains each word once', () => {
    const terms = words.flatMap(([word = '']) => word.split(', '))
    expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([])
  })
})

describe('docs/testing.md', () => {
  it('shows its pytest as it stands in examples/testing', () => {
    const [shown = ''] = captures(read('docs/testing.md'), /^```python\n([^]*?)^```$/gm)
    const functions = shown.split('\n\n\n').map((text) => text.trim())
    const file = read('examples/testing/test_hub.py')
    expect(functions).toHaveLength(2)
    expect(functions.filter((text) => !file.includes(text))).toEqual([])
  })
})
