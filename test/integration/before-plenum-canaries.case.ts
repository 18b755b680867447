/**
 * A folder as hubs have it before Plenum, with a planted value in every place that an importer reads; and one in which
 * everything is broken right inside a planted value.
 *
 * Each value holds MARK several times, so that its pieces are found too. No id, host or name of a file holds it.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sqlite from 'node-sqlite3-wasm'
import { type Cells, createTables, encrypt, insert, makeKey } from './airflow-tables.case.ts'

export const MARK = 'Zq7kanary'
/** A value without special characters. */
export const plain = (label: string): string => `${MARK}${label}-${MARK}`
/** A value with those that every format writes otherwise. */
export const hard = (label: string): string => `${MARK}${label} "q" \\ /%41@:#?&=+ ä 'r' ${MARK}`

/** A Fernet key that is a planted value itself. */
export const FERNET_KEY: string = Buffer.from(`${MARK}FernetKey0123456789012345`.padEnd(43, 'A'), 'base64url')
  .toString('base64url')
  .padEnd(44, '=')
const LOST_KEY = makeKey()

/** Environment variables that compose and devcontainer.json ask for. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  FROM_ENVIRONMENT_TOKEN: hard('Environment'),
  COMPOSE_SECRET_TOKEN: hard('ComposeSecret'),
  LOCAL_DEV_TOKEN: plain('LocalEnv'),
}

const connection = (id: number, name: string, more: Cells): Cells => ({
  id,
  conn_id: name,
  conn_type: 'http',
  host: 'db.example.com',
  is_encrypted: false,
  is_extra_encrypted: false,
  ...more,
})

/** Rows that can be brought. */
function goodRows(): string {
  const encrypted = { is_encrypted: true, is_extra_encrypted: true }
  return [
    insert('sqlite', 'connection', [
      connection(1, 'db_fernet', {
        password: encrypt(FERNET_KEY, hard('DbPassword')),
        extra: encrypt(FERNET_KEY, JSON.stringify({ api_token: hard('DbExtra'), deep: { key: plain('DbDeep') } })),
        ...encrypted,
      }),
      connection(2, 'db_clear', {
        login: hard('DbLogin'),
        password: hard('DbClear'),
        extra: JSON.stringify({ private_key: `-----BEGIN KEY-----\n${plain('DbKey')}\n` }),
      }),
      connection(3, 'db_url', { host: `https://user:${plain('DbHost')}@db.example.com/p?token=${plain('DbQuery')}` }),
    ]),
    insert('sqlite', 'variable', [
      { id: 1, key: 'db_var_fernet', val: encrypt(FERNET_KEY, hard('DbVariable')), is_encrypted: true },
      { id: 2, key: 'db_var_clear', val: JSON.stringify({ token: hard('DbVarClear') }), is_encrypted: false },
    ]),
  ].join('')
}

/** Rows that cannot: a lost key, no JSON, a port that is none, ids that Vault cannot hold, a value that is too large. */
export function badRows(): string {
  return [
    insert('sqlite', 'connection', [
      connection(11, 'db_lost', { password: encrypt(LOST_KEY, plain('DbLost')), is_encrypted: true }),
      connection(12, 'db_no_json', { extra: `{"token": "${plain('DbNoJson')}` }),
      connection(13, 'db_list', { extra: `["${plain('DbList')}"]` }),
      connection(14, 'db_port', { port: plain('DbPort'), password: plain('DbPortPassword') }),
      connection(15, 'db with blanks', { password: plain('DbBlanks') }),
      connection(16, 'db/slash', { password: plain('DbSlash') }),
      connection(17, 'db_no_token', { password: plain('DbNoToken'), is_encrypted: true }),
    ]),
    insert('sqlite', 'variable', [
      { id: 11, key: '../db_up', val: plain('DbUp'), is_encrypted: false },
      { id: 12, key: 'db_large', val: plain('DbLarge').padEnd(2_000_000, '.'), is_encrypted: false },
      { id: 13, key: 'db_var_lost', val: encrypt(LOST_KEY, plain('DbVarLost')), is_encrypted: true },
    ]),
  ].join('')
}

export function makeDatabase(path: string, rows: string = goodRows()): void {
  change(path, createTables('sqlite', '3.3') + rows)
}

export function change(path: string, sql: string): void {
  const database = new sqlite.Database(path)
  try {
    database.exec(sql)
  } finally {
    database.close()
  }
}

