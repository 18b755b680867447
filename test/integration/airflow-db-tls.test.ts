/**
 * TLS to a database server, as the URL asks for it, with a certificate of `localhost` that no public authority signed.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  EXPECTED,
  folder,
  ordinaryRows,
  type Place,
  plain,
  read,
  removePlaces,
  serverPlace,
} from './airflow-places.case.ts'
import { createTables } from './airflow-tables.case.ts'
import { certify } from './certificate.case.ts'
import { startMariadb } from './mariadb.case.ts'
import { type RunningDatabase, startPostgres } from './postgres.case.ts'

const ca = join(folder, 'server.pem')
const servers: RunningDatabase[] = []
const urls: { postgres?: string; mysql?: string } = {}

beforeAll(async () => {
  const { certificate, key } = certify(folder, 'server', { altNames: 'DNS:localhost' })
  const tls = { cert: certificate.toString(), key: key.toString() }
  const [postgres, mariadb] = await Promise.all([startPostgres({ tls }), startMariadb({ tls })])
  urls.postgres = await fill(serverPlace('postgres', postgres))
  servers.push(postgres)
  if (mariadb === undefined) return
  urls.mysql = await fill(serverPlace('mysql', mariadb))
  servers.push(mariadb)
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  removePlaces()
})

function fill(at: Place): Promise<string> {
  return at.make(createTables(at.engine, '3.3') + ordinaryRows(at.engine))
}

type Engine = 'postgres' | 'mysql'
const query: Readonly<Record<Engine, Readonly<Record<'require' | 'ca' | 'full' | 'fullNoCa', string>>>> = {
  postgres: {
    require: '?sslmode=require',
    ca: `?sslmode=verify-ca&sslrootcert=${ca}`,
    full: `?sslmode=verify-full&sslrootcert=${ca}`,
    fullNoCa: '?sslmode=verify-full',
  },
  mysql: {
    require: '?ssl_mode=REQUIRED',
    ca: `?ssl_ca=${ca}`,
    full: `?ssl_mode=VERIFY_IDENTITY&ssl_ca=${ca}`,
    fullNoCa: '?ssl_mode=VERIFY_IDENTITY',
  },
}

describe.each<Engine>(['postgres', 'mysql'])('%s', (engine) => {
  it.for([
    ['nothing', 'address', ''],
    ['encryption', 'address', query[engine].require],
    ['a known authority', 'address', query[engine].ca],
    ['a known authority and the right name', 'name', query[engine].full],
  ])('reads when the URL asks for %s, by its %s', async ([, by, asked], { skip }) => {
    const url = urls[engine]
    if (url === undefined) return skip('no MariaDB on this machine')
    const reading = await read((by === 'name' ? url.replace('127.0.0.1', 'localhost') : url) + asked)
    expect(plain(reading)).toEqual(EXPECTED)
  })

  it.for([
    ['the name is another', 'address', query[engine].full],
    ['the authority is not known', 'name', query[engine].fullNoCa],
    ['there is no such CA file', 'name', query[engine].full.replace('server.pem', 'none.pem')],
  ])('does not log in when %s, asked by its %s', async ([, by, asked], { skip }) => {
    const url = urls[engine]
    if (url === undefined) return skip('no MariaDB on this machine')
    const reading = read((by === 'name' ? url.replace('127.0.0.1', 'localhost') : url) + asked)
    await expect(reading).rejects.toMatchObject({ name: 'ImportError', code: 'import-database-tls' })
  })
})
