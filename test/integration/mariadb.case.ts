/**
 * A MariaDB of its own for a suite, where the machine has one: loopback, free port. Undefined elsewhere, and the
 * reason is printed, so that the suite can skip.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { makeServerFolder, type RunningDatabase, type StartOptions, startServer } from './database-process.case.ts'

export type { RunningDatabase } from './database-process.case.ts'

const host = '127.0.0.1'
const user = 'plenum_admin'

export async function startMariadb({ tls }: StartOptions = {}): Promise<RunningDatabase | undefined> {
  const mariadbd = find('mariadbd')
  const install = find('mariadb-install-db')
  if (mariadbd === undefined || install === undefined) {
    process.stderr.write(
      'skipped: no MariaDB on this machine (mariadbd and mariadb-install-db on PATH or in /usr/sbin)\n',
    )
    return undefined
  }
  const password = randomBytes(12).toString('hex')
  const folder = makeServerFolder('mariadb')
  const data = join(folder.path, 'data')
  await folder.run(install, [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
  ])
  // Without the anonymous user, who would shut out `user` from this host.
  const setUp = folder.write(
    'set-up.sql',
    `DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
CREATE USER '${user}'@'%' IDENTIFIED BY '${password}';
GRANT ALL ON *.* TO '${user}'@'%' WITH GRANT OPTION;
`,
  )
  const open = (port: number, database?: string): ReturnType<typeof createConnection> =>
    createConnection({
      host,
      port,
      user,
      password,
      multipleStatements: true,
      ...(database === undefined ? {} : { database }),
    })
  const { port, stop } = await startServer(folder, {
    command: mariadbd,
    args: (free) => [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${join(folder.path, 'socket')}`,
      `--port=${free}`,
      `--bind-address=${host}`,
      `--pid-file=${join(folder.path, 'pid')}`,
      `--init-file=${setUp}`,
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=32M',
      ...(tls === undefined
        ? []
        : [`--ssl-cert=${folder.write('cert', tls.cert)}`, `--ssl-key=${folder.write('key', tls.key)}`]),
    ],
    signal: 'TERM',
    probe: async (free) => (await open(free)).end(),
  })
  const query = async (database: string | undefined, sql: string): Promise<unknown[]> => {
    const connection = await open(port, database)
    try {
      const [result] = await connection.query(sql)
      const last: unknown = Array.isArray(result) && result.some(Array.isArray) ? result.at(-1) : result
      return Array.isArray(last) ? last : []
    } finally {
      await connection.end()
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
      await query(undefined, `CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`)
    },
  }
}

function find(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path))
}
