import { describe, expect, it } from 'vitest'
import { mentionsOf } from './dag-mentions.ts'

const ROOT = '/hub/dags'
const file = (path: string, text: string): { path: string; text: string } => ({ path: `${ROOT}/${path}`, text })
const mentions = (ids: readonly string[], ...files: { path: string; text: string }[]): Record<string, string> =>
  Object.fromEntries(mentionsOf(files, ids, ROOT))

describe('mentionsOf', () => {
  it.each([
    ['a Python text', 'x.py', 'hook = PostgresHook(postgres_conn_id="my_db")'],
    ['single quotes', 'deep/er/x.py', "Variable.get('my_db', default=None)"],
    ['a template', 'x.sql', 'select {{ conn.my_db.host }}'],
    ['a template without blanks', 'x.sql', '{{var.value.my_db}}'],
    ['YAML', 'x.yaml', 'postgres_conn_id: my_db'],
    ['JSON', 'x.json', '{"conn_id":"my_db"}'],
    ['a path', 'x.py', 'ObjectStoragePath("s3://my_db@bucket/key")'],
    ['a sentence', 'x.py', '# see my_db.'],
    ['an environment variable', 'x.py', 'os.environ["AIRFLOW_CONN_MY_DB"]'],
    ['another environment variable', 'x.yml', '- AIRFLOW_VAR_MY_DB'],
  ])('finds an id in %s', (_, path, text) => {
    expect(mentions(['my_db'], file(`trading/${path}`, text))).toEqual({ my_db: 'trading' })
  })

  it.each([
    ['a longer word', 'my_db2 xmy_db my_db_x'],
    ['a word with a dash', 'my_db-2'],
    ['a word of other letters', 'ümy_db'],
    ['other case', 'MY_DB'],
  ])('finds none in %s', (_, text) => {
    expect(mentions(['my_db'], file('trading/x.py', text))).toEqual({})
  })

  it('takes the longest id of a word', () => {
    expect(mentions(['a', 'a.b', 'a/b'], file('one/x.py', 'a.b.c'), file('two/x.py', '"a/b"'))).toEqual({
      'a.b': 'one',
      'a/b': 'two',
    })
    expect(mentions(['a.b', 'c'], file('one/x.py', 'x.a.b.c.d'))).toEqual({ 'a.b': 'one', c: 'one' })
    expect(mentions(['my-db', 'my'], file('one/x.py', 'conn.my-db.host my-db-'))).toEqual({ 'my-db': 'one' })
  })

  it('decides nothing for an id that several folders mention, or a file at the top', () => {
    const ids = ['both', 'top', 'one']
    expect(
      mentions(
        ids,
        file('a/x.py', 'both top one'),
        file('b/x.py', 'both'),
        file('a/y.py', 'both one'),
        file('shared.py', 'top'),
      ),
    ).toEqual({ one: 'a' })
    expect(mentions(ids, file('shared.py', 'top'), file('a/x.py', 'top'))).toEqual({})
  })

  it('reads no other files, and none outside of the root', () => {
    expect(mentions(['x'], file('a/x.md', 'x'), file('a/x.pyc', 'x'), file('../other/x.py', 'x'))).toEqual({})
  })

  it('names both of two ids that share an environment variable', () => {
    expect(mentions(['x', 'X'], file('a/x.py', 'AIRFLOW_VAR_X'))).toEqual({ x: 'a', X: 'a' })
  })

  it('looks 20,000 ids up in a megabyte at once', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `conn_${index}`)
    const text = ids.map((id) => `Hook("${id}").run("conn.${id}.host/a/b/c")\n`).join('')
    const started = performance.now()
    expect(Object.keys(mentions(ids, file('a/x.py', text)))).toHaveLength(20_000)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('does not hang on long words', () => {
    expect(mentions(['a'], file('x/x.py', `${'a/'.repeat(200_000)} ${'-'.repeat(200_000)}.`))).toEqual({ a: 'x' })
  })
})
