/** node-vault against a server: one JSON line for each case, {"name", "ok", "detail"}. The server comes by INTEROP_* variables. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import vault from 'node-vault'

const { INTEROP_ADDRESS: endpoint, INTEROP_TOKEN: token, INTEROP_RUN: run } = process.env
const open = (token, more = {}) => vault({ endpoint, token, ...more })
// A new one each time: node-vault takes over the token of each answer that has one.
const root = () => open(token)
const planted = `planted-${run}-secret`
const [kv1, kv2, approle, userpass, policy] = ['kv1', 'kv2', 'approle', 'userpass', 'policy'].map(
  (n) => `js-${n}-${run}`,
)
const rules = `path "${kv2}/data/open/*" { capabilities = ["read"] }`

/** The client's own error, with this status and this text in its body. */
const refused = (status, promise, text = '') =>
  assert.rejects(promise, (error) => {
    assert.equal(error.constructor.name, 'ApiResponseError', String(error))
    assert.equal(error.response.statusCode, status)
    assert.ok(JSON.stringify(error.response.body).includes(text), 'another text')
    return true
  })
const put = async (path, data, options = {}) => (await root().write(`${kv2}/data/${path}`, { data, options })).data
const get = async (path) => (await root().read(`${kv2}/data/${path}`)).data
const newToken = async (body) => (await root().tokenCreate(body)).auth
const alive = (token) =>
  open(token)
    .tokenLookupSelf()
    .then(
      () => true,
      () => false,
    )
const wrapped = { headers: { 'X-Vault-Wrap-TTL': '60s' } }
const role = { mount_point: approle, role_name: 'r' }
const roleId = async () => (await root().getApproleRoleId(role)).data.role_id
const secretId = async () => (await root().getApproleRoleSecret(role)).data.secret_id
const login = async (secret) =>
  (await open('').approleLogin({ mount_point: approle, role_id: await roleId(), secret_id: secret })).auth
/** Other servers revoke and move in the background. */
async function eventually(words, done) {
  for (const end = Date.now() + 10_000; !(await done()); await pause(50)) assert.ok(Date.now() < end, words)
}