const json = JSON.stringify
const inUri = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27')
const indent = (text: string, by: string): string => text.replaceAll(/^/gm, by)

/** Every file of the folder by its path. */
function files(folder: string): Record<string, string> {
  return {
    'airflow/airflow.cfg': `[core]\nfernet_key_cmd = ${join(folder, 'print-key')}\n[database]\nsql_alchemy_conn = sqlite:///${join(folder, 'airflow/airflow.db')}\n`,
    'print-key': `#!/bin/sh\ncat /proc/$$/environ > "$PLENUM_PROBE_CHILDREN/key.$$"\necho 'said beside: ${plain('KeyCommand')}' >&2\necho '${FERNET_KEY}'\n`,
    '.env': [
      `DOTENV_PASSWORD=${json(hard('Dotenv'))}`,
      `DOTENV_TOKEN=${plain('DotenvOld')}`,
      `export DOTENV_TOKEN='${plain('DotenvToken')}' # ${plain('DotenvComment')}`,
      `DOTENV_PRIVATE_KEY="first ${plain('DotenvFirst')}\nsecond ${plain('DotenvSecond')}"`,
      `AIRFLOW_CONN_DOTENV_URI='http://user:${inUri(hard('DotenvUri'))}@host.example.com/p?api_token=${plain('DotenvExtra')}'`,
      `AIRFLOW_CONN_DOTENV_JSON='${json({ conn_type: 'http', password: plain('DotenvJson'), extra: { token: plain('DotenvJsonExtra') } })}'`,
      `AIRFLOW_VAR_DOTENV_VAR=${plain('DotenvVar')}`,
      `AIRFLOW__SMTP__SMTP_PASSWORD=${plain('DotenvSmtp')}`,
      'LOG_LEVEL=INFO',
      '',
    ].join('\n'),
    'service.env': `SERVICE_FILE_PASSWORD=${plain('EnvFile')}\n`,
    'secret.txt': plain('SecretFile'),
    'docker-compose.yml': `x-common: &common
  COMMON_PASSWORD: ${plain('ComposeAnchor')}
services:
  map:
    image: example/one
    env_file: service.env
    environment:
      <<: *common
      AIRFLOW_CONN_COMPOSE_MAP: ${json(json({ conn_type: 'http', password: plain('ComposeMap') }))}
      DEFAULTED_PASSWORD: \${NOWHERE_SET:-${plain('ComposeDefault')}}
      FROM_ENVIRONMENT_TOKEN:
      HARD_PASSWORD: ${json(hard('ComposeHard'))}
  list:
    build:
      context: .
      args:
        BUILD_TOKEN: ${plain('ComposeArg')}
    environment:
      - AIRFLOW_VAR_COMPOSE_LIST=${plain('ComposeList')}
      - LISTED_API_KEY=\${FROM_ENVIRONMENT_TOKEN}
    command: airflow connections add other --conn-password ${plain('ComposeCommand')}
    secrets: [compose_secret, compose_file]
secrets:
  compose_secret: { environment: COMPOSE_SECRET_TOKEN }
  compose_file: { file: ./secret.txt }
configs:
  settings_token: { content: ${plain('ComposeConfig')} }
`,
    Dockerfile: `FROM example/base\nARG DOCKER_ARG_TOKEN=${plain('DockerArg')}\nENV DOCKER_PASSWORD="${plain('DockerEnv')} a" OTHER_SECRET=${plain('DockerOther')}\nENV DOCKER_OLD_SECRET ${plain('DockerOld')} \\\n  ${plain('DockerNext')}\n`,
    '.devcontainer/devcontainer.json': `{
  // ${plain('DevComment')}
  "containerEnv": { "DEV_PASSWORD": ${json(hard('DevContainer'))}, "DEV_LOCAL_TOKEN": "\${localEnv:LOCAL_DEV_TOKEN}", },
  "remoteEnv": { "DEV_REMOTE_SECRET": "${plain('DevRemote')}" },
  "build": { "args": { "DEV_BUILD_TOKEN": "${plain('DevArg')}" } },
}`,
    'connections.json': json({
      export_json: {
        conn_type: 'http',
        password: hard('ExportJson'),
        extra: json({ token: hard('ExportJsonExtra') }),
      },
    }),
    'variables.json': json({
      export_var: hard('ExportVar'),
      export_var_json: { token: plain('ExportVarJson') },
    }),
    'connections.yaml': `export_yaml:\n  conn_type: http\n  password: ${json(hard('ExportYaml'))}\n`,
    'variables.yaml': `export_var_yaml: ${json(hard('ExportVarYaml'))}\n`,
    'connections.env': `export_uri=http://user:${inUri(hard('ExportUri'))}@host.example.com/\nexport_env=http://user:${plain('ExportEnv')}@host.example.com/?token=${plain('ExportEnvExtra')}\n`,
    'airflow_settings.yaml': `airflow:
  connections:
    - conn_id: settings_conn
      conn_type: http
      conn_host: host.example.com
      conn_login: user
      conn_password: ${json(hard('SettingsPassword'))}
      conn_port: 8080
      conn_extra:
        token: ${json(hard('SettingsExtra'))}
    - conn_id: settings_uri
      conn_uri: http://user:${plain('SettingsUri')}@host.example.com/
  variables:
    - variable_name: settings_var
      variable_value: ${json(hard('SettingsVariable'))}
`,
    'values.yaml': `fernetKey: ${plain('HelmFernet')}
webserverSecretKey: ${plain('HelmWebserver')}
data:
  metadataConnection: { user: airflow, pass: ${plain('HelmMetadata')}, host: db.example.com, port: 5432 }
env:
  - name: AIRFLOW_CONN_HELM_ENV
    value: http://user:${plain('HelmEnv')}@host.example.com/
  - name: HELM_API_TOKEN
    value: ${json(hard('HelmToken'))}
extraEnv: |
  - name: AIRFLOW_VAR_HELM_EXTRA_ENV
    value: ${plain('HelmExtraEnv')}
extraSecrets:
  helm-secret:
    stringData: |
${indent(`AIRFLOW_CONN_HELM_SECRET: http://user:${plain('HelmSecret')}@host.example.com/`, '      ')}
    data: |
      AIRFLOW_VAR_HELM_DATA: ${Buffer.from(plain('HelmData')).toString('base64')}
workers:
  env:
    - name: WORKER_PASSWORD
      value: ${plain('HelmWorker')}
`,
  }
}

/** The sources in `folder`: absolute paths of all of them. */
export function plantSources(folder: string): string[] {
  const contents = files(folder)
  const paths = writeAll(folder, contents)
  chmodSync(join(folder, 'print-key'), 0o755)
  const database = join(folder, 'airflow/airflow.db')
  makeDatabase(database)
  return [...paths, database]
}

/** Files that are broken inside a value, by the source that reads them. */
export type BrokenSource = 'env-file' | 'compose' | 'airflow-export' | 'airflow-settings' | 'helm'

const BOMB = `${MARK}Bomb`
const bomb = (top: string): string =>
  `a: &a [${BOMB}, ${BOMB}, ${BOMB}, ${BOMB}, ${BOMB}, ${BOMB}, ${BOMB}, ${BOMB}]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h']
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefg'[index]}`).join(', ')}]`)
    .join('\n')}\n${top}: *h\n`
const UNCLOSED_YAML = (key: string): string => `${key}:\n  one: { password: "${MARK}Unclosed\n  two: [${MARK}Two\n`
const BROKEN: Readonly<Record<BrokenSource, Readonly<Record<string, string>>>> = {
  'env-file': {
    'unclosed.env': `GOOD_TOKEN=x\nUNCLOSED_PASSWORD="${plain('Unclosed')}\nNEXT_TOKEN=${plain('Next')}\n`,
    'lines.env': [
      plain('NoAssignment'),
      `A KEY=${plain('BadName')}`,
      `AIRFLOW_CONN_NO_JSON='{"conn_type": "http", "password": "${plain('NoJson')}'`,
      `AIRFLOW_CONN_NO_URI='http://user:${plain('NoUri')} x%ZZ@ho st:${plain('Port')}/[x'`,
      `AIRFLOW_CONN_BAD_PORT='{"conn_type": "http", "port": "${plain('PortText')}", "odd_key": "${plain('OddKey')}"}'`,
      `AIRFLOW_CONN_BAD_EXTRA='{"conn_type": "http", "extra": "{\\"token\\": \\"${plain('BadExtra')}"}'`,
      `AIRFLOW_CONN_EMPTY_TYPE='${plain('NoScheme')}'`,
      `LARGE_PASSWORD=${plain('Large').padEnd(2_000_000, '.')}`,
      `BYTES_PASSWORD=${plain('Bytes')}\xff`,
      '',
    ].join('\n'),
  },
  compose: {
    'unclosed.yml': UNCLOSED_YAML('services'),
    'bomb.yml': bomb('services'),
    'shapes.yml': `services:\n  one:\n    environment: ${plain('Shape')}\n  two:\n    environment: [[${plain('Nested')}], {A_TOKEN: ${plain('Item')}}]\n  three:\n    environment: { T_TOKEN: "\${X${plain('Interpolation')}", U_TOKEN: "\${-${plain('Operator')}}", V_TOKEN: "\${V?${plain('Needed')}}" }\n    build: { args: ${plain('Args')} }\n  four: ${plain('Service')}\nsecrets: { s: ${plain('Secret')} }\n`,
    Dockerfile: `FROM x\nENV UNCLOSED_PASSWORD="${plain('DockerUnclosed')}\nENV ${plain('DockerAlone')}\nARG A_TOKEN=\${NOPE:${plain('DockerOperator')}}\n${plain('DockerInstruction')} x\n`,
    'devcontainer.json': `{ "containerEnv": { "A_PASSWORD": "${plain('DevUnclosed')}\n } }`,
  },
  'airflow-export': {
    'broken.json': `{"one": {"conn_type": "http", "password": "${plain('JsonUnclosed')}\n`,
    'word.json': `{"one": {"conn_type": "http", "password": ${plain('JsonWord')}}}`,
    'escape.json': `{"one": {"conn_type": "http", "password": "\\x${plain('JsonEscape')}"}}`,
    'behind.json': `{"one": {"conn_type": "http"}} ${plain('JsonBehind')}`,
    'shapes.json': json({
      one: { conn_type: 'http', password: [plain('ShapeList')], port: plain('ShapePort') },
      two: plain('ShapeText'),
      three: [plain('ShapeArray')],
      four: { conn_type: 'http', extra: `{"t": "${plain('ShapeExtra')}` },
      five: `http://u:${plain('ShapeUri')}@h:${plain('ShapeUriPort')}/%ZZ`,
    }),
    'unclosed.yaml': UNCLOSED_YAML('conn'),
    'bomb.yaml': bomb('z'),
    'tag.yaml': `conn: !!python/object:${plain('Tag')} {conn_type: http, password: *${plain('Alias')}}\n`,
    'lines.env': `${plain('EnvNoId')}\none=${plain('EnvNoUri')}\ntwo=http://u:${plain('EnvBad')} %ZZ@h:x/\n`,
  },
  'airflow-settings': {
    'unclosed.yaml': UNCLOSED_YAML('airflow'),
    'bomb.yaml': bomb('airflow'),
    'shapes.yaml': `airflow:\n  connections:\n    - ${plain('ConnText')}\n    - { conn_id: a, conn_type: http, conn_port: ${plain('ConnPort')}, conn_extra: '{"t": "${plain('ConnExtra')}' }\n    - { conn_id: [${plain('ConnId')}], conn_password: [${plain('ConnList')}] }\n    - { conn_id: b, conn_uri: "http://u:${plain('ConnUri')} %ZZ@h:x/" }\n  variables: { a: ${plain('VarMap')} }\n`,
  },
  helm: {
    'unclosed.yaml': UNCLOSED_YAML('env'),
    'bomb.yaml': bomb('env'),
    'shapes.yaml': `env:\n  - ${plain('EnvText')}\n  - { name: AIRFLOW_CONN_X, value: [${plain('EnvList')}] }\n  - { name: AIRFLOW_CONN_Y, value: '{"password": "${plain('EnvJson')}' }\nextraEnv: |\n  - name: "${plain('ExtraUnclosed')}\nextraSecrets:\n  s:\n    stringData: |\n      A_TOKEN: "${plain('SecretUnclosed')}\n    data: |\n      B_TOKEN: "%%%${plain('NoBase64')}"\n  t: ${plain('SecretText')}\n`,
  },
}

/** Paths of the broken files of each source, below `folder`. */
export function plantBroken(folder: string): Readonly<Record<BrokenSource, readonly string[]>> {
  const paths = Object.entries(BROKEN).map(([source, contents]) => [source, writeAll(join(folder, source), contents)])
  return Object.fromEntries(paths) as Record<BrokenSource, string[]>
}

function writeAll(folder: string, contents: Readonly<Record<string, string>>): string[] {
  return Object.entries(contents).map(([name, content]) => {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    // As bytes, for what is not to be UTF-8.
    writeFileSync(path, content.includes('\xff') ? Buffer.from(content, 'latin1') : content)
    return path
  })
}
