import * as fc from 'fast-check'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Json, sensitive } from '../sensitive/index.ts'
import type { Connection } from './connection.ts'
import { AirflowFormatError } from './errors.ts'
import { formatConnectionUri, parseConnectionUri } from './uri.ts'

const parse = (uri: string): Connection => parseConnectionUri('x', sensitive(uri))

/** Without absent fields, with secrets in clear. */
function shown({ connId, password, extra, ...rest }: Connection): Record<string, unknown> {
  expect(connId).toBe('x')
  const all = { ...rest, password: password?.reveal(), extra: extra?.reveal() }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

describe('parseConnectionUri (airflow 4.1)', () => {
  it.each([
    [
      'postgresql://U:p%2Fw@DB.Example.COM:5432/My%20Db?sslmode=require',
      {
        connType: 'postgres',
        host: 'db.example.com',
        schema: 'My Db',
        login: 'U',
        password: 'p/w',
        port: 5432,
        extra: { sslmode: 'require' },
      },
    ],
    [
      'google_cloud_platform://?key=1',
      { connType: '', host: '', schema: 'oogle_cloud_platform//', extra: { key: '1' } },
    ],
    [
      'google-cloud-platform://?key=1',
      { connType: 'google_cloud_platform', host: '', schema: '', extra: { key: '1' } },
    ],
    ['https://api.x.com', { connType: 'https', host: 'api.x.com', schema: '' }],
    ['http://https://api.x.com', { connType: 'http', host: 'https://api.x.com', schema: '' }],
    ['http://https://u:p@host', { connType: 'http', host: 'https://host', login: 'u', password: 'p', schema: '' }],
    [
      'x://u:a+b@h/?k=a+b&k=c&e=',
      { connType: 'x', host: 'h', login: 'u', password: 'a+b', schema: '', extra: { k: 'c', e: '' } },
    ],
    ['sqlite:///tmp/x.db', { connType: 'sqlite', host: '', schema: 'tmp/x.db' }],
    ['sqlite://%2Ftmp%2Fx.db', { connType: 'sqlite', host: '/tmp/x.db', schema: '' }],
    ['x://@:33/', { connType: 'x', host: '', login: '', port: 33, schema: '' }],
    ['x://[::1]:80/', { connType: 'x', host: '::1', port: 80, schema: '' }],
    [
      'aws://AK:se%2Fcret@/?__extra__=%7B%22a%22%3A1%7D',
      { connType: 'aws', host: '', login: 'AK', password: 'se/cret', schema: '', extra: { a: 1 } },
    ],
    // Beyond the table: what the real code does all the same.
    ['POSTGRESQL://h', { connType: 'postgres', host: 'h', schema: '' }],
    ['sqlite://u@%2FTmp%2FX.db:1', { connType: 'sqlite', host: '/Tmp/X.db', login: 'u', port: 1, schema: '' }],
    ['  ', { connType: '', host: '', schema: '' }],
    ['x://x://h', { connType: 'x', host: '', schema: '' }],
    ['x://h?__extra__=%7B%7D&a=1', { connType: 'x', host: 'h', schema: '', extra: {} }],
    ['x://h?__extra__=', { connType: 'x', host: 'h', schema: '' }],
    ['x://u:@h#f', { connType: 'x', host: 'h', login: 'u', schema: '' }],
    ['x://h?__proto__=1', { connType: 'x', host: 'h', schema: '', extra: JSON.parse('{"__proto__":"1"}') as Json }],
  ])('reads %s', (uri, fields) => {
    expect(shown(parse(uri))).toEqual(fields)
  })

  it.each([
    ['http://user:pa#ss@host/x', 'airflow-uri'],
    ['my://l:pa/ss@h', 'airflow-uri'],
    ['mongo://u:p@h1:27017,h2:27017/db', 'airflow-uri'],
    ['x://h:99999', 'airflow-uri'],
    ['http://u:pass-ss@https://host', 'airflow-uri'],
    ['a://b://c://pass-ss', 'airflow-uri'],
    ['x://u:pass-ss@[h', 'airflow-uri'],
    ['', 'airflow-uri'],
    ['x://h?__extra__=%5B1%5D', 'airflow-extra'],
    ['x://h?__extra__=pass-ss', 'airflow-extra'],
  ])('refuses %j with %s', (uri, code) => {
    const failure = (): unknown => {
      try {
        return parse(uri)
      } catch (error) {
        return error
      }
    }
    expect(failure()).toBeInstanceOf(AirflowFormatError)
    expect(failure()).toMatchObject({ code, connId: 'x' })
    expect(inspect(failure(), { depth: 9 })).not.toMatch(/pass?[#/-]?ss/)
  })

  it('throws nothing but its own error, and shows nothing of the text in it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z:/@#?[\]%&=.0-9-]{0,40}$/), (rest) => {
        try {
          parse(`x://planted-value:${rest}`)
        } catch (error) {
          expect(error).toBeInstanceOf(AirflowFormatError)
          expect(String(error)).not.toContain('planted-value')
        }
      }),
    )
  })
})

