import { describe, expect, it } from 'vitest'
import { HEAD, project, type World } from '../hub-text.case.ts'
import { HUB_MESSAGE_CODES } from '../index.ts'
import { AT, connection, hub, prod, said, secret, variable, withVault } from './one-line.case.ts'

type Case = readonly [what: string, text: string, expected: string | readonly string[], world?: World]

const WRONG: readonly Case[] = [
  // YAML
  ['text that is not YAML', 'a: b: c', 'error hub-yaml at '],
  ['an alias without anchor', variable('a', '*nowhere'), `error hub-yaml at ${AT}.variables.a`],
  ['a second document', `${HEAD}---\n`, 'error hub-yaml at '],
  ['an unknown tag', variable('a', '!Ref x'), 'error hub-yaml at '],
  ['a key that is a list', variable('[a]', 'x'), `error hub-yaml at ${AT}.variables`],
  ['the key __proto__', variable('__proto__'), 'error hub-yaml at projects.trading.variables'],
  ['a key that stands twice', variable('a', 'x\n  a: y'), `error hub-duplicate-key at ${AT}.variables.a`],
  ['a number with too many digits', variable('a', '12345678901234567890'), `error hub-number at ${AT}.variables.a`],
  ['an infinite number', variable('a', '.inf'), `error hub-number at ${AT}.variables.a`],
  ['a number that is written in another form', variable('a', '007'), `warning hub-number at ${AT}.variables.a`],
  // Structure
  ['an empty file', '', 'error hub-type at '],
  ['a list', '[]', 'error hub-type at '],
  ['an unknown key', hub(`${HEAD}colour: blue`), 'error hub-unknown-key at colour'],
  ['an unknown key of a connection', connection('owner: me'), `error hub-unknown-key at ${AT}.connections.a.owner`],
  ['no projects key', HEAD, 'error hub-missing-key at '],
  ['no conn_type', project('connections:\n  a: { host: h }'), `error hub-missing-key at ${AT}.connections.a`],
  ['a connection that is a text', project('connections:\n  a: x'), `error hub-type at ${AT}.connections.a`],
  ['a login that is a number', connection('login: 123'), `error hub-type at ${AT}.connections.a.login`],
  ['extra that is no mapping', connection('extra: "{}"'), `error hub-type at ${AT}.connections.a.extra`],
  ['nothing after the colon', project('variables:\n  a:'), `error hub-type at ${AT}.variables.a`],
  ['a secret without fields', secret('{}'), `error hub-type at ${AT}.secrets.a`],
  ['version 2', hub(HEAD.replace('version: 1', 'version: 2')), 'error hub-version at version'],
  // References
  [
    'an unknown kind of reference',
    connection('password: { enviroment: A }'),
    `error hub-reference at ${AT}.connections.a.password.enviroment`,
  ],
  ['two kinds', connection('password: { env: A, file: b }'), `error hub-reference at ${AT}.connections.a.password`],
  [
    'two kinds in extra',
    connection('extra: { x: { env: A, file: b } }'),
    `error hub-reference at ${AT}.connections.a.extra.x`,
  ],
  [
    'something beside a kind',
    secret('{ k: { env: A, default: b } }'),
    `error hub-reference at ${AT}.secrets.a.k.default`,
    { env: { A: 'x' } },
  ],
  ['no kind at all', connection('password: {}'), `error hub-reference at ${AT}.connections.a.password`],
  [
    'external for one field',
    connection('password: { external: true }'),
    `error hub-reference at ${AT}.connections.a.password.external`,
  ],
  [
    'a name that cannot be one',
    connection('password: { env: "A B" }'),
    `error hub-reference at ${AT}.connections.a.password.env`,
  ],
  [
    'an env in extra that is no text',
    connection('extra: { x: { env: 5 } }'),
    `error hub-reference at ${AT}.connections.a.extra.x.env`,
  ],
  [
    'a length below 8',
    secret('{ k: { generate: { length: 7 } } }'),
    `error hub-reference at ${AT}.secrets.a.k.generate.length`,
  ],
  [
    'a length above 1024',
    secret('{ k: { generate: { length: 1025 } } }'),
    `error hub-reference at ${AT}.secrets.a.k.generate.length`,
  ],
  [
    'nine characters',
    secret('{ k: { generate: { alphabet: abcdefghi } } }'),
    `error hub-reference at ${AT}.secrets.a.k.generate.alphabet`,
  ],
  [
    'an unknown key of generate',
    secret('{ k: { generate: { lenght: 9 } } }'),
    `error hub-reference at ${AT}.secrets.a.k.generate.lenght`,
  ],
  ['generate without mapping', variable('a', '{ generate: 32 }'), `error hub-reference at ${AT}.variables.a.generate`],
  [
    'vault without field',
    secret('{ k: { vault: { path: a } } }'),
    `error hub-reference at ${AT}.secrets.a.k.vault.field`,
  ],
  [
    'vault with a wildcard',
    secret('{ k: { vault: { path: "a/*", field: f } } }'),
    `error hub-vault-path at ${AT}.secrets.a.k.vault.path`,
  ],
  [
    'vault with the mount in it',
    secret('{ k: { vault: { path: secret/a, field: f } } }'),
    `warning hub-vault-path at ${AT}.secrets.a.k.vault.path`,
  ],
  [
    'vault with its own path',
    secret('{ k: { vault: { path: projects/trading/a, field: f } } }'),
    `error hub-reference at ${AT}.secrets.a.k.vault.path`,
  ],
  [
    'a reference in a list',
    connection('extra: { x: [{ env: A }] }'),
    `error hub-reference at ${AT}.connections.a.extra.x[0]`,
  ],
  [
    'a reference in the value of a variable',
    variable('a', '{ x: { env: A }, y: 1 }'),
    `error hub-reference at ${AT}.variables.a.x`,
  ],
  ['a prompt for a port', connection('port: { prompt: Which }'), `error hub-reference at ${AT}.connections.a.port`],
  [
    'a variable that is set nowhere',
    connection('password: { env: NOWHERE }'),
    `error hub-unresolved at ${AT}.connections.a.password`,
  ],
  [
    'a variable in extra that is set nowhere',
    connection('extra: { x: { y: { env: NOWHERE } } }'),
    `error hub-unresolved at ${AT}.connections.a.extra.x.y`,
  ],
  [
    'a variable that is empty',
    connection('password: { env: A }'),
    `warning hub-empty-value at ${AT}.connections.a.password`,
    { env: { A: '' } },
  ],
  ['a file that cannot be read', secret('{ k: { file: nowhere } }'), `error hub-file-unreadable at ${AT}.secrets.a.k`],
  [
    'an env file that is needed and not there',
    connection('login: { env: A }').replace('projects:', 'env_files: [.env]\nprojects:'),
    ['error hub-env-file at env_files[0]', `error hub-unresolved at ${AT}.connections.a.login`],
  ],
  [
    'a line of an env file that is none',
    hub(`${HEAD}env_files: [.env]`),
    'warning hub-env-file at ',
    { files: { '/hub/.env': 'A=1\n=x\n' } },
  ],
  // Clear secrets
  ['a password in clear', connection('password: x'), `error hub-clear-secret at ${AT}.connections.a.password`],
  [
    'a password that is a number',
    connection('password: 1234'),
    `error hub-clear-secret at ${AT}.connections.a.password`,
  ],
  [
    'a sensitive key in extra',
    connection('extra: { api_key: x }'),
    `error hub-clear-secret at ${AT}.connections.a.extra.api_key`,
  ],
  [
    'a sensitive key further down',
    connection('extra: { a: { b: { Client-Secret: x } } }'),
    `error hub-clear-secret at ${AT}.connections.a.extra.a.b.Client-Secret`,
  ],
  [
    'something below a sensitive key',
    connection('extra: { keyfile_dict: { type: t, project: p } }'),
    `error hub-clear-secret at ${AT}.connections.a.extra.keyfile_dict`,
  ],
  [
    'a sensitive key in a list',
    connection('extra: { a: [{ token: x }] }'),
    `error hub-clear-secret at ${AT}.connections.a.extra.a[0].token`,
  ],
  [
    'a sensitive key in a literal',
    connection('extra: { a: { literal: { token: x } } }'),
    `error hub-clear-secret at ${AT}.connections.a.extra.a`,
  ],
  ['a variable with a sensitive name', variable('my_api_key'), `error hub-clear-secret at ${AT}.variables.my_api_key`],
  [
    'a sensitive key in a variable',
    variable('a', '{ b: { password: x } }'),
    `error hub-clear-secret at ${AT}.variables.a.b.password`,
  ],
  ['a sensitive key in JSON text', variable('a', `'{"password": "x"}'`), `error hub-clear-secret at ${AT}.variables.a`],
  ['a field of a secret', secret('{ k: x }'), `error hub-clear-secret at ${AT}.secrets.a.k`],
  ['a field of a secret that is true', secret('{ k: true }'), `error hub-clear-secret at ${AT}.secrets.a.k`],
  ['a password in a host', connection('host: "https://u:p@h/x"'), `error hub-clear-secret at ${AT}.connections.a.host`],
  [
    'a password in a host without scheme',
    connection('host: "u:p@h"'),
    `error hub-clear-secret at ${AT}.connections.a.host`,
  ],
  [
    'a password in an URL in extra',
    connection('extra: { x: { y: ["redis://:p@h/0"] } }'),
    `error hub-clear-secret at ${AT}.connections.a.extra.x.y`,
  ],
  [
    'a password in an URL in a variable',
    variable('a', '"postgres://u:p@h/d"'),
    `error hub-clear-secret at ${AT}.variables.a`,
  ],
  ['a private key', variable('a', '"-----BEGIN RSA PRIVATE KEY-----"'), `error hub-clear-secret at ${AT}.variables.a`],
  // Connections
  [
    'an external connection with fields',
    project('connections:\n  a: { external: true, conn_type: x }'),
    `error hub-external at ${AT}.connections.a`,
  ],
  [
    'an external secret with fields',
    secret('{ external: true, k: { env: A } }'),
    `error hub-external at ${AT}.secrets.a`,
  ],
  [
    'external: false',
    project('connections:\n  a: { external: false, conn_type: x }'),
    `error hub-external at ${AT}.connections.a.external`,
  ],
  [
    'a type that Airflow translates',
    project('connections:\n  a: { conn_type: postgresql }'),
    `warning hub-conn-type at ${AT}.connections.a.conn_type`,
  ],
  ['port 0', connection('port: 0'), `error hub-port at ${AT}.connections.a.port`],
  ['port 65536', connection('port: 65536'), `error hub-port at ${AT}.connections.a.port`],
  ['a port that is no whole number', connection('port: 1.5'), `error hub-port at ${AT}.connections.a.port`],
  ['a port in quotes', connection('port: "443"'), `error hub-port at ${AT}.connections.a.port`],
  [
    'a variable that holds no port',
    connection('port: { env: P }'),
    `error hub-port at ${AT}.connections.a.port`,
    { env: { P: 'https' } },
  ],
  // Ids and names
  [
    'a connection id with a slash',
    project('connections:\n  a/b: { conn_type: x }'),
    `error hub-id at ${AT}.connections.a/b`,
  ],
  [
    'a connection id with a blank',
    project('connections:\n  a b: { conn_type: x }'),
    `error hub-id at ${AT}.connections.a b`,
  ],
  ['an id of 201 characters', variable('x'.repeat(201)), [`error hub-id at ${AT}.variables.${'x'.repeat(201)}`]],
  ['a variable key with a slash', variable('a/b'), `warning hub-id at ${AT}.variables.a/b`],
  ['a variable key that leaves its folder', variable('a/../b'), `error hub-id at ${AT}.variables.a/../b`],
  ['a variable key with an empty part', variable('a//b'), `error hub-id at ${AT}.variables.a//b`],
  [
    'a secret name with a wildcard',
    project('secrets:\n  "a*": { external: true }'),
    `error hub-id at ${AT}.secrets.a*`,
  ],
  ['a secret named ..', project('secrets:\n  ..: { external: true }'), `error hub-id at ${AT}.secrets...`],
  ['a hub in upper case', hub(HEAD.replace('example-hub', 'Hub')), 'error hub-name at hub'],
  [
    'a hub whose policies could be those of another',
    hub(HEAD.replace('example-hub', 'a-project')),
    'error hub-name at hub',
  ],
  [
    'a project in upper case',
    `${HEAD}projects: { Trading: { variables: { a: b } } }`,
    'error hub-name at projects.Trading',
  ],
  ['a project with a slash', `${HEAD}projects: { a/b: { variables: { a: b } } }`, 'error hub-name at projects.a/b'],
  [
    'an environment with a blank',
    hub(`${HEAD}environments: { "a b": { vault: embedded } }`),
    'error hub-name at environments.a b',
  ],
  [
    'an owner of two lines',
    `${HEAD}projects: { t: { owner: "a\\nb", variables: { a: b } } }`,
    'error hub-name at projects.t.owner',
  ],
  ['no project', `${HEAD}projects: {}`, 'error hub-no-projects at projects'],
  ['a project without anything', `${HEAD}projects: { t: { owner: o } }`, 'warning hub-empty-project at projects.t'],
  // Collisions
  [
    'one id in two projects',
    `${HEAD}projects: { a: { variables: { x: 1 } }, b: { variables: { x: 2 } } }`,
    'error hub-same-path at projects.b.variables.x',
  ],
  ['names that differ in case', variable('a', 'x\n  A: y'), `error hub-case at ${AT}.variables.A`],
  [
    'names that differ in case in two projects',
    `${HEAD}projects: { a: { connections: { x: { conn_type: t } } }, b: { connections: { X: { conn_type: t } } } }`,
    'error hub-case at projects.b.connections.X',
  ],
  [
    'an entry below another',
    variable('a', 'x\n  a/b/c: y'),
    [`error hub-path-below at ${AT}.variables.a/b/c`, `warning hub-id at ${AT}.variables.a/b/c`],
  ],
  // Vault
  ['a mount with data', withVault('{ mount: secret/data }'), 'error hub-vault-path at vault.mount'],
  ['a mount with a slash', withVault('{ mount: /secret/ }'), 'error hub-vault-path at vault.mount'],
  ['the mount sys', withVault('{ mount: sys }'), 'error hub-vault-path at vault.mount'],
  [
    'a path with data',
    withVault('{ connections: data/airflow/connections }'),
    'error hub-vault-path at vault.connections',
  ],
  [
    'a path with a slash in front',
    withVault('{ variables: /airflow/variables }'),
    'error hub-vault-path at vault.variables',
  ],
  ['a path with a wildcard', withVault('{ projects: "p/+" }'), 'error hub-vault-path at vault.projects'],
  ['a path with ..', withVault('{ projects: a/../b }'), 'error hub-vault-path at vault.projects'],
  [
    'a path with the mount',
    withVault('{ connections: secret/airflow/connections }'),
    'warning hub-vault-path at vault.connections',
  ],
  ['one folder for two', withVault('{ connections: a, variables: a }'), 'error hub-paths-overlap at vault.variables'],
  ['a folder in another', withVault('{ connections: a/b, projects: a }'), 'error hub-paths-overlap at vault.projects'],
  // Environments
  ['an unknown form of vault', prod('embeded'), 'error hub-type at environments.prod.vault'],
  ['a misspelt address', prod('{ adress: https://v }'), 'error hub-unknown-key at environments.prod.vault.adress'],
  ['no address', prod('{ namespace: n }'), 'error hub-missing-key at environments.prod.vault'],
  [
    'an address that is no URL',
    prod('{ address: vault.example.com }'),
    'error hub-address at environments.prod.vault.address',
  ],
  [
    'an address of another scheme',
    prod('{ address: "ftp://v" }'),
    'error hub-address at environments.prod.vault.address',
  ],
  ['an address with /v1', prod('{ address: https://v/v1/ }'), 'error hub-address at environments.prod.vault.address'],
  [
    'an address with a password',
    prod('{ address: https://u:p@v }'),
    'error hub-clear-secret at environments.prod.vault.address',
  ],
  [
    'plain http to another machine',
    prod('{ address: http://vault:8200 }'),
    'warning hub-plain-http at environments.prod.vault.address',
  ],
  [
    'a certificate without key',
    prod('{ address: https://v, client_cert: c }'),
    'error hub-missing-key at environments.prod.vault',
  ],
  [
    'a token in clear',
    prod('{ address: https://v, auth: { token: hvs.x } }'),
    'error hub-clear-secret at environments.prod.vault.auth.token',
  ],
  [
    'a secret-id in clear',
    prod('{ address: https://v, auth: { approle: { role_id: r, secret_id: s } } }'),
    'error hub-clear-secret at environments.prod.vault.auth.approle.secret_id',
  ],
  [
    'a token that Vault would have to give',
    prod('{ address: https://v, auth: { token: { vault: { path: a, field: b } } } }'),
    'error hub-reference at environments.prod.vault.auth.token',
  ],
  [
    'no role_id',
    prod('{ address: https://v, auth: { approle: { secret_id: { env: S } } } }'),
    'error hub-missing-key at environments.prod.vault.auth.approle',
  ],
  [
    'two ways in',
    prod('{ address: https://v, auth: { token: { env: T }, approle: { role_id: r, secret_id: { env: S } } } }'),
    'error hub-auth at environments.prod.vault.auth',
  ],
  ['no way in', prod('{ address: https://v, auth: {} }'), 'error hub-auth at environments.prod.vault.auth'],
  // Versions
  ['an Airflow that is no version', hub(HEAD.replace('"3.3"', 'latest')), 'error hub-version at airflow.version'],
  ['an Airflow that is too old', hub(HEAD.replace('"3.3"', '"1.10"')), 'error hub-version at airflow.version'],
  ['an Airflow that is not known', hub(HEAD.replace('"3.3"', '"3.9"')), 'warning hub-version at airflow.version'],
  ['a provider that is no version', hub(HEAD.replace('"4.8"', '"4"')), 'error hub-version at airflow.provider'],
  ['a provider that is too old', hub(HEAD.replace('"4.8"', '"1.2.3"')), 'error hub-version at airflow.provider'],
  ['a provider that is not known', hub(HEAD.replace('"4.8"', '"5.0"')), 'warning hub-version at airflow.provider'],
]

describe('a hub with one thing wrong', () => {
  it.each(WRONG.map(([what, text, expected, world]) => ({ what, text, expected: [expected].flat(), world })))(
    '$what',
    ({ text, expected, world }) => {
      expect(said(text, world)).toEqual(expected)
    },
  )

  it('meets every documented code', () => {
    const met = new Set(WRONG.flatMap(([, , expected]) => [expected].flat().map((line) => line.split(' ')[1])))
    expect(Object.keys(HUB_MESSAGE_CODES).filter((code) => !met.has(code))).toEqual([])
  })
})
