/**
 * Invariant 1 where `plenum import` ends otherwise than it should: Vaults that say back what they were sent, signals, errors
 * that nobody catches.
 */
import { type ChildProcess } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import { plain } from './before-plenum-canaries.case.ts'
import {
  type Answer,
  echo,
  errorsOf,
  expectDone,
  leaks,
  inVault,
  isObjectWritten,
  type Meddle,
  newVault,
  noteProcess,
  plantedHub,
  plenum,
  search,
  startFront,
  usePlantedPlace,
} from './planted-place.case.ts'

usePlantedPlace()
// A test is up to ten commands, and others may be at work on this machine.
vi.setConfig({ testTimeout: 240_000 })

/** Vaults that say back what they were sent, or answer with what is none of theirs. */
const ECHOES: Readonly<Record<string, Answer>> = {
  'in a refusal': (body) => errorsOf(400, body),
  'behind a long text': (body) => errorsOf(500, `${'.'.repeat(900)}${body}`),
  'escaped twice, with the token': (body, token) => errorsOf(403, `${token} ${JSON.stringify(JSON.stringify(body))}`),
  'as the place to go to': (body) => ({
    status: 307,
    text: '',
    location: `https://x.invalid/?${encodeURIComponent(body)}`,
  }),
  'as a text': (body) => ({ status: 200, text: `<html>${body}` }),
  'as data of another shape': (body) => ({ status: 200, text: JSON.stringify({ data: [body, { version: body }] }) }),
}

describe.concurrent('a Vault that is none', () => {
  it.concurrent.for(Object.entries(ECHOES))('says what it was sent %s', async ([how, answer]) => {
    const hub = plantedHub(`echo-${Object.keys(ECHOES).indexOf(how)}`)
    const vault = await newVault()
    const address = await startFront(vault, echo(answer, isObjectWritten))
    const words = ['import', 'airflow-db', '--airflow-home', 'airflow', '--yes', '--debug', '--name', 'echoed']
    const ran = await plenum({ hub, env: inVault(vault, address) }, ...words)
    expectDone(ran, [1])
    expect(ran.errors).toMatch(/^x connection +db_clear /m)
    const all = await startFront(
      vault,
      echo(answer, () => true),
    )
    expectDone(await plenum({ hub, env: inVault(vault, all) }, ...words, '--json'), [1])
  })

  it.concurrent('answers reads with values where none belong', async () => {
    const hub = plantedHub('reads')
    const vault = await newVault()
    const words = ['import', 'env-file', '.env', '--debug', '--name', 'reads']
    expectDone(await plenum({ hub, env: inVault(vault) }, ...words, '--yes'), [0])
    const isRead: Meddle = ({ method, url = '' }) => method === 'GET' && url.startsWith('/v1/secret/data/')
    for (const text of [
      JSON.stringify({
        data: { data: { value: [plain('ReadList')], [plain('ReadKey')]: 1 }, metadata: { version: 1 } },
      }),
      JSON.stringify({ data: { data: plain('ReadText'), metadata: plain('ReadMetadata') } }),
      `{"data": {"data": {"value": "${plain('ReadCut')}`,
    ]) {
      const address = await startFront(
        vault,
        echo(() => ({ status: 200, text }), isRead),
      )
      expectDone(await plenum({ hub, env: inVault(vault, address) }, ...words, '--check'), [1])
    }
    // The record of a clean-up holds the files' text.
    const isKept: Meddle = ({ method, url = '' }) => method === 'POST' && /\/plenum\/[^/]+\/undo\//.test(url)
    const refusing = await startFront(
      vault,
      echo((body) => errorsOf(500, body), isKept),
    )
    const ran = await plenum({ hub, env: inVault(vault, refusing) }, ...words, '--finish', '--yes')
    expectDone(ran, [1])
    expect(ran.errors).not.toContain('cleaned up')
  })
})

describe.concurrent('an end on the way', () => {
  it.concurrent.for(['SIGKILL', 'SIGINT'] as const)('import gets %s behind a write, and goes on', async (signal) => {
    const hub = plantedHub(`ended-${signal}`)
    const vault = await newVault()
    const words = ['import', 'airflow-db', '--airflow-home', 'airflow', '--yes', '--debug', '--name', 'ended']
    let child: ChildProcess | undefined
    let writes = 0
    const address = await startFront(vault, (request) => {
      writes += isObjectWritten(request) ? 1 : 0
      if (child === undefined || writes < 2) return false
      if (!child.killed) {
        noteProcess(child)
        child.kill(signal)
      }
      // Others of its requests are under way.
      return signal === 'SIGKILL'
    })
    const started = (one: ChildProcess): void => void (child = one)
    const ran = await plenum({ hub, env: inVault(vault, address), started }, ...words)
    expect([ran.signal, ran.status]).toEqual(signal === 'SIGKILL' ? ['SIGKILL', null] : [null, 1])
    expectDone(await plenum({ hub, env: inVault(vault) }, ...words), [0])
  })

  it.concurrent.for(['uncaught', 'rejected', 'disk'])('%s', async (how) => {
    const hub = plantedHub(`broken-off-${how}`)
    const env = { ...inVault(await newVault()), PLENUM_PROBE_BREAK: how }
    const ran = await plenum({ hub, env }, 'import', 'env-file', '.env', '--yes', '--debug', '--name', `off_${how}`)
    expect([0, null]).not.toContain(ran.status)
    expect(ran.errors).toContain('forced on the way')
    expect(search('output', ran.errors + ran.out)).toEqual([])
  })
})

it('S35: holds no planted value: what was said, written, removed and handed on', () => {
  expect(leaks()).toEqual([])
})
