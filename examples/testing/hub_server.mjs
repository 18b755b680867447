/**
 * A test server for programs in any language: `node hub_server.mjs plenum.yaml`.
 *
 * A line of JSON in, `{"call": "env", "argument": "airflow"}`, is a line of JSON out. It ends with its input, so no server
 * outlives a test run that was killed.
 */
import { createInterface } from 'node:readline'
import { startTestServer } from 'plenum/testing'

const server = await startTestServer({ hub: process.argv[2] ?? 'plenum.yaml' })
const CALLS = {
  env: (role) => server.env(role ?? undefined),
  advance: (by) => server.clock.advance(by),
  failNext: (failure) => void server.failNext(failure),
  auditEntries: (filter) => server.auditEntries(filter ?? {}),
}

for await (const line of createInterface({ input: process.stdin })) {
  const { call, argument } = JSON.parse(line)
  const answer = await CALLS[call](argument)
  console.log(JSON.stringify(answer ?? null))
}
await server.close()
