/**
 * Random connections, variables and URIs. One seed for a run, printed, so that a failure can be repeated:
 * `PLENUM_SEED=123 npx vitest run --project airflow`.
 */
import * as fc from 'fast-check'
import type { Connection } from '../../src/airflow/index.ts'
import { type Json, sensitive } from '../../src/sensitive/index.ts'

export const SEED: number = Number(process.env['PLENUM_SEED'] ?? 20_261_125)

/** `count` values of a generator, always the same for a seed. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { seed: SEED, numRuns: count })
}

const NASTY = [
  "it's",
  '"quoted"',
  'back\\slash',
  'two\nlines\r\n',
  '100%',
  '%41%zz',
  '# no comment',
  '$HOME ${X:-y} $$',
  'ключ',
  '密钥',
  '🔑👩‍👩‍👧',
  '\u0000\u0001\u007f',
  '\u2028\u2029',
  '\uFEFFbom',
  ' spaces ',
  '\t',
  'a=b&c=d',
  'a+b',
  'https://u:p@h/p?q#f',
  '{"a": 1}',
  '[1]',
  'null',
  'true',
  '12',
  '1e3',
  '***',
  '{{ var.value.x }}',
  'é',
  'e\u0301',
]

/** Never empty. */
const filled = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 200, maxLength: 4000 }) },
)

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 9, arbitrary: filled },
)

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 53, -(2 ** 53), 0, -1, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
)

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(text, tie('json'), { maxKeys: 4 }),
  ),
}))

const extra = fc.dictionary(text, json, { maxKeys: 6, noNullPrototype: true })
const port = fc.oneof(fc.constantFrom(0, 1, 443, 5432, 65_535), fc.integer({ min: 0, max: 65_535 }))
const connType = fc.oneof(
  fc.constantFrom(
    'postgres',
    'postgresql',
    'google-cloud-platform',
    'google_cloud_platform',
    'http',
    'aws',
    'Generic',
    'my type',
  ),
  filled,
)

/** Everything `[A-Za-z0-9_.-]{1,200}` but the two that are path segments. */
export const id: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: fc.stringMatching(/^[A-Za-z0-9_.-]{1,30}$/) },
    { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9_.-]{150,200}$/) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('...', '-', '_', 'a.b', '.hidden', 'UPPER', 'upper', 'data', 'x'.repeat(200)),
    },
  )
  .filter((value) => value !== '.' && value !== '..')

const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 4 })

export const connection: fc.Arbitrary<Connection> = fc.record({
  connId: id,
  connType,
  description: option(text),
  host: option(text),
  login: option(text),
  password: option(text.map(sensitive)),
  schema: option(text),
  port: option(port),
  extra: option(extra.map(sensitive)),
})

/** A connection whose type a URI can carry. */
export const uriConnection: fc.Arbitrary<Connection> = fc
  .tuple(
    connection,
    fc.constantFrom('postgres', 'postgresql', 'google_cloud_platform', 'http', 's3', 'a.b+c'),
    fc.constantFrom(undefined, 'DB.Example.COM', 'https://API.example.com', '/Tmp/X.db', '::1', 'host'),
  )
  .map(([base, connType, host]) => ({ ...base, connType, host: host ?? base.host }))

const PIECES = [
  'x',
  'http',
  'https',
  'postgresql',
  'google-cloud-platform',
  'a_b',
  '://',
  ':',
  '/',
  '//',
  '?',
  '#',
  '@',
  '&',
  '=',
  '+',
  '%',
  '%2F',
  '%40',
  '%3A',
  '%E4',
  '%e4%bd%a0',
  '%F0%9F%98%80',
  '%zz',
  '%00',
  '[',
  ']',
  '[::1]',
  '[fe80::1%25eth0]',
  '[1.2.3.4]',
  '[::ffff:1.2.3.4]',
  '[v1.a]',
  '.',
  '-',
  '_',
  ';',
  ' ',
  '\t',
  '\n',
  'Host',
  'h',
  'User',
  'p',
  '0',
  '80',
  '65535',
  '65536',
  '٣',
  'Ä',
  'İ',
  '你',
  '😀',
  '℀',
  '__extra__',
  '{}',
  '%7B%22a%22%3A1%7D',
  '[1]',
  'true',
  '1',
  'null',
]

const soup = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''))
const part = fc.oneof(fc.constantFrom(...PIECES), fc.stringMatching(/^[A-Za-z0-9%_.~-]{0,12}$/), fc.constant(''))

/** URIs as people write them: mostly right, often not. */
export const uri: fc.Arbitrary<string> = fc
  .oneof(
    soup,
    soup.map((rest) => `x://${rest}`),
    fc
      .record({
        scheme: fc.constantFrom('x', 'http', 'postgresql', 'Aws', 'http://https', 'a-b', 'a_b'),
        user: option(part),
        password: option(part),
        host: part,
        port: option(fc.oneof(port.map(String), part)),
        path: option(part),
        query: option(fc.array(fc.tuple(part, part), { maxLength: 3 })),
      })
      .map(({ scheme, user, password, host, port, path, query }) =>
        [
          `${scheme}://`,
          user === undefined ? '' : `${user}${password === undefined ? '' : `:${password}`}@`,
          host,
          port === undefined ? '' : `:${port}`,
          path === undefined ? '' : `/${path}`,
          query === undefined ? '' : `?${query.map(([key, value]) => `${key}=${value}`).join('&')}`,
        ].join(''),
      ),
  )
  .filter((value) => value !== '')

const odd: fc.Arbitrary<Json> = fc.oneof(
  text,
  fc.constantFrom<Json>(
    null,
    0,
    1,
    5432,
    7.9,
    true,
    false,
    {},
    [],
    [1],
    { a: 1 },
    '5432',
    ' 5_432 ',
    '+80',
    'http',
    '',
    '{}',
    '{"a": "b"}',
    '[1]',
    '"x"',
    'no json',
  ),
)

/** Secrets as somebody else may have put them into Vault. */
export const foreignSecret: fc.Arbitrary<Readonly<Record<string, Json>>> = fc
  .record(
    {
      conn_type: fc.oneof(fc.constantFrom<Json>('postgresql', 'google-cloud-platform', 'http', ''), odd),
      description: odd,
      host: odd,
      login: odd,
      password: odd,
      schema: odd,
      port: odd,
      extra: odd,
      uri: fc.oneof(uri, odd),
      conn_uri: fc.oneof(uri, fc.constantFrom('{"conn_type": "http", "port": "80"}', ' {"host": "h"} ', '{broken')),
      owner: odd,
      team_name: odd,
    },
    { requiredKeys: [] },
  )
  .chain((full) => {
    const keys = Object.keys(full)
    // Whole records seldom mean anything: mostly a few keys.
    return keys.length === 0
      ? fc.constant(full)
      : fc
          .subarray(keys, { maxLength: 4 })
          .map(
            (chosen) =>
              Object.fromEntries(Object.entries(full).filter(([key]) => chosen.includes(key))) as Readonly<
                Record<string, Json>
              >,
          )
  })
