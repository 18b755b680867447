/**
 * Serving: Plenum's embedded server, side by side with a bare node:http server and, when its binary is on PATH, OpenBao
 * or Vault.
 *
 * The servers take turns, so that a machine whose speed drifts slows all of them: what counts is the ratios.
 */
import { cpus } from 'node:os'
import { CONNECTIONS, hasWrk, load } from './load.mjs'
import { bareNode, call, memoryOf, plenumServer, realVault } from './servers.mjs'

const SECRET = { username: 'reader', password: 'x'.repeat(40), host: 'db.example.com', port: 5432 }

export async function serving({ quick, print, note }) {
  const SECONDS = quick ? 1 : 4
  const ROUNDS = quick ? 2 : 3
  const servers = [await plenumServer(), await bareNode()]
  const real = await realVault()
  if (real === undefined) note('neither `bao` nor `vault` is on PATH: measuring without one')
  else servers.push(real)

  const idle = new Map(servers.map((server) => [server.name, memoryOf(server.pid)]))
  const logins = new Map()
  for (const server of servers) {
    if (server.name === 'bare node:http') continue
    await call(server, 'POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await call(server, 'POST', 'sys/auth/approle', { type: 'approle' })
    await call(server, 'PUT', 'sys/policies/acl/bench', { policy: 'path "secret/data/*" { capabilities = ["read"] }' })
    await call(server, 'POST', 'auth/approle/role/bench', { token_policies: ['bench'], token_ttl: 3600 })
    const {
      data: { role_id },
    } = await call(server, 'GET', 'auth/approle/role/bench/role-id')
    const {
      data: { secret_id },
    } = await call(server, 'POST', 'auth/approle/role/bench/secret-id', {})
    logins.set(server.name, JSON.stringify({ role_id, secret_id }))
    for (let n = 0; n < 100; n += 1) await call(server, 'POST', `secret/data/bench/${n}`, { data: SECRET })
  }

  const body = JSON.stringify({ data: SECRET })
  const LOADS = {
    'KV v2 read': (server) => ({
      url: `${server.address}/v1/secret/data/bench/{n}`,
      headers: { 'X-Vault-Token': server.token },
      spread: 100,
    }),
    'KV v2 durable write': (server) =>
      server.name === 'bare node:http'
        ? undefined
        : {
            url: `${server.address}/v1/secret/data/written/{n}`,
            method: 'POST',
            headers: { 'X-Vault-Token': server.token },
            body,
            spread: 1000,
          },
    'AppRole login (service token)': (server) =>
      logins.has(server.name)
        ? { url: `${server.address}/v1/auth/approle/login`, method: 'POST', body: logins.get(server.name) }
        : undefined,
  }

  print(
    `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}, ${CONNECTIONS} connections from ${hasWrk ? 'wrk' : 'a Node process'} on the same machine, ${ROUNDS} rounds of ${SECONDS} s, median\n`,
  )
  print(
    `| | ${servers.map(({ name }) => `${name} /s`).join(' | ')} | ${servers
      .slice(1)
      .map(({ name }) => `Plenum / ${name}`)
      .join(' | ')} | p99 of Plenum, ms |`,
  )
  print(`|---|${'---|'.repeat(servers.length * 2)}`)
  for (const [name, requestFor] of Object.entries(LOADS)) {
    const rates = new Map(servers.map((server) => [server.name, []]))
    let p99 = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const server of servers) {
        const request = requestFor(server)
        if (request === undefined) continue
        const result = await load(request, SECONDS)
        if (result.bad > 0) throw new Error(`${name} on ${server.name}: ${result.bad} requests failed`)
        rates.get(server.name).push(result.perSecond)
        if (server === servers[0]) p99 = Math.max(p99, result.p99Ms)
      }
    }
    const medians = servers.map((server) => median(rates.get(server.name)))
    print(
      `| ${name} | ${medians.map(rate).join(' | ')} | ${medians
        .slice(1)
        .map((other) => (Number.isNaN(other) ? '-' : (medians[0] / other).toFixed(2)))
        .join(' | ')} | ${p99.toFixed(1)} |`,
    )
  }

  print(`\n| memory, MB: own + mapped files | ${servers.map(({ name }) => name).join(' | ')} |`)
  print(`|---|${'---|'.repeat(servers.length)}`)
  print(`| idle | ${servers.map(({ name }) => megabytes(idle.get(name))).join(' | ')} |`)
  print(`| after the load | ${servers.map(({ pid }) => megabytes(memoryOf(pid))).join(' | ')} |`)

  for (const server of servers) await server.stop()
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
function megabytes({ own, mapped }) {
  return `${own.toFixed(0)} + ${mapped.toFixed(0)}`
}
function rate(perSecond) {
  return Number.isNaN(perSecond) ? '-' : Math.round(perSecond).toLocaleString('en')
}
