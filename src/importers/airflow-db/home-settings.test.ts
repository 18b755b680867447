import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import { type AirflowSettingsFound, airflowHomeSettings } from './home-settings.ts'

const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='

interface Hub {
  readonly env?: Readonly<Record<string, string>>
  readonly cfg?: string
  readonly files?: Readonly<Record<string, string>>
}

function settings({ env = {}, cfg, files = {} }: Hub): Promise<AirflowSettingsFound> {
  const all: Readonly<Record<string, string>> = cfg === undefined ? files : { '/hub/airflow.cfg': cfg, ...files }
  return airflowHomeSettings({
    home: '/hub',
    env: { get: (name) => env[name] },
    runCommand: (command): Promise<Sensitive<string>> =>
      Promise.resolve(sensitive(`postgresql://u:${command}@cmd/airflow\n`)),
    readFile: (path) => all[path],
  })
}

const databaseOf = async (hub: Hub): Promise<string> => (await settings(hub)).target.dsn.reveal()

const ENV = 'AIRFLOW__DATABASE__SQL_ALCHEMY_CONN'
const OLD_ENV = 'AIRFLOW__CORE__SQL_ALCHEMY_CONN'
const url = (host: string): string => `postgresql://u:p@${host}/airflow`

describe('the database (airflow 2.4)', () => {
  const cfg = `[core]\nsql_alchemy_conn = ${url('old-cfg')}\n[database]\nsql_alchemy_conn = ${url('cfg')}\nsql_alchemy_conn_cmd = c\n`

  it.each<[string, Hub, string]>([
    ['env before all', { env: { [ENV]: url('env'), [`${ENV}_CMD`]: 'x', [OLD_ENV]: url('old') }, cfg }, url('env')],
    ['env _CMD before the file', { env: { [`${ENV}_CMD`]: 'x' }, cfg }, 'postgresql://u:x@cmd/airflow'],
    ['the old name in env before the file', { env: { [OLD_ENV]: url('old') }, cfg }, url('old')],
    ['the file, new section first', { cfg }, url('cfg')],
    ['the old section', { cfg: `[core]\nsql_alchemy_conn = ${url('old-cfg')}\n` }, url('old-cfg')],
    [
      'a command in the file',
      { cfg: '[database]\nsql_alchemy_conn_cmd = cat /x\n' },
      'postgresql://u:cat /x@cmd/airflow',
    ],
    ['the default', {}, 'sqlite:////hub/airflow.db'],
    ['an empty file', { cfg: '' }, 'sqlite:////hub/airflow.db'],
    [
      'AIRFLOW_CONFIG elsewhere',
      { env: { AIRFLOW_CONFIG: '$ETC/a.cfg', ETC: '/etc' }, files: { '/etc/a.cfg': cfg } },
      url('cfg'),
    ],
    [
      'names of other variables',
      { env: { [ENV]: 'postgresql://u:${PW}@h/airflow', PW: '$INNER', INNER: 'in' } },
      'postgresql://u:in@h/airflow',
    ],
  ])('%s', async (_, hub, expected) => {
    expect(await databaseOf(hub)).toBe(expected)
  })

  it('says where it was found and never what it is', async () => {
    const found = await settings({ env: { [ENV]: 'postgresql://u:planted@h/airflow', AIRFLOW__CORE__FERNET_KEY: KEY } })
    expect(found.facts).toEqual([
      'no /hub/airflow.cfg',
      `database from ${ENV}`,
      'Fernet keys from AIRFLOW__CORE__FERNET_KEY',
    ])
    expect(inspect(found, { depth: 9 })).not.toMatch(/planted|cw_0x/)
  })

  it('takes the schema', async () => {
    const { target } = await settings({
      cfg: `[database]\nsql_alchemy_conn=${url('h')}\nsql_alchemy_schema = airflow\n`,
    })
    expect(target.schema).toBe('airflow')
  })

  it('refuses what only the secrets backend knows', async () => {
    await expect(settings({ env: { [`${ENV}_SECRET`]: 'conn' } })).rejects.toMatchObject({
      code: 'import-airflow-secret-setting',
    })
    await expect(settings({ cfg: '[database]\nsql_alchemy_conn_secret = conn\n' })).rejects.toMatchObject({
      message:
        "/hub/airflow.cfg [database] sql_alchemy_conn_secret takes the database URL from Airflow's secrets backend",
    })
  })

  it('ends on a variable that names itself', async () => {
    await expect(settings({ env: { [ENV]: '$LOOP', LOOP: '$LOOP$LOOP' } })).rejects.toMatchObject({
      code: 'import-dsn',
    })
  })
})

describe('the Fernet keys', () => {
  const keysOf = async (hub: Hub): Promise<string | undefined> => (await settings(hub)).fernetKeys?.reveal()

  it.each<[string, Hub, string | undefined]>([
    ['the file', { cfg: `[core]\nfernet_key = ${KEY},${KEY}\n` }, `${KEY},${KEY}`],
    ['env first', { env: { AIRFLOW__CORE__FERNET_KEY: KEY }, cfg: '[core]\nfernet_key = x\n' }, KEY],
    ['set to nothing: none', { cfg: '[core]\nfernet_key =\n' }, ''],
    ['set to nothing in env', { env: { AIRFLOW__CORE__FERNET_KEY: '' }, cfg: `[core]\nfernet_key=${KEY}` }, ''],
    ['not set: not known', { cfg: '[core]\ndags_folder = /x\n' }, undefined],
    ['a template that nobody has filled in', { cfg: '[core]\nfernet_key = {FERNET_KEY}\n' }, undefined],
    ['in a secrets backend: not known', { env: { AIRFLOW__CORE__FERNET_KEY_SECRET: 'x' } }, undefined],
  ])('%s', async (_, hub, expected) => {
    expect(await keysOf(hub)).toBe(expected)
  })
})

describe('airflow.cfg', () => {
  it('is read as ConfigParser reads it', async () => {
    const cfg = `\uFEFF[DEFAULT]\r\npw = p%%40\r\n# [database]\r\n[database]   ; new\r\n  ; sql_alchemy_conn = no\r\nSQL_Alchemy_Conn: postgresql://u:%(pw)s\r\n\r\n[core]\nx=1\n   continued\nsql_alchemy_conn = ${url('old')}\n`
    await expect(settings({ cfg })).rejects.toMatchObject({ code: 'import-dsn' })
    expect(await databaseOf({ cfg: cfg.replace('%(pw)s', '%(pw)s@h/airflow') })).toBe('postgresql://u:p%40@h/airflow')
  })

  it.each([
    ['a lone %', 'postgresql://u:planted%40@h/d'],
    ['an unknown name', '%(planted)s'],
    ['itself', '%(sql_alchemy_conn)s'],
  ])('refuses %s, by name and without the value', async (_, value) => {
    const error: unknown = await settings({ cfg: `[database]\nsql_alchemy_conn = ${value}\n` }).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'import-airflow-cfg',
      message: '/hub/airflow.cfg: the value of [database] sql_alchemy_conn has a "%" that Airflow cannot read',
    })
  })
})
