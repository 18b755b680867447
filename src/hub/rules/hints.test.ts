import { describe, expect, it } from 'vitest'
import { HEAD, load, messagesOf, project, type World } from '../hub-text.case.ts'
import { connection, hub, prod, secret, variable, withVault } from './one-line.case.ts'

describe('hints', () => {
  const hintOf = (text: string, world: World = {}) => messagesOf(load(text, world))[0]?.hint

  it.each([
    ['con_type', project('connections:\n  a: { con_type: x }'), 'did you mean conn_type?'],
    ['username', connection('username: x'), 'did you mean login?'],
    ['conn_host', connection('conn_hots: x'), 'did you mean host?'],
    ['an environment', prod('{ address: https://v, ca_certt: x }'), 'did you mean ca_cert?'],
    ['a project', project('conections: {}'), 'did you mean connections?'],
    ['the top', hub(`${HEAD}enviroments: {}`), 'did you mean environments?'],
    ['a kind', connection('password: { evn: X }'), 'did you mean env?'],
    [
      'connections at the top',
      hub(`${HEAD}connections: {}`),
      'connections stand below a project: projects: { my-project: { connections: … } }',
    ],
    ['an URI', connection('uri: x'), 'write its parts: conn_type, host, login, password, schema, port, extra'],
    [
      'a merge key',
      connection('"<<": x'),
      'merge keys are not supported: repeat the keys, or use an alias for a whole value',
    ],
    ['a version that is a number', hub(HEAD.replace('"3.3"', '3.3')), 'put it in quotes'],
    ['data/ in a path', withVault('{ connections: data/airflow/connections }'), 'write airflow/connections'],
    [
      'mount and data/ in a reference',
      secret('{ k: { vault: { path: secret/data/a/b, field: f } } }'),
      'write a/b when that is not meant',
    ],
    ['a slash at the ends', withVault('{ mount: /secret/ }'), 'write secret'],
    ['upper case', `${HEAD}projects: { Trading: { variables: { a: b } } }`, 'write trading'],
  ])('for %s', (_, text, hint) => {
    expect(hintOf(text)).toBe(hint)
  })

  it('for a missing variable name the file where it may stand', () => {
    const text = connection('login: { env: A }').replace('projects:', 'env_files: [.env]\nprojects:')
    expect(hintOf(text, { files: { '/hub/.env': '' } })).toBe('set A, or write it into .env')
    expect(hintOf(connection('login: { env: A }'))).toBe('set A, or name a file that has it:  env_files: [.env]')
  })
})

describe('places', () => {
  const place = (text: string) => {
    const at = messagesOf(load(text))[0]?.at
    return `${at?.line}:${at?.column}`
  }

  it('points at the key for keys and ids, at the value for values', () => {
    expect(place('a: b: c')).toBe('1:4')
    expect(place(variable('a', 'x\n  a: y'))).toBe('8:7')
    expect(place(connection('owner: me'))).toBe('7:26')
    expect(place(connection('password: me'))).toBe('7:36')
    expect(place(variable('a b'))).toBe('7:7')
    expect(place(project('connections:\n  a: { host: h }'))).toBe('7:7')
  })

  it('points into what an alias means', () => {
    expect(place(variable('a', '&x { password: y }\n  b: *x'))).toBe('7:25')
  })

  it('names the line of an env file', () => {
    const [message] = messagesOf(load(hub(`${HEAD}env_files: [.env]`), { files: { '/hub/.env': 'A=1\n=x' } }))
    expect(message?.at).toEqual({ file: '/hub/.env', line: 2, column: 1 })
  })
})
