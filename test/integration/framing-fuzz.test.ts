/**
 * S47, fuzzed: whatever the verbs, the lengths and the pieces that a stream of requests comes in, it is answered as the
 * same requests are one by one, and the server sees no request that was not sent.
 *
 * Two ways to send: all at once, as a pipelining client does, and each after the answer to the one before. All at once, a
 * LIST may be refused, for its answer could overtake another; then nothing behind it is answered either. By address and
 * token. PLENUM_FUZZ_RUNS and PLENUM_FUZZ_SEED make it longer, or the same again.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTarget, type Target } from './target.case.ts'
import { exchange, message, type WireAnswer } from './wire.case.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-framing-'))
const log = join(folder, 'audit.log')
const numRuns = Number(process.env['PLENUM_FUZZ_RUNS'] ?? 120)
const TIMEOUT_MS = 60_000 + numRuns * 100
const seed = Number(process.env['PLENUM_FUZZ_SEED'] ?? Date.now() % 2 ** 31)

let vault: Target
let mount: string

beforeAll(async () => {
  vault = await openTarget({ auditFolder: folder })
  mount = vault.unique('framed')
  await vault.request('POST', `sys/mounts/${mount}`, { body: { type: 'kv', options: { version: '1' } } })
  await vault.request('POST', `${mount}/a/b`, { body: { value: '1' } })
  if (vault.embedded)
    await vault.request('PUT', 'sys/audit/file', { body: { type: 'file', options: { file_path: log } } })
})
afterAll(async () => {
  await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.close()
  rmSync(folder, { recursive: true })
})

/** What is sent: its bytes, and how the log calls it. */
interface Sent {
  readonly kind: 'plain' | 'list' | 'broken'
  readonly bytes: string
  /** `undefined` for what never gets that far. */
  readonly logged: string | undefined
}

/** A request that a body or a header holds, and that nobody sent. */
const smuggled = (): string =>
  message({ method: 'POST', target: `/v1/${mount}/smuggled`, token: vault.token, body: '{"value":"smuggled"}' })

const chunked = (text: string, size: number): string => {
  const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  )
  return `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`
}

/** Bodies are ASCII: their length is that of the text. */
const bodies = (): fc.Arbitrary<string> =>
  fc.constantFrom('{"value":"x"}', `{"value":${JSON.stringify(smuggled())}}`, `{"value":"${'y'.repeat(5000)}"}`)

function requests(): fc.Arbitrary<Sent> {
  const { token } = vault
  const plain = (
    method: string,
    path: string,
    operation: string,
    more: { headers?: string[]; body?: string } = {},
  ): Sent => ({
    kind: 'plain',
    bytes: message({ method, target: `/v1/${mount}/${path}`, token, ...more }),
    logged: `${operation} ${mount}/${path.replace(/\?.*/, '')}`,
  })
  const write = (body: string, framing: 'length' | 'chunked' | 'expected', size: number): Sent => {
    if (framing === 'length') return plain('POST', 'w', 'update', { body })
    if (framing === 'expected') return plain('PUT', 'w', 'update', { headers: ['Expect: 100-continue'], body })
    const head = message({ method: 'POST', target: `/v1/${mount}/w`, token, headers: ['Transfer-Encoding: chunked'] })
    return { kind: 'plain', bytes: head + chunked(body, size), logged: `update ${mount}/w` }
  }
  const broken = (bytes: string): Sent => ({ kind: 'broken', bytes, logged: undefined })
  const post = (headers: string[], body: string): Sent =>
    broken(message({ method: 'POST', target: `/v1/${mount}/w`, token, headers }) + body)
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(plain('GET', 'a/b', 'read'), plain('GET', 'none', 'read')) },
    { weight: 1, arbitrary: fc.constant(plain('DELETE', 'none', 'delete')) },
    { weight: 1, arbitrary: bodies().map((body) => plain('DELETE', 'none', 'delete', { body })) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(bodies(), fc.constantFrom('length', 'chunked', 'expected'), fc.integer({ min: 1, max: 400 }))
        .map(([body, framing, size]) => write(body, framing, size)),
    },
    {
      weight: 3,
      arbitrary: fc.option(bodies(), { nil: undefined }).map(
        (body): Sent => ({
          ...plain('LIST', 'a/', 'list', body === undefined ? {} : { body }),
          kind: 'list',
        }),
      ),
    },
    {
      // Go takes some of them for what they may have meant.
      weight: vault.embedded ? 1 : 0,
      arbitrary: fc.constantFrom(
        post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled()}`),
        post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${smuggled()}`),
        post(['Content-Length: 4', 'Content-Length: 5'], `abcde${smuggled()}`),
        post(['Content-Length: +4'], `abcd${smuggled()}`),
        post(['Content-Length : 4'], `abcd${smuggled()}`),
        post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${smuggled()}`),
        post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled()}`),
        post(['Transfer-Encoding: chunked'], `-1\r\n${smuggled()}`),
        broken(
          `LIST /v1/${mount}/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n${smuggled()}`,
        ),
        broken(`LISTS /v1/${mount}/a HTTP/1.1\r\nHost: x\r\n\r\n${smuggled()}`),
        broken(`LIST /v1/${mount}/a HTTP/9.9\r\nHost: x\r\n\r\n${smuggled()}`),
      ),
    },
  )
}

