/**
 * Makes examples/before-plenum/airflow/airflow.db: the tables `connection` and `variable` as Airflow 3.3 has them, with
 * made-up rows, encrypted with the key in airflow.cfg beside it. Needs a build.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import sqlite from 'node-sqlite3-wasm'
import { Fernet } from '../dist/airflow/index.js'
import { sensitive } from '../dist/sensitive/index.js'
import { root } from './setup.mjs'

const folder = join(root, 'examples/before-plenum/airflow')
const key = /^fernet_key = (.+)$/m.exec(readFileSync(join(folder, 'airflow.cfg'), 'utf8'))[1]
const fernet = new Fernet(sensitive(key))
const made = Date.UTC(2026, 0, 15)

/** The IV comes from the value's own name, so that making it again gives the same file. */
function encrypt(name, value) {
  const iv = createHash('sha256').update(name).digest().subarray(0, 16)
  return fernet.encrypt(sensitive(value), { now: made, iv })
}

/** @type {readonly (readonly [string, string, string | null, string | null, string | null, string | null, string | null, number | null, object | null])[]} */
const CONNECTIONS = [
  [
    'broker_api',
    'http',
    "Broker's REST API",
    'https://broker.example.com',
    null,
    'trading',
    'broker-example-31c4',
    null,
    {},
  ],
  [
    'warehouse',
    'postgres',
    null,
    'warehouse.example.com',
    'analytics',
    'reporting',
    'warehouse-example-77e0',
    5439,
    { sslmode: 'verify-full', keepalives_idle: 30 },
  ],
  [
    'market_archive',
    'aws',
    'Prices of the last ten years',
    null,
    null,
    'AKIAEXAMPLEONLY',
    'archive-example-5a90',
    null,
    { region_name: 'eu-central-1' },
  ],
  // As `airflow connections create-default-connections` makes them.
  ['http_default', 'http', null, 'https://www.httpbin.org/', null, null, null, null, null],
  ['postgres_default', 'postgres', null, 'postgres', 'airflow', 'postgres', 'airflow', null, null],
  ['redis_default', 'redis', null, 'redis', null, null, null, 6379, { db: 0 }],
]
const VARIABLES = [
  ['order_signing_key', 'osk-example-b7c2f04e91', 'Signs orders; known to the broker'],
  ['market_watchlist', 'DAX,SMI,ATX', null],
]

rmSync(join(folder, 'airflow.db'), { force: true })
const database = new sqlite.Database(join(folder, 'airflow.db'))
database.exec(`
  CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
  CREATE TABLE connection (
    id INTEGER NOT NULL PRIMARY KEY, conn_id VARCHAR(250) NOT NULL UNIQUE, conn_type VARCHAR(500) NOT NULL,
    description VARCHAR(5000), host VARCHAR(500), "schema" VARCHAR(500), login TEXT, password TEXT, port INTEGER,
    is_encrypted BOOLEAN, is_extra_encrypted BOOLEAN, team_name VARCHAR(50), extra TEXT
  );
  CREATE TABLE variable (
    id INTEGER NOT NULL PRIMARY KEY, "key" VARCHAR(250) UNIQUE, val TEXT, description TEXT, is_encrypted BOOLEAN,
    team_name VARCHAR(50)
  );
`)
for (const [index, row] of CONNECTIONS.entries()) {
  const [id, type, description, host, schema, login, password, port, extra] = row
  const secret = password === null ? null : encrypt(`${id}.password`, password)
  const more = extra === null ? null : encrypt(`${id}.extra`, JSON.stringify(extra))
  database.run(
    'INSERT INTO connection (id, conn_id, conn_type, description, host, "schema", login, password, port, is_encrypted, is_extra_encrypted, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [
      index + 1,
      id,
      type,
      description,
      host,
      schema,
      login,
      secret,
      port,
      secret === null ? 0 : 1,
      more === null ? 0 : 1,
      more,
    ],
  )
}
for (const [index, [id, value, description]] of VARIABLES.entries()) {
  database.run('INSERT INTO variable (id, "key", val, description, is_encrypted) VALUES (?, ?, ?, ?, 1)', [
    index + 1,
    id,
    encrypt(id, value),
    description,
  ])
}
database.close()
