/**
 * The import table of ARCHITECTURE.md as data. An import that it does not allow fails, a row that no import uses fails,
 * and a folder without a row fails.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Row {
  /** Other folders of src. A folder may always import itself. */
  readonly folders: readonly string[]
  /** Built-in modules (`node:fs`) and packages. */
  readonly modules: readonly string[]
}

const CONTRACTS = ['server/json', 'server/logical', 'server/storage', 'concurrency']

/** The longest folder that matches a file decides. */
const TABLE: Readonly<Record<string, Row>> = {
  sensitive: { folders: [], modules: ['node:crypto', 'node:util'] },
  concurrency: { folders: [], modules: [] },
  airflow: { folders: ['sensitive'], modules: ['node:crypto'] },
  vault: {
    folders: ['sensitive', 'concurrency'],
    modules: ['undici', 'node:fs', 'node:fs/promises', 'node:path', 'node:timers/promises'],
  },
  hub: { folders: ['airflow', 'sensitive'], modules: ['yaml', 'zod', 'node:path'] },
  plan: { folders: ['hub', 'airflow', 'sensitive'], modules: [] },
  apply: { folders: ['plan', 'hub', 'vault', 'sensitive', 'concurrency'], modules: [] },
  verify: { folders: ['airflow', 'hub', 'vault', 'sensitive', 'concurrency'], modules: [] },
  importers: { folders: ['airflow', 'hub', 'sensitive'], modules: ['yaml', 'node:path'] },
  'importers/airflow-db': {
    folders: ['importers', 'airflow', 'sensitive'],
    modules: [
      'pg',
      'mysql2',
      'node-sqlite3-wasm',
      'node:fs',
      'node:os',
      'node:path',
      'node:crypto',
      'node:tls',
      'node:child_process',
    ],
  },
  'importers/vault': { folders: ['importers', 'airflow', 'hub', 'vault', 'sensitive', 'concurrency'], modules: [] },
  sync: { folders: ['importers', 'airflow', 'hub', 'vault', 'sensitive', 'concurrency'], modules: ['node:crypto'] },
  finish: { folders: ['importers', 'hub', 'vault', 'sensitive', 'concurrency'], modules: ['yaml'] },
  'server/json': { folders: [], modules: [] },
  'server/storage': {
    folders: [],
    modules: ['lmdb', 'node:fs', 'node:path', 'node:crypto', 'node:timers/promises', 'node:zlib'],
  },
  'server/logical': { folders: ['server/json'], modules: ['node:net'] },
  'server/barrier': { folders: CONTRACTS, modules: ['node:crypto', 'lru-cache', 'quick-lru'] },
  'server/seal': {
    folders: [...CONTRACTS, 'server/barrier'],
    modules: ['node:crypto', 'node:fs', 'node:path', 'openpgp', 'shamir-secret-sharing'],
  },
  'server/hcl': { folders: [], modules: [] },
  'server/policy': { folders: [...CONTRACTS, 'server/hcl'], modules: ['lru-cache'] },
  'server/quota': { folders: CONTRACTS, modules: ['lru-cache'] },
  'server/token': { folders: [...CONTRACTS], modules: ['node:crypto', 'lru-cache'] },
  'server/identity': {
    folders: ['server/logical', 'server/storage', 'concurrency'],
    modules: ['node:crypto', 'lru-cache'],
  },
  'server/audit': {
    folders: CONTRACTS,
    modules: [
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:net',
      'node:dgram',
      'node:child_process',
      'node:timers/promises',
      'quick-lru',
    ],
  },
  'server/auth': { folders: [...CONTRACTS, 'server/token'], modules: ['node:crypto', 'lru-cache'] },
  'server/engines': { folders: CONTRACTS, modules: ['lru-cache', 'quick-lru'] },
  'server/engines/system': { folders: [...CONTRACTS, 'server/policy'], modules: [] },
  'server/snapshot': {
    folders: ['server/json', 'server/storage'],
    modules: ['node:crypto', 'node:stream', 'node:stream/promises', 'node:zlib'],
  },
  'server/core': { folders: ['server', 'concurrency'], modules: ['node:crypto', 'node:os', 'node:path'] },
  'server/http': {
    folders: ['server/core', 'server/json', 'server/logical'],
    modules: ['node:http', 'node:http2', 'node:https', 'node:net', 'node:stream', 'node:buffer', 'node:fs', 'node:tls'],
  },
  'server/config': { folders: ['server/hcl', 'server/logical', 'server/http'], modules: ['node:net'] },
  server: { folders: ['server'], modules: [] },
  testing: {
    folders: ['server', 'airflow', 'hub', 'plan', 'apply', 'verify', 'vault', 'sensitive', 'concurrency'],
    modules: ['node:crypto', 'node:fs', 'node:path', 'node:url'],
  },
  cli: { folders: ['*'], modules: ['*'] },
  // The package's own entry.
  '': { folders: ['*'], modules: [] },
}

const src = resolve(import.meta.dirname, '../src')

interface Import {
  readonly file: string
  readonly from: string
  readonly target: { readonly kind: 'folder' | 'module'; readonly name: string }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  )
}