/** Cut at these places, each a share of the whole; never inside of a verb that Node has to be helped with. */
function cut(bytes: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => Math.floor((place * bytes.length) / 1000)))].toSorted((a, b) => a - b)
  const allowed = at.filter(
    (place) => place > 0 && !/(?:^|\})(?:L|LI|LIS)$/.test(bytes.slice(Math.max(0, place - 4), place)),
  )
  return [0, ...allowed].map((start, index) => bytes.slice(start, allowed[index])).filter((piece) => piece !== '')
}

/** Without what is of this one answer. */
const shown = ({ status, body }: WireAnswer): string => `${status} ${body.replace(/"request_id":"[^"]*"/, '')}`

/** How each is answered on a connection of its own. */
const alone = new Map<string, string>()
async function expectedOf(sent: Sent): Promise<string> {
  const [answer] = await exchange(vault.address, [sent.bytes])
  const text = answer === undefined ? 'closed' : shown(answer)
  expect(alone.get(sent.bytes) ?? text).toBe(text)
  alone.set(sent.bytes, text)
  return text
}

/** What came to the server since this was asked last. */
function newlySeen(): string[] {
  if (!vault.embedded) return []
  const bytes = readFileSync(log)
  const lines = bytes.toString('utf8', read).split('\n')
  read = bytes.length
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { type: string; request: { operation: string; path: string } })
    .filter(({ type, request }) => type === 'request' && request.path.startsWith(`${mount}/`))
    .map(({ request }) => `${request.operation === 'create' ? 'update' : request.operation} ${request.path}`)
}
let read = 0

const streams = (): fc.Arbitrary<readonly [Sent[], number[]]> =>
  fc.tuple(
    fc.array(requests(), { minLength: 1, maxLength: 5 }),
    fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 12 }),
  )

it(
  `S47, S34: a stream is answered as its requests are one by one, wherever it is cut (seed ${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(streams(), async ([sent, places]) => {
        const wanted: string[] = []
        for (const one of sent) wanted.push(await expectedOf(one))
        newlySeen()
        const answers = (
          await exchange(vault.address, cut(sent.map(({ bytes }) => bytes).join(''), places), { answers: sent.length })
        ).map(shown)
        // In order, and after a refusal of the framing nothing.
        const last = answers.length - 1
        for (const [index, answer] of answers.entries()) {
          const refusedList = sent[index]?.kind === 'list' && index === last && answer.startsWith('400 ')
          if (!refusedList) expect(answer).toBe(wanted[index])
          if (sent[index]?.kind === 'broken') expect(index).toBe(last)
        }
        const end = sent.findIndex(({ kind }) => kind === 'broken')
        const whole = end === -1 ? sent.length : end
        const hasList = sent.slice(0, whole).some(({ kind }) => kind === 'list')
        if (!hasList) expect(answers.length).toBeGreaterThanOrEqual(whole)
        const seen = newlySeen()
        expect(seen).toEqual(sent.slice(0, seen.length).map(({ logged }) => logged))
        expect((await vault.request('GET', `${mount}/smuggled`)).status).toBe(404)
      }),
      { numRuns, seed },
    )
    expect((await vault.request('GET', 'sys/health')).status).toBe(200)
  },
  TIMEOUT_MS,
)

it(
  `S47, S34: on one connection, each after the answer to the one before, all are answered, LIST too (seed ${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(streams(), async ([all, places]) => {
        const sent = all.filter(({ kind }) => kind !== 'broken')
        fc.pre(sent.length > 0)
        const wanted: string[] = []
        for (const one of sent) wanted.push(await expectedOf(one))
        newlySeen()
        const answers = (
          await exchange(
            vault.address,
            sent.map(({ bytes }) => cut(bytes, places)),
            {
              answers: sent.length,
            },
          )
        ).map(shown)
        expect(answers).toEqual(wanted)
        if (vault.embedded) expect(newlySeen()).toEqual(sent.map(({ logged }) => logged))
        expect((await vault.request('GET', `${mount}/smuggled`)).status).toBe(404)
      }),
      { numRuns, seed },
    )
  },
  TIMEOUT_MS,
)