const cases = {
  'kv1: write, read, list, delete': async () => {
    await root().write(`${kv1}/a/b`, { k: 'v', n: 1 })
    assert.deepEqual((await root().read(`${kv1}/a/b`)).data, { k: 'v', n: 1 })
    assert.deepEqual((await root().list(`${kv1}/a`)).data.keys, ['b'])
    await root().delete(`${kv1}/a/b`)
    await refused(404, root().read(`${kv1}/a/b`))
  },
  'kv2: put with cas, get, versions': async () => {
    assert.equal((await put('v', { k: '1' }, { cas: 0 })).version, 1)
    assert.equal((await put('v', { k: '2' }, { cas: 1 })).version, 2)
    assert.deepEqual((await get('v')).data, { k: '2' })
    assert.deepEqual((await get('v?version=1')).data, { k: '1' })
  },
  'kv2: wrong cas is refused': async () => {
    await put('cas', { k: '1' })
    await refused(400, put('cas', { k: '2' }, { cas: 7 }), 'check-and-set parameter did not match the current version')
  },
  'kv2: what is missing is 404': () => refused(404, get('missing')),
  'kv2: patch': async () => {
    await put('p', { a: '1', b: '2' })
    await root().update(`${kv2}/data/p`, { data: { b: '3' } })
    assert.deepEqual((await get('p')).data, { a: '1', b: '3' })
  },
  'kv2: delete, undelete, destroy': async () => {
    await put('d', { k: '1' })
    await root().delete(`${kv2}/data/d`)
    await refused(404, get('d'), 'deletion_time')
    await root().write(`${kv2}/undelete/d`, { versions: [1] })
    assert.deepEqual((await get('d')).data, { k: '1' })
    await root().destroySecretVersions({ mount_point: kv2, path: 'd', versions: [1] })
    assert.equal((await root().read(`${kv2}/metadata/d`)).data.versions[1].destroyed, true)
  },
  'kv2: metadata, custom metadata, list': async () => {
    await put('m/x', { k: '1' })
    await root().write(`${kv2}/metadata/m/x`, { max_versions: 3, custom_metadata: { owner: 'hub' } })
    const { data } = await root().read(`${kv2}/metadata/m/x`)
    assert.deepEqual([data.max_versions, data.custom_metadata], [3, { owner: 'hub' }])
    assert.deepEqual((await root().list(`${kv2}/metadata/m`)).data.keys, ['x'])
    await root().delete(`${kv2}/metadata/m/x`)
    await refused(404, root().list(`${kv2}/metadata/m`))
  },
  'token: create, lookup, self, accessor': async () => {
    const meta = { for: 'test' }
    const options = { policies: ['default'], ttl: '1h', explicit_max_ttl: '2h', display_name: 'js', num_uses: 9 }
    const auth = await newToken({ ...options, meta, renewable: true, no_parent: true })
    const { data } = await root().tokenLookup({ token: auth.client_token })
    assert.deepEqual([data.meta, data.orphan, data.num_uses, data.explicit_max_ttl], [meta, true, 9, 7200])
    assert.equal((await open(auth.client_token).tokenLookupSelf()).data.num_uses, 8)
    assert.equal((await root().tokenLookupAccessor({ accessor: auth.accessor })).data.id, '')
    assert.ok((await root().tokenAccessors()).data.keys.includes(auth.accessor))
    await root().tokenRevokeAccessor({ accessor: auth.accessor })
    await refused(403, root().tokenLookup({ token: auth.client_token }), 'bad token')
  },
  'token: renew, revoke': async () => {
    const { client_token: made } = await newToken({ policies: ['default'], ttl: '1h' })
    assert.equal((await root().tokenRenew({ token: made, increment: '2h' })).auth.lease_duration, 7200)
    assert.equal((await open(made).tokenRenewSelf({ increment: '30m' })).auth.lease_duration, 1800)
    await root().tokenRevoke({ token: made })
    assert.equal(await alive(made), false)
  },
  'token: roles': async () => {
    const name = { role_name: `js-role-${run}` }
    await root().addTokenRole({ ...name, allowed_policies: 'default', orphan: true })
    assert.ok((await root().tokenRoles()).data.keys.includes(name.role_name))
    assert.equal((await root().getTokenRole(name)).data.orphan, true)
    assert.equal((await root().tokenCreateRole(name)).auth.orphan, true)
    await root().removeTokenRole(name)
    await refused(404, root().getTokenRole(name))
  },
  'token: batch': async () => {
    const { auth } = await root().write('auth/token/create', { policies: ['default'], type: 'batch', ttl: '10m' })
    assert.deepEqual([auth.token_type, auth.renewable, auth.accessor], ['batch', false, ''])
    assert.equal((await open(auth.client_token).tokenLookupSelf()).data.type, 'batch')
    await refused(400, root().tokenRevoke({ token: auth.client_token }))
  },
  'approle: role, role_id, secret_id, login': async () => {
    const secret = await secretId()
    assert.deepEqual((await login(secret)).policies, ['default', policy])
    assert.deepEqual((await root().approleRoles({ mount_point: approle })).data.keys, ['r'])
    assert.ok((await root().approleSecretLookup({ ...role, secret_id: secret })).data.secret_id_accessor)
    await root().approleSecretDestroy({ ...role, secret_id: secret })
    await refused(400, login(secret), 'invalid role or secret ID')
  },
  'approle: wrapped secret_id': async () => {
    const { wrap_info } = await root().getApproleRoleSecret({ ...role, requestOptions: wrapped })
    const { data } = await open(wrap_info.token).unwrap()
    assert.ok((await login(data.secret_id)).client_token)
  },
  'approle: wrong secret_id': () => refused(400, login('wrong'), 'invalid role or secret ID'),
  'userpass: user, login, wrong password, new password': async () => {
    await root().write(`auth/${userpass}/users/u`, { password: planted, token_policies: policy })
    const enter = (password) => open('').userpassLogin({ mount_point: userpass, username: 'u', password })
    assert.deepEqual((await enter(planted)).auth.policies, ['default', policy])
    await refused(400, enter('wrong'), 'invalid username or password')
    await root().write(`auth/${userpass}/users/u/password`, { password: `${planted}2` })
    await refused(400, enter(planted))
    assert.deepEqual((await enter(`${planted}2`)).auth.metadata, { username: 'u' })
  },
  'policy: write, read, list, delete': async () => {
    const name = `js-other-${run}`
    await root().addPolicy({ name, policy: rules })
    assert.equal((await root().getPolicy({ name })).data.rules, rules)
    assert.ok((await root().policies()).data.policies.includes(name))
    await root().removePolicy({ name })
    await refused(404, root().getPolicy({ name }))
  },
  'policy: capabilities-self and a refusal': async () => {
    await put('open/x', { k: '1' })
    const mine = open((await newToken({ policies: [policy, 'default'] })).client_token)
    const { data } = await mine.write('sys/capabilities-self', { paths: [`${kv2}/data/open/x`] })
    assert.deepEqual(data[`${kv2}/data/open/x`], ['read'])
    assert.deepEqual((await mine.read(`${kv2}/data/open/x`)).data.data, { k: '1' })
    await refused(403, mine.read(`${kv2}/data/closed`), 'permission denied')
  },
  'wrapping: a read, lookup, unwrap, twice': async () => {
    await put('w', { k: planted })
    const { wrap_info: wrap } = await root().read(`${kv2}/data/w`, wrapped)
    const { data } = await root().write('sys/wrapping/lookup', { token: wrap.token })
    assert.equal(data.creation_path, `${kv2}/data/w`)
    assert.deepEqual((await open(wrap.token).unwrap()).data.data, { k: planted })
    await refused(400, open(wrap.token).unwrap(), 'wrapping token is not valid or does not exist')
  },
  'wrapping: a login': async () => {
    const body = { role_id: await roleId(), secret_id: await secretId() }
    const { wrap_info: wrap } = await open('').write(`auth/${approle}/login`, body, wrapped)
    assert.equal(await alive((await open(wrap.token).unwrap()).auth.client_token), true)
  },
  'lease: lookup, list, revoke-prefix': async () => {
    const prefix = `auth/${approle}/login`
    const { client_token: made } = await login(await secretId())
    const [key] = (await root().list(`sys/leases/lookup/${prefix}`)).data.keys
    const lease_id = `${prefix}/${key}`
    assert.equal((await root().write('sys/leases/lookup', { lease_id })).data.id, lease_id)
    await root().write(`sys/leases/revoke-prefix/${prefix}`, {})
    await eventually('the token still lives', async () => !(await alive(made)))
  },
  'audit: enable, hash, list, disable; no secret in the file': async () => {
    const [name, path] = [`js-audit-${run}`, join(process.env.INTEROP_AUDIT_FOLDER, `js-${run}.log`)]
    await root().enableAudit({ name, type: 'file', options: { file_path: path } })
    assert.ok((await root().audits()).data[`${name}/`])
    const { hash } = (await root().write(`sys/audit-hash/${name}`, { input: planted })).data
    await put('audited', { k: planted })
    await root().disableAudit({ name })
    const text = readFileSync(path, 'utf8')
    assert.ok(text.includes(hash), 'the hash is not in the file')
    assert.ok(!text.includes(planted) && !(token.length > 20 && text.includes(token)), 'a secret is in the file')
  },
  'sys: health, seal-status': async () => {
    assert.equal((await root().health()).sealed, false)
    assert.deepEqual([(await root().status()).sealed, (await root().initialized()).initialized], [false, true])
  },
  'sys: mounts, tune, remount': async () => {
    const [old, moved] = [`js-old-${run}`, `js-new-${run}`]
    await root().mount({ mount_point: old, type: 'kv', options: { version: '2' } })
    await root().write(`sys/mounts/${old}/tune`, { default_lease_ttl: '1h' })
    assert.equal((await root().read(`sys/mounts/${old}/tune`)).data.default_lease_ttl, 3600)
    await root().remount({ from: old, to: moved })
    await eventually('the mount did not move', async () => (await root().mounts()).data[`${moved}/`] !== undefined)
    await root().unmount({ mount_point: moved })
  },
  'namespace: refused': () => assert.rejects(open(token, { namespace: 'no-such' }).mounts()),
  'tls: with the CA, refused without': async () => {
    const { INTEROP_TLS_ADDRESS: endpoint, INTEROP_CA: authority } = process.env
    const trusting = vault({ endpoint, requestOptions: { ca: readFileSync(authority) } })
    assert.equal((await trusting.status()).sealed, false)
    await assert.rejects(vault({ endpoint }).status(), /self-signed certificate/)
  },
}

await root().mount({ mount_point: kv1, type: 'kv', options: { version: '1' } })
await root().mount({ mount_point: kv2, type: 'kv', options: { version: '2' } })
await root().enableAuth({ mount_point: approle, type: 'approle' })
await root().enableAuth({ mount_point: userpass, type: 'userpass' })
await root().addPolicy({ name: policy, policy: rules })
await root().addApproleRole({ ...role, policies: policy, token_ttl: 3600 })
await pause(Number(process.env.INTEROP_SETTLE ?? 0) * 1000)
for (const [name, play] of Object.entries(cases)) {
  const detail = await play().then(
    () => '',
    (error) => `${error.constructor.name}: ${error.message}`,
  )
  process.stdout.write(`${JSON.stringify({ name, ok: detail === '', detail })}\n`)
}
for (const mount_point of [kv1, kv2]) await root().unmount({ mount_point })
for (const mount_point of [approle, userpass]) await root().disableAuth({ mount_point })
await root().removePolicy({ name: policy })
