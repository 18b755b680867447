import { describe, expect, it } from 'vitest'
import { HEAD, project, type World } from '../hub-text.case.ts'
import { connection, hub, prod, said, secret, variable, withVault } from './one-line.case.ts'

/** The other side of each rule: near to it, and right. */
const RIGHT: readonly (readonly [what: string, text: string, world?: World])[] = [
  ['an env file that nobody needs and that is not there', hub(`${HEAD}env_files: [.env]`)],
  ['an alias', variable('a', '&x text\n  b: *x')],
  ['a number in its usual form', variable('a', '1.5')],
  ['a number in quotes', variable('a', '"007"')],
  ['the digits that can be kept', variable('a', '9007199254740991')],
  ['an empty variable', variable('a', '""')],
  ['a reference in extra', connection('extra: { x: { env: A } }'), { env: { A: '' } }],
  ['a mapping that only looks like a reference', connection('extra: { x: { env: prod, region: eu } }')],
  ['ends of the range of lengths', secret('{ a: { generate: { length: 8 } }, b: { generate: { length: 1024 } } }')],
  ['ten characters', secret('{ k: { generate: { alphabet: abcdefghij } } }')],
  ['a path elsewhere in Vault', secret('{ k: { vault: { path: team/other, field: f } } }')],
  ['references in a literal', variable('a', '{ literal: { x: { env: A }, y: 1 } }')],
  ['a variable of the process', connection('password: { env: A }'), { env: { A: 'x' } }],
  ['a file that is there', secret('{ k: { file: f } }'), { files: { '/hub/f': 'x' } }],
  ['an empty text that is no secret', connection('host: { env: A }'), { env: { A: '' } }],
  [
    'references that nobody asks about',
    connection('password: { env: A }, login: { file: f }'),
    { references: 'unchecked' },
  ],
  ['an env file', hub(`${HEAD}env_files: [.env]`), { files: { '/hub/.env': '# nothing\n' } }],
  [
    'flags and empty values below sensitive names',
    connection('extra: { use_proxy: true, token: "", secret: null, x_token: {} }'),
  ],
  [
    'references below sensitive names',
    connection('extra: { keyfile_dict: { private_key: { env: A } } }'),
    { env: { A: 'x' } },
  ],
  ['a sensitive variable from elsewhere', variable('my_api_key', '{ env: A }'), { env: { A: 'x' } }],
  ['a sensitive variable of someone else', variable('my_api_key', '{ external: true }')],
  [
    'an URL without password',
    connection('host: "https://u@h:443/x", extra: { y: "mailto:a@b", z: "https://h/a:b@c" }'),
  ],
  ['an e-mail address', project('owner: "a@b"\nvariables:\n  mail: "x: y@z"')],
  ['a certificate', variable('a', '"-----BEGIN CERTIFICATE-----"')],
  ['text with braces that is no JSON', variable('a', "'{password: x'")],
  ['ports at both ends', project('connections:\n  a: { conn_type: x, port: 1 }\n  b: { conn_type: x, port: 65535 }')],
  ['a port from the environment', connection('port: { env: P }'), { env: { P: ' 5432 ' } }],
  [
    'ids with every character',
    project(`connections:\n  aZ09_.-: { conn_type: x }\nvariables:\n  ${'x'.repeat(200)}: y`),
  ],
  ['a hub name with project in front', hub(HEAD.replace('example-hub', 'project-x'))],
  ['one name for a connection and a variable', project('connections:\n  a: { conn_type: x }\nvariables:\n  A: y')],
  [
    'one secret name in two projects',
    `${HEAD}projects: { a: { secrets: { x: { external: true } } }, b: { secrets: { x: { external: true } } } }`,
  ],
  ['entries beside each other', variable('a_b', 'x\n  a: y')],
  [
    'folders beside each other',
    withVault('{ connections: airflow/conn, variables: airflow/connections, projects: airflowx }'),
  ],
  ['a mount of two parts', withVault('{ mount: team/kv }')],
  ['data within a name', withVault('{ mount: metadata-store, connections: database/connections }')],
  [
    'http on this machine',
    hub(
      `${HEAD}environments:\n  a: { vault: { address: "http://127.0.0.1:8200" } }\n  b: { vault: { address: "http://[::1]:8200" } }\n  c: { vault: { address: "http://localhost" } }`,
    ),
  ],
  ['a proxy path in the address', prod('{ address: https://example.com/vault/ }')],
  ['a role_id in clear', prod('{ address: https://v, auth: { approle: { role_id: r, secret_id: { file: s } } } }')],
  ['a token that is set nowhere here', prod('{ address: https://v, auth: { token: { env: NOWHERE } } }')],
  ['old versions that are known', hub(HEAD.replace('"3.3"', '"2.11.2"').replace('"4.8"', '"4.7.1"'))],
]

describe('a hub with nothing wrong', () => {
  it.each(RIGHT.map(([what, text, world]) => ({ what, text, world })))('$what', ({ text, world }) => {
    expect(said(text, world)).toEqual([])
  })
})
