import { describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { emptyHub } from './hub-source.ts'
import { seedsOf, type TestSecrets } from './secrets.ts'

const { vault } = emptyHub('secret')
const seeds = (secrets: TestSecrets) =>
  Object.fromEntries([...seedsOf(secrets, vault)].map(([path, data]) => [path, data.reveal()]))

describe('secrets as a test writes them', () => {
  it('takes a connection as URI, as JSON and as object', () => {
    const stored = { conn_type: 'postgres', host: 'db.example.com', login: 'ann', password: 'p/w', port: 5432 }
    const { port, ...rest } = stored
    expect(
      seeds({
        connections: {
          a: 'postgresql://ann:p%2Fw@db.example.com:5432/',
          b: ` ${JSON.stringify({ ...rest, port: String(port) })}`,
          c: stored,
          d: sensitive('postgresql://ann:p%2Fw@db.example.com:5432/'),
          e: { ...stored, password: sensitive('p/w') },
        },
      }),
    ).toEqual(Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [`airflow/connections/${id}`, stored])))
  })

  it('keeps text of a variable and writes all else as JSON', () => {
    expect(
      seeds({
        variables: { text: '{"a": 1}', list: [1, 2], secret: sensitive('planted'), deep: { list: [sensitive('in')] } },
      }),
    ).toEqual({
      'airflow/variables/text': { value: '{"a": 1}' },
      'airflow/variables/list': { value: '[1,2]' },
      'airflow/variables/secret': { value: 'planted' },
      'airflow/variables/deep': { value: '{"list":["in"]}' },
    })
  })

  it('takes configuration options and entries of any path', () => {
    expect(seeds({ configs: { conn_value: 'sqlite://' }, kv: { 'projects/trading/exchange': { key: 'k' } } })).toEqual({
      'airflow/config/conn_value': { value: 'sqlite://' },
      'projects/trading/exchange': { key: 'k' },
    })
  })

  it.each([
    ['a URI without a type', { connections: { a: 'planted' } }],
    ['an id with a slash', { connections: { 'a/b': 'http://x' } }],
    ['a key with an empty segment', { variables: { 'a//b': 'x' } }],
    ['a path with an empty segment', { kv: { '/a': { x: 'y' } } }],
    ['one path twice', { variables: { a: 'x' }, kv: { 'airflow/variables/a': { value: 'y' } } }],
  ])('refuses %s', (_, secrets) => {
    expect(() => seeds(secrets)).toThrow(expect.objectContaining({ code: 'testing-secrets' }))
  })

  it('never says what stood in a connection that it cannot read', () => {
    for (const written of [
      'http://[planted',
      '{"conn_type": "http", "planted": 1, "password": "planted-too"}',
      { port: 'planted' },
    ]) {
      let text = ''
      try {
        seeds({ connections: { broken: written } })
      } catch (error) {
        text = String(error)
      }
      expect(text).toContain('broken')
      expect(text).not.toContain('planted-too')
      if (typeof written === 'string' && !written.startsWith('{')) expect(text).not.toContain('planted')
    }
  })
})
