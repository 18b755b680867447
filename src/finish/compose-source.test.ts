/** A clean-up of compose files and their env files, read by the importer itself. */
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCompose, readEnvFiles } from '../importers/index.ts'
import type { Reading } from '../importers/found.ts'
import type { TextFile } from '../importers/text-files.ts'
import type { FinishPlan } from './finish-plan.ts'
import { entryFor, KEY, MemoryFiles } from './hub-before.case.ts'
import { planFinish } from './plan.ts'
import type { TextMode } from './text-edit.ts'

function reread(files: ReadonlyMap<string, TextFile>, given: readonly string[]): Reading[] {
  const onDisk = { read: (path: string, from = '/') => files.get(resolve(from, path)) }
  const named = given.flatMap((path) => files.get(path) ?? [])
  return [readCompose(named, { env: { get: () => undefined }, files: onDisk })]
}

interface Cleaned {
  readonly before: Reading
  readonly after: Reading
  readonly plan: FinishPlan
  readonly texts: Readonly<Record<string, string>>
}

/** `isKept`: ids that were not proven. */
function clean(
  contents: Readonly<Record<string, string>>,
  given: readonly string[],
  mode: TextMode,
  isKept: (id: string) => boolean = () => false,
): Cleaned {
  const files = new MemoryFiles(contents).asTextFiles()
  const imported = reread(files, given)
  const plan = planFinish({
    entries: imported.flatMap(({ found }) => found.map(entryFor)),
    isProven: ({ id }) => !isKept(id),
    pathOf: ({ id }) => `secret/p/${id}`,
    imported,
    key: KEY,
    texts: { mode, files, reread: (changed) => reread(new Map([...files, ...changed]), given) },
  })
  const changed = new Map(files)
  for (const { path, shown, after } of plan.files) changed.set(path, { path, shown, bytes: after.reveal() })
  const [before, after] = [imported[0], reread(changed, given)[0]] as [Reading, Reading]
  return {
    before,
    after,
    plan,
    texts: Object.fromEntries([...changed].map(([path, { bytes }]) => [path, bytes.toString()])),
  }
}

const CONTENTS = {
  '/docker-compose.yml': `x-airflow-common: &common
  image: apache/airflow:3.3.2
  env_file: [air.env]
  environment: &env
    AIRFLOW__CORE__EXECUTOR: CeleryExecutor
    AIRFLOW_CONN_DB: '{"conn_type": "postgres",
      "password": "planted-1"}'
    API_KEY: planted-2 # of the exchange
    STAYS: \${HOST:-here}
services:
  web:
    <<: *common
    ports: ["8080:8080"]
  worker:
    <<: *common
    environment:
      <<: *env
      WORKER_KEY: planted-3
`,
  '/docker-compose.override.yml': `services:
  web:
    environment:
      - API_KEY=planted-4
      - FLAG=1
`,
  '/air.env': `# kept
export AIRFLOW_VAR_TOKEN="planted-5
planted-6"
API_KEY=planted-7
OTHER=1
`,
}
const GIVEN = ['/docker-compose.yml', '/docker-compose.override.yml']
const KEPT = new Set(['STAYS', 'FLAG', 'OTHER'])

