/**
 * node-vault against a Vault: reads what it is to use from standard input, reports each case as a line of JSON. It asserts
 * what its users see: bodies as the client gives them, and its own errors. Long because it is a list: each case stands by
 * itself.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import vaultClient from 'node-vault'

const { address, token, run, auditFolder, embedded, tls } = await json(process.stdin)

const connect = (as, more = {}) => vaultClient({ endpoint: address, token: as, ...more })
const vault = connect(token)
const name = (what) => `nv-${what}-${run}`

/** An error of the client with the server's status and its first message. */
const refused = (status, message) => (error) => {
  assert.equal(error.response?.statusCode, status, error.message)
  if (message instanceof RegExp) assert.match(error.message, message)
  else if (message !== undefined) assert.equal(error.message, message)
  return true
}

const kv1 = name('kv1')
const kv2 = name('kv2')
const approle = name('approle')
const userpass = name('userpass')
const reader = name('reader')
const put = (key, data, options) => vault.write(`${kv2}/data/${key}`, { data, options })
const get = (key, query = '') => vault.read(`${kv2}/data/${key}${query}`)

await vault.mount({ mount_point: kv1, type: 'kv', options: { version: '1' } })
await vault.mount({ mount_point: kv2, type: 'kv', options: { version: '2' } })
await vault.enableAuth({ mount_point: approle, type: 'approle' })
await vault.enableAuth({ mount_point: userpass, type: 'userpass' })
await vault.addPolicy({ name: reader, policy: `path "${kv2}/data/open" { capabilities = ["read"] }` })
// Another server upgrades a new mount in the background, and refuses writes for a moment.
if (!embedded) await pause(1000)
await put('open', { word: 'open to the reader' })

/** A child with the reader's policy; another client than the one of root, whose token node-vault would replace. */
const child = async (options = {}) => {
  const { auth } = await connect(token).tokenCreate({ policies: [reader], ttl: '1h', ...options })
  return auth
}
const newRole = async (role, settings = {}) => {
  await vault.addApproleRole({ mount_point: approle, role_name: role, policies: reader, token_ttl: 3600, ...settings })
  const { data } = await vault.getApproleRoleId({ mount_point: approle, role_name: role })
  return data.role_id
}
const newUser = (username, password) =>
  vault.write(`auth/${userpass}/users/${username}`, { password, token_policies: [reader], token_ttl: '1h' })