describe('formatConnectionUri', () => {
  const uri = (connection: Partial<Connection>): string =>
    formatConnectionUri({ connId: 'x', connType: 'x', ...connection }).reveal()

  it.each<[Partial<Connection>, string]>([
    [{ connType: 'google_cloud_platform' }, 'google-cloud-platform:///'],
    [
      { connType: 'postgresql', host: 'h', login: 'u', password: sensitive('p/w'), port: 5432, schema: 'My Db' },
      'postgres://u:p%2Fw@h:5432/My%20Db',
    ],
    [{ password: sensitive('p') }, 'x://:p@/'],
    [{ host: 'https://api.x.com' }, 'x://https%3A%2F%2Fapi.x.com/'],
    [{ host: 'dB.x' }, 'x://d%42.x/'],
    [{ port: 0 }, 'x://:0/'],
    [{ extra: sensitive({}) }, 'x:///'],
    [{ extra: sensitive({ sslmode: 'require', 'a b': '' }) }, 'x:///?sslmode=require&a%20b='],
    [{ extra: sensitive({ port: '1' }) }, 'x:///?__extra__=%7B%22port%22%3A%221%22%7D'],
    [{ extra: sensitive({ flag: true }) }, 'x:///?__extra__=%7B%22flag%22%3Atrue%7D'],
    [{ extra: sensitive({ a: ' Infinity' }) }, 'x:///?__extra__=%7B%22a%22%3A%22%20Infinity%22%7D'],
    [{ extra: sensitive({ __extra__: 'x' }) }, 'x:///?__extra__=%7B%22__extra__%22%3A%22x%22%7D'],
  ])('writes %j', (connection, text) => {
    expect(uri(connection)).toBe(text)
  })

  it.each(['', 'Http', 'my type', '1x', 'é'])('refuses the type %j', (connType) => {
    expect(() => uri({ connType })).toThrow(expect.objectContaining({ code: 'airflow-uri-inexpressible' }))
  })

  it('refuses half a surrogate pair', () => {
    expect(() => uri({ login: '\uD83D' })).toThrow(expect.objectContaining({ code: 'airflow-uri-inexpressible' }))
  })

  it('is read back as the same connection', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 })
    const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.option(arbitrary, { nil: undefined })
    const connections = fc.record({
      connId: fc.constant('x'),
      connType: fc.constantFrom('postgres', 'http', 'a_b', 'a.b+c'),
      host: option(fc.oneof(text, fc.constantFrom('DB.Example', 'https://API.x', '/Tmp/X', '::1'))),
      login: option(text),
      password: option(text.map(sensitive)),
      schema: option(text),
      port: option(fc.integer({ min: 0, max: 65_535 })),
      extra: option(
        fc
          .dictionary(
            fc.string({ unit: 'binary' }),
            fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean()),
            { minKeys: 1, noNullPrototype: true },
          )
          .map((value) => sensitive(value)),
      ),
    })
    const filled = (connection: Connection): unknown =>
      Object.fromEntries(Object.entries(shown(connection)).filter(([, value]) => value !== ''))
    fc.assert(
      fc.property(connections, (connection) => {
        expect(filled(parseConnectionUri('x', formatConnectionUri(connection)))).toEqual(filled(connection))
      }),
    )
  })
})