describe('a clean-up of compose files', () => {
  it('takes out what is proven, wherever it stands, and nothing else', () => {
    const { before, after, plan, texts } = clean(CONTENTS, GIVEN, 'comment', (id) => KEPT.has(id))
    expect(new Set(before.found.map(({ id }) => id))).toEqual(
      new Set(['db', 'API_KEY', 'STAYS', 'token', 'OTHER', 'FLAG', 'WORKER_KEY']),
    )
    expect(before.findings.map(({ code }) => code)).toEqual(['import-compose-differs'])
    expect(plan.left.map(({ id, reason }) => `${id} ${reason}`).sort()).toEqual([
      'FLAG not-proven',
      'OTHER not-proven',
      'STAYS not-proven',
    ])
    expect(texts).toEqual({
      '/docker-compose.yml': `x-airflow-common: &common
  image: apache/airflow:3.3.2
  env_file: [air.env]
  environment: &env
    AIRFLOW__CORE__EXECUTOR: CeleryExecutor
    # AIRFLOW_CONN_DB is in Vault: secret/p/db (moved by Plenum)
    # API_KEY is in Vault: secret/p/API_KEY (moved by Plenum)
    STAYS: \${HOST:-here}
services:
  web:
    <<: *common
    ports: ["8080:8080"]
  worker:
    <<: *common
    environment:
      <<: *env
      # WORKER_KEY is in Vault: secret/p/WORKER_KEY (moved by Plenum)
`,
      '/docker-compose.override.yml': `services:
  web:
    environment:
      # API_KEY is in Vault: secret/p/API_KEY (moved by Plenum)
      - FLAG=1
`,
      '/air.env': `# kept
# AIRFLOW_VAR_TOKEN is in Vault: secret/p/token (moved by Plenum)
# API_KEY is in Vault: secret/p/API_KEY (moved by Plenum)
OTHER=1
`,
    })
    expect(after.found.map(({ id }) => id).sort()).toEqual(['FLAG', 'OTHER', 'STAYS'])
    expect(after.findings).toEqual([])
    expect(JSON.stringify(plan)).not.toContain('planted')
  })

  it('finds nothing of it again, when all of it goes', () => {
    const { after, texts } = clean(CONTENTS, GIVEN, 'remove')
    expect(after.found).toEqual([])
    expect(after.findings).toEqual([])
    expect(Object.values(texts).join('')).not.toContain('planted')
    expect(texts['/air.env']).toBe('# kept\n')
  })

  it('leaves a variable of .env that what stays still takes', () => {
    const contents = {
      '/c.yml':
        'services:\n  a:\n    env_file: .env\n    environment:\n      URL: http://${TOKEN}@x\n      KEY: ${SECRET}\n',
      '/.env': 'TOKEN=planted-1\nSECRET=planted-2\n',
    }
    const { plan, texts } = clean(contents, ['/c.yml'], 'remove', (id) => id === 'URL')
    expect(texts).toEqual({
      '/c.yml': 'services:\n  a:\n    env_file: .env\n    environment:\n      URL: http://${TOKEN}@x\n',
      '/.env': 'TOKEN=planted-1\n',
    })
    expect(plan.left.map(({ id, reason }) => `${id} ${reason}`)).toEqual(['URL not-proven', 'TOKEN kept'])
  })

  it('leaves Dockerfiles and the files of secrets to people', () => {
    const contents = {
      '/c.yml': 'services: {}\nsecrets:\n  api: {file: api.txt}\n',
      '/api.txt': 'planted-1',
      '/Dockerfile': 'ENV KEY=planted-2\n',
    }
    const { plan, texts } = clean(contents, ['/c.yml', '/Dockerfile'], 'remove')
    expect(texts).toEqual(contents)
    expect(plan.byHand.flatMap(({ ids }) => ids).sort()).toEqual(['KEY', 'api'])
  })
})

describe('a name that a compose file takes without ${…}', () => {
  it.each([
    ['a secret', 'services: { app: { image: x, secrets: [db] } }\nsecrets: { db: { environment: DB_PW } }\n'],
    ['a name in a list', 'services: { app: { image: x, environment: [DB_PW] } }\n'],
    ['a name in a mapping', 'services:\n  app:\n    image: x\n    environment:\n      DB_PW:\n'],
  ])('stays in .env for %s, and the others go', (_, compose) => {
    const envFile = 'DB_PW=planted-1\nOTHER_TOKEN=planted-2\n'
    const contents = { '/docker-compose.yml': compose, '/.env': envFile }
    const files = new MemoryFiles(contents).asTextFiles()
    const both = (now: ReadonlyMap<string, TextFile>): Reading[] => [
      readEnvFiles(
        [...now.values()].filter(({ path }) => path === '/.env'),
        { env: { get: () => undefined } },
      ),
      ...reread(now, ['/docker-compose.yml']),
    ]
    const imported = both(files)
    const plan = planFinish({
      entries: imported.flatMap(({ found }) => found.map(entryFor)),
      isProven: ({ origins }) => origins.every(({ source }) => source === 'env-file'),
      pathOf: ({ id }) => `secret/p/${id}`,
      imported,
      key: KEY,
      texts: { mode: 'remove', files, reread: (changed) => both(new Map([...files, ...changed])) },
    })
    expect(plan.files.map(({ path, after }) => [path, after.reveal().toString()])).toEqual([
      ['/.env', 'DB_PW=planted-1\n'],
    ])
  })
})