const cases = {
  async 'kv 1: write, read, list, delete'() {
    assert.equal(await vault.write(`${kv1}/team/one`, { word: 'first', count: 1 }), '')
    await vault.write(`${kv1}/team/two`, { word: 'second' })
    assert.deepEqual((await vault.read(`${kv1}/team/one`)).data, { word: 'first', count: 1 })
    assert.deepEqual((await vault.list(`${kv1}/team`)).data.keys, ['one', 'two'])
    await vault.delete(`${kv1}/team/one`)
    await assert.rejects(vault.read(`${kv1}/team/one`), refused(404))
  },
  async 'kv 1: what is not there'() {
    await assert.rejects(vault.read(`${kv1}/nowhere`), refused(404, 'Status 404'))
    await assert.rejects(vault.list(`${kv1}/nowhere`), refused(404, 'Status 404'))
  },
  async 'kv 2: write and read'() {
    const written = await put('plain', { word: 'first', nested: { list: [1, 2.5, null, true] } })
    assert.equal(written.data.version, 1)
    assert.equal(written.data.destroyed, false)
    const { data } = await get('plain')
    assert.deepEqual(data.data, { word: 'first', nested: { list: [1, 2.5, null, true] } })
    assert.equal(data.metadata.version, 1)
    assert.equal(data.metadata.deletion_time, '')
  },
  async 'kv 2: check-and-set, as it should be'() {
    assert.equal((await put('checked', { n: 1 }, { cas: 0 })).data.version, 1)
    assert.equal((await put('checked', { n: 2 }, { cas: 1 })).data.version, 2)
  },
  async 'kv 2: check-and-set, the wrong version'() {
    await put('unchecked', { n: 1 })
    const words = 'check-and-set parameter did not match the current version'
    await assert.rejects(put('unchecked', { n: 2 }, { cas: 7 }), refused(400, words))
    assert.deepEqual((await get('unchecked')).data.data, { n: 1 })
  },
  async 'kv 2: an older version'() {
    await put('versions', { n: 1 })
    await put('versions', { n: 2 })
    assert.deepEqual((await get('versions', '?version=1')).data.data, { n: 1 })
    assert.deepEqual((await get('versions')).data.data, { n: 2 })
    await assert.rejects(get('versions', '?version=9'), refused(404))
  },
  async 'kv 2: patch'() {
    await put('patched', { kept: 1, changed: 2, dropped: 3 })
    await vault.update(`${kv2}/data/patched`, { data: { changed: 20, dropped: null, added: 4 } })
    assert.deepEqual((await get('patched')).data.data, { kept: 1, changed: 20, added: 4 })
  },
  async 'kv 2: delete and undelete'() {
    await put('deleted', { n: 1 })
    await vault.delete(`${kv2}/data/deleted`)
    await assert.rejects(get('deleted'), (error) => {
      refused(404)(error)
      assert.notEqual(error.response.body.data.metadata.deletion_time, '')
      return true
    })
    await vault.write(`${kv2}/undelete/deleted`, { versions: [1] })
    assert.deepEqual((await get('deleted')).data.data, { n: 1 })
    await vault.write(`${kv2}/delete/deleted`, { versions: [1] })
    await assert.rejects(get('deleted'), refused(404))
  },
  async 'kv 2: destroy'() {
    await put('destroyed', { n: 1 })
    await put('destroyed', { n: 2 })
    await vault.destroySecretVersions({ mount_point: kv2, path: 'destroyed', versions: [1] })
    await assert.rejects(get('destroyed', '?version=1'), (error) => {
      refused(404)(error)
      assert.equal(error.response.body.data.metadata.destroyed, true)
      return true
    })
    assert.deepEqual((await get('destroyed')).data.data, { n: 2 })
  },
  async 'kv 2: settings and custom metadata'() {
    const settings = { max_versions: 2, custom_metadata: { owner: 'team', stage: 'test' } }
    await vault.write(`${kv2}/metadata/described`, settings)
    for (const n of [1, 2, 3]) await put('described', { n })
    const { data } = await vault.read(`${kv2}/metadata/described`)
    assert.equal(data.max_versions, 2)
    assert.deepEqual(data.custom_metadata, { owner: 'team', stage: 'test' })
    assert.deepEqual(Object.keys(data.versions), ['2', '3'])
    await vault.update(`${kv2}/metadata/described`, { custom_metadata: { stage: null, seen: 'yes' } })
    const { data: after } = await vault.read(`${kv2}/metadata/described`)
    assert.deepEqual(after.custom_metadata, { owner: 'team', seen: 'yes' })
    assert.deepEqual((await get('described')).data.metadata.custom_metadata, { owner: 'team', seen: 'yes' })
  },
  async 'kv 2: list, and all of a key removed'() {
    await put('folder/a', { n: 1 })
    await put('folder/sub/b', { n: 1 })
    assert.deepEqual((await vault.list(`${kv2}/metadata/folder`)).data.keys, ['a', 'sub/'])
    await vault.delete(`${kv2}/metadata/folder/a`)
    assert.deepEqual((await vault.list(`${kv2}/metadata/folder`)).data.keys, ['sub/'])
    await assert.rejects(vault.read(`${kv2}/metadata/folder/a`), refused(404))
  },
  async 'kv 2: what is not there'() {
    await assert.rejects(get('nowhere'), refused(404, 'Status 404'))
    await assert.rejects(vault.list(`${kv2}/metadata/nowhere`), refused(404, 'Status 404'))
  },
  async 'tokens: create with options'() {
    const auth = await child({ display_name: 'robot', num_uses: 5, meta: { made: 'here' }, explicit_max_ttl: '2h' })
    assert.deepEqual(auth.policies, ['default', reader].toSorted())
    assert.equal(auth.lease_duration, 3600)
    assert.equal(auth.renewable, true)
    const { data } = await vault.tokenLookup({ token: auth.client_token })
    assert.equal(data.display_name, 'token-robot')
    assert.equal(data.num_uses, 5)
    assert.deepEqual(data.meta, { made: 'here' })
    assert.equal(data.explicit_max_ttl, 7200)
    assert.equal(data.orphan, false)
    const orphan = (await connect(token).tokenCreateOrphan({ policies: [reader], no_default_policy: true })).auth
    assert.deepEqual(orphan.policies, [reader])
    assert.equal(orphan.orphan, true)
  },
  async 'tokens: look-up by token, by accessor, of oneself'() {
    const auth = await child()
    const { data } = await connect(auth.client_token).tokenLookupSelf()
    assert.equal(data.id, auth.client_token)
    assert.equal(data.accessor, auth.accessor)
    assert.equal((await vault.tokenLookup({ token: auth.client_token })).data.accessor, auth.accessor)
    const byAccessor = (await vault.tokenLookupAccessor({ accessor: auth.accessor })).data
    assert.equal(byAccessor.id, '')
    assert.equal(byAccessor.type, 'service')
    assert.ok((await vault.tokenAccessors()).data.keys.includes(auth.accessor))
  },
  async 'tokens: renew'() {
    const auth = await child({ ttl: '10m' })
    assert.equal((await connect(auth.client_token).tokenRenewSelf({ increment: '20m' })).auth.lease_duration, 1200)
    const renewed = await connect(token).tokenRenew({ token: auth.client_token, increment: '30m' })
    assert.equal(renewed.auth.lease_duration, 1800)
  },
  async 'tokens: revoke'() {
    const [one, two, three] = [await child(), await child(), await child()]
    assert.equal(await vault.tokenRevoke({ token: one.client_token }), '')
    await vault.tokenRevokeAccessor({ accessor: two.accessor })
    await connect(three.client_token).tokenRevokeSelf()
    for (const { client_token } of [one, two, three])
      await assert.rejects(connect(client_token).tokenLookupSelf(), refused(403, /permission denied/))
  },
  async 'tokens: roles'() {
    const role = name('role')
    await vault.addTokenRole({ role_name: role, allowed_policies: reader, orphan: true, renewable: false })
    assert.equal((await vault.getTokenRole({ role_name: role })).data.orphan, true)
    assert.ok((await vault.tokenRoles()).data.keys.includes(role))
    const { auth } = await connect(token).tokenCreateRole({ role_name: role, policies: [reader], ttl: '5m' })
    assert.equal(auth.renewable, false)
    assert.equal((await vault.tokenLookup({ token: auth.client_token })).data.role, role)
    await assert.rejects(connect(token).tokenCreateRole({ role_name: role, policies: ['other'] }), refused(400))
    await vault.removeTokenRole({ role_name: role })
    await assert.rejects(vault.getTokenRole({ role_name: role }), refused(404))
  },
  async 'tokens: batch'() {
    const { auth } = await vault.write('auth/token/create', { type: 'batch', policies: [reader], ttl: '5m' })
    assert.match(auth.client_token, /^(hvb|b)\./)
    assert.equal(auth.accessor, '')
    assert.equal((await connect(auth.client_token).tokenLookupSelf()).data.type, 'batch')
    assert.equal((await connect(auth.client_token).read(`${kv2}/data/open`)).data.data.word, 'open to the reader')
    await assert.rejects(vault.tokenRevoke({ token: auth.client_token }), refused(400))
  },
  async 'tokens: a wrong one'() {
    await assert.rejects(connect('hvs.nobody').tokenLookupSelf(), refused(403, /permission denied/))
  },
  async 'approle: role, role_id, secret_id, login'() {
    const role_id = await newRole('robot', { token_max_ttl: 7200, secret_id_num_uses: 1 })
    assert.ok((await vault.approleRoles({ mount_point: approle })).data.keys.includes('robot'))
    const settings = (await vault.getApproleRole({ mount_point: approle, role_name: 'robot' })).data
    assert.equal(settings.token_ttl, 3600)
    assert.equal(settings.token_max_ttl, 7200)
    const { data } = await vault.getApproleRoleSecret({
      mount_point: approle,
      role_name: 'robot',
      metadata: '{"made":"here"}',
    })
    const robot = connect(undefined)
    const { auth } = await robot.approleLogin({ mount_point: approle, role_id, secret_id: data.secret_id })
    assert.deepEqual(auth.metadata, { role_name: 'robot', made: 'here' })
    assert.equal(auth.lease_duration, 3600)
    // The client has taken the token over.
    assert.equal((await robot.read(`${kv2}/data/open`)).data.data.word, 'open to the reader')
    const again = connect(undefined).approleLogin({ mount_point: approle, role_id, secret_id: data.secret_id })
    await assert.rejects(again, refused(400, 'invalid role or secret ID'))
  },
  async 'approle: a wrapped secret_id'() {
    const role_id = await newRole('wrapped')
    const { wrap_info } = await vault.write(
      `auth/${approle}/role/wrapped/secret-id`,
      {},
      { headers: { 'X-Vault-Wrap-TTL': '5m' } },
    )
    assert.equal(wrap_info.creation_path, `auth/${approle}/role/wrapped/secret-id`)
    const { data } = await connect(wrap_info.token).unwrap({})
    const { auth } = await connect(undefined).approleLogin({
      mount_point: approle,
      role_id,
      secret_id: data.secret_id,
    })
    assert.ok(auth.policies.includes(reader))
  },
  async 'approle: a wrong secret_id'() {
    const role_id = await newRole('careful')
    const login = connect(undefined).approleLogin({ mount_point: approle, role_id, secret_id: 'not-this-one' })
    await assert.rejects(login, refused(400, 'invalid role or secret ID'))
  },
  async 'userpass: user and login'() {
    await newUser('ann', name('password'))
    assert.ok((await vault.list(`auth/${userpass}/users`)).data.keys.includes('ann'))
    const ann = connect(undefined)
    const { auth } = await ann.userpassLogin({ mount_point: userpass, username: 'ann', password: name('password') })
    assert.deepEqual(auth.metadata, { username: 'ann' })
    assert.equal((await ann.tokenLookupSelf()).data.display_name, `${userpass}-ann`)
  },
  async 'userpass: a wrong password'() {
    await newUser('bob', name('password'))
    const login = connect(undefined).userpassLogin({ mount_point: userpass, username: 'bob', password: 'a guess' })
    await assert.rejects(login, refused(400, 'invalid username or password'))
  },
  async 'userpass: a new password'() {
    await newUser('eve', name('password'))
    await vault.write(`auth/${userpass}/users/eve/password`, { password: name('newer') })
    const login = (password) => connect(undefined).userpassLogin({ mount_point: userpass, username: 'eve', password })
    await assert.rejects(login(name('password')), refused(400))
    assert.ok((await login(name('newer'))).auth.client_token)
  },
  async 'policies: write, read, list, delete'() {
    const policy = `path "${kv2}/data/x" {\n  capabilities = ["read", "list"]\n}\n`
    await vault.addPolicy({ name: name('policy'), policy })
    assert.equal((await vault.getPolicy({ name: name('policy') })).data.rules, policy)
    assert.ok((await vault.policies()).data.policies.includes(name('policy')))
    await vault.removePolicy({ name: name('policy') })
    await assert.rejects(vault.getPolicy({ name: name('policy') }), refused(404))
    await assert.rejects(
      vault.addPolicy({ name: name('bad'), policy: 'path "x" { capabilities = ["fly"] }' }),
      refused(400),
    )
  },
  async 'policies: capabilities'() {
    const { client_token } = await child()
    const paths = [`${kv2}/data/open`, `${kv2}/data/plain`]
    const { data } = await connect(client_token).write('sys/capabilities-self', { paths })
    assert.deepEqual(data[`${kv2}/data/open`], ['read'])
    assert.deepEqual(data[`${kv2}/data/plain`], ['deny'])
  },
  async 'policies: a refusal'() {
    const { client_token } = await child()
    const words = '1 error occurred:\n\t* permission denied\n\n'
    await assert.rejects(connect(client_token).read(`${kv2}/data/plain`), refused(403, words))
    await assert.rejects(connect(client_token).write(`${kv2}/data/open`, { data: {} }), refused(403, words))
  },
  async 'wrapping: a read'() {
    const { wrap_info } = await vault.read(`${kv2}/data/open`, { headers: { 'X-Vault-Wrap-TTL': '2m' } })
    assert.equal(wrap_info.ttl, 120)
    const { data: seen } = await vault.write('sys/wrapping/lookup', { token: wrap_info.token })
    assert.equal(seen.creation_path, `${kv2}/data/open`)
    assert.equal(seen.creation_ttl, 120)
    assert.equal((await connect(token).unwrap({ token: wrap_info.token })).data.data.word, 'open to the reader')
  },
  async 'wrapping: a login'() {
    await newUser('wrapped', name('password'))
    const { wrap_info, auth } = await connect(undefined).write(
      `auth/${userpass}/login/wrapped`,
      { password: name('password') },
      { headers: { 'X-Vault-Wrap-TTL': '2m' } },
    )
    assert.equal(auth, null)
    const inside = await connect(wrap_info.token).unwrap({})
    assert.equal(inside.auth.accessor, wrap_info.wrapped_accessor)
    assert.equal((await connect(inside.auth.client_token).tokenLookupSelf()).data.accessor, inside.auth.accessor)
  },
  async 'wrapping: taken once'() {
    const { wrap_info } = await vault.write(
      'sys/wrapping/wrap',
      { word: 'once' },
      { headers: { 'X-Vault-Wrap-TTL': 60 } },
    )
    assert.deepEqual((await connect(wrap_info.token).unwrap({})).data, { word: 'once' })
    const words = 'wrapping token is not valid or does not exist'
    await assert.rejects(connect(wrap_info.token).unwrap({}), refused(400, words))
  },
  async 'leases: look-up and list'() {
    await newUser('leased', name('password'))
    await connect(undefined).userpassLogin({ mount_point: userpass, username: 'leased', password: name('password') })
    const prefix = `auth/${userpass}/login/leased`
    const { keys } = (await vault.list(`sys/leases/lookup/${prefix}`)).data
    assert.equal(keys.length, 1)
    const { data } = await vault.write('sys/leases/lookup', { lease_id: `${prefix}/${keys[0]}` })
    assert.equal(data.id, `${prefix}/${keys[0]}`)
    assert.ok(data.ttl > 0 && data.ttl <= 3600)
    await assert.rejects(
      vault.write('sys/leases/lookup', { lease_id: `${prefix}/nothing` }),
      refused(400, 'invalid lease'),
    )
  },
  async 'leases: revoke by prefix'() {
    await newUser('gone', name('password'))
    const client = connect(undefined)
    await client.userpassLogin({ mount_point: userpass, username: 'gone', password: name('password') })
    await client.tokenLookupSelf()
    // The client asks by the older name, which OpenBao does not have.
    if (embedded) await vault.revokePrefix({ path_prefix: `auth/${userpass}/login/gone` })
    else await vault.write(`sys/leases/revoke-prefix/auth/${userpass}/login/gone`, {})
    await assert.rejects(client.tokenLookupSelf(), refused(403))
    await assert.rejects(vault.list(`sys/leases/lookup/auth/${userpass}/login/gone`), refused(404))
  },
  async 'audit: enable, hash, list, disable; no secret in the file'() {
    const device = name('audit')
    const file = join(auditFolder, `${device}.log`)
    await vault.enableAudit({ name: device, type: 'file', options: { file_path: file } })
    const planted = name('planted')
    await put('audited', { word: planted })
    await get('audited')
    const { client_token } = await child()
    await connect(client_token).read(`${kv2}/data/open`)
    const { hash } = (await vault.write(`sys/audit-hash/${device}`, { input: planted })).data
    assert.equal((await vault.audits()).data[`${device}/`].type, 'file')
    await vault.disableAudit({ name: device })
    assert.equal((await vault.audits()).data[`${device}/`], undefined)
    const text = readFileSync(file, 'utf8')
    assert.ok(!text.includes(planted), 'the planted secret is in the audit file')
    assert.ok(!text.includes(client_token), 'a token is in the audit file')
    assert.ok(text.includes(hash), 'the hash of the planted secret is not in the audit file')
  },
  async 'sys: health and seal status'() {
    const health = await vault.health()
    assert.equal(health.initialized, true)
    assert.equal(health.sealed, false)
    assert.equal((await vault.status()).sealed, false)
    assert.equal((await vault.initialized()).initialized, true)
    assert.match(health.version, /^\d+\.\d+\.\d+/)
  },
  async 'sys: mounts and tuning'() {
    const mounts = (await vault.mounts()).data
    assert.equal(mounts[`${kv2}/`].type, 'kv')
    assert.equal(mounts[`${kv2}/`].options.version, '2')
    await vault.write(`sys/mounts/${kv2}/tune`, { default_lease_ttl: '1h', description: 'tuned' })
    const tuned = (await vault.read(`sys/mounts/${kv2}/tune`)).data
    assert.equal(tuned.default_lease_ttl, 3600)
    assert.equal(tuned.description, 'tuned')
  },
  async 'sys: remount'() {
    await vault.mount({ mount_point: name('before'), type: 'kv', options: { version: '1' } })
    await vault.write(`${name('before')}/key`, { word: 'moved' })
    const moved = await vault.remount({ from: name('before'), to: name('after') })
    assert.ok(moved.data.migration_id)
    const ends = Date.now() + 10_000
    for (;;) {
      const { migration_info } = (await vault.read(`sys/remount/status/${moved.data.migration_id}`)).data
      if (migration_info.status === 'success') break
      assert.ok(Date.now() < ends, `the move is ${migration_info.status}`)
    }
    assert.deepEqual((await vault.read(`${name('after')}/key`)).data, { word: 'moved' })
    await vault.unmount({ mount_point: name('after') })
  },
  async 'sys: auth methods'() {
    await vault.enableAuth({ mount_point: name('other'), type: 'approle', description: 'another' })
    assert.equal((await vault.auths()).data[`${name('other')}/`].description, 'another')
    await vault.disableAuth({ mount_point: name('other') })
    assert.equal((await vault.auths()).data[`${name('other')}/`], undefined)
  },
  async 'http: a namespace'() {
    await assert.rejects(connect(token, { namespace: name('team') }).tokenLookupSelf(), (error) => {
      assert.ok([403, 404].includes(error.response.statusCode), error.message)
      return true
    })
  },
  async 'node-vault: lists without the LIST verb'() {
    await put('verbless/a', { n: 1 })
    const { data } = await connect(token, { noCustomHTTPVerbs: true }).list(`${kv2}/metadata/verbless`)
    assert.deepEqual(data.keys, ['a'])
  },
  async 'node-vault: keeps its token alive'() {
    const auth = await child({ ttl: '30s' })
    const client = connect(auth.client_token)
    const renewed = once(client, 'token:renewed')
    await client.startTokenRenewal({ ttl: 1, increment: 600 })
    // The client's own timer does not keep a process alive.
    const patience = setTimeout(() => client.emit('error', new Error('the token was not renewed')), 20_000)
    const [answer] = await renewed
    clearTimeout(patience)
    client.stopTokenRenewal()
    assert.equal(answer.auth.lease_duration, 600)
  },
}

if (tls !== undefined) {
  const secure = (requestOptions) => vaultClient({ endpoint: tls.address, token: tls.token, requestOptions })
  cases['tls: with its authority'] = async () => {
    assert.equal((await secure({ ca: readFileSync(tls.authority) }).tokenLookupSelf()).data.policies[0], 'root')
  }
  cases['tls: without its authority'] = async () => {
    await assert.rejects(secure({}).tokenLookupSelf(), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  }
}

for (const [title, perform] of Object.entries(cases)) {
  const detail = await perform().then(
    () => undefined,
    (error) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
  process.stdout.write(`${JSON.stringify({ name: title, ok: detail === undefined, detail: detail ?? '' })}\n`)
}

for (const mount_point of [kv1, kv2]) await vault.unmount({ mount_point })
for (const mount_point of [approle, userpass]) await vault.disableAuth({ mount_point })
await vault.removePolicy({ name: reader })