function rowOf(path: string): string {
  const candidates = Object.keys(TABLE).filter(
    (folder) => folder === '' || path === folder || path.startsWith(`${folder}/`),
  )
  return candidates.sort((a, b) => b.length - a.length)[0] ?? ''
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(
    /^\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  )
  return [...found].map(([, fixed, lazy]): Import => {
    const name = fixed ?? lazy ?? ''
    const from = relative(src, file)
    if (!name.startsWith('.'))
      return {
        file: from,
        from: dirname(from),
        target: {
          kind: 'module',
          name: name.startsWith('@')
            ? name.split('/').slice(0, 2).join('/')
            : name.startsWith('node:')
              ? name
              : (name.split('/')[0] ?? name),
        },
      }
    return {
      file: from,
      from: dirname(from),
      target: { kind: 'folder', name: dirname(relative(src, resolve(dirname(file), name))) },
    }
  })
}

const production = filesBelow(src).filter((file) => file.endsWith('.ts') && !/\.(?:test|case)\.ts$/.test(file))
const imports = production.flatMap(importsOf)

/** Engines and auth methods must not know each other: inside those families "own folder" means the method's own. */
function unitOf(path: string): string {
  const [top, second, third] = path.split('/')
  if (top !== 'server') return top === '.' || top === undefined ? '' : top
  if (second === 'engines' || second === 'auth')
    return [top, second, third].filter((part) => part !== undefined).join('/')
  return second === undefined ? 'server' : `${top}/${second}`
}

function isAllowed({ from, target }: Import): boolean {
  const row = TABLE[rowOf(from === '.' ? '' : from)]
  if (row === undefined) return false
  if (target.kind === 'module') return row.modules.includes('*') || row.modules.includes(target.name)
  const name = target.name === '.' ? '' : target.name
  if (unitOf(from) === unitOf(name)) return true
  return row.folders.some((folder) => folder === '*' || name === folder || name.startsWith(`${folder}/`))
}

describe('the import table', () => {
  it('allows every import there is', () => {
    const broken = imports.filter((one) => !isAllowed(one)).map(({ file, target }) => `${file} -> ${target.name}`)
    expect(broken).toEqual([])
  })

  it('has a row for every folder', () => {
    const tops = new Set(
      production
        .map((file) => relative(src, file))
        .filter((file) => file.includes('/'))
        .map((file) => file.split('/')[0]),
    )
    expect([...tops].filter((top) => top !== undefined && TABLE[top] === undefined)).toEqual([])
  })

  it('names no module that nobody imports', () => {
    const unused = Object.entries(TABLE).flatMap(([folder, { modules }]) =>
      modules
        .filter(
          (module) =>
            module !== '*' && !imports.some(({ from, target }) => target.name === module && rowOf(from) === folder),
        )
        .map((module) => `${folder}: ${module}`),
    )
    expect(unused).toEqual([])
  })

  it('names no folder that nobody imports', () => {
    const unused = Object.entries(TABLE).flatMap(([row, { folders }]) =>
      folders
        .filter((folder) => folder !== '*' && !CONTRACTS.includes(folder))
        .filter(
          (folder) =>
            !imports.some(
              ({ from, target }) =>
                rowOf(from === '.' ? '' : from) === row &&
                (target.name === folder || target.name.startsWith(`${folder}/`)),
            ),
        )
        .map((folder) => `${row}: ${folder}`),
    )
    expect(unused).toEqual([])
  })

  it('stands in ARCHITECTURE.md as it is here', () => {
    const text = readFileSync(resolve(src, '../ARCHITECTURE.md'), 'utf8')
    const rows = Object.entries(TABLE).map(([folder, { folders, modules }]) => {
      const list = (names: readonly string[]): string =>
        names.length === 0 ? '-' : names.map((name) => `\`${name}\``).join(', ')
      return `| \`${folder === '' ? '.' : folder}\` | ${list(folders)} | ${list(modules)} |`
    })
    expect(text).toContain(rows.join('\n'))
  })

  it('fires: a forbidden import is found', () => {
    const forbidden: Import[] = [
      { file: 'plan/x.ts', from: 'plan', target: { kind: 'module', name: 'node:fs' } },
      { file: 'airflow/x.ts', from: 'airflow', target: { kind: 'folder', name: 'vault' } },
      {
        file: 'server/engines/kv2/x.ts',
        from: 'server/engines/kv2',
        target: { kind: 'folder', name: 'server/engines/system' },
      },
      { file: 'server/policy/x.ts', from: 'server/policy', target: { kind: 'folder', name: 'server/token' } },
    ]
    expect(forbidden.map(isAllowed)).toEqual([false, false, false, false])
  })
})

describe('the house', () => {
  it('has no drawer for odds and ends', () => {
    const drawers = production.filter((file) =>
      /\/(?:utils?|helpers?|common|lib|shared|types)(?:\/|\.ts$)/.test(relative(src, file)),
    )
    expect(drawers.map((file) => relative(src, file))).toEqual([])
  })

  it('keeps files short enough to read', () => {
    const long = production
      .map((file) => [relative(src, file), readFileSync(file, 'utf8').split('\n').length] as const)
      .filter(([, lines]) => lines > 500)
    expect(long).toEqual([])
  })
})
