/**
 * S8, fuzzed: a secret is found under the name that it was written under, stands in the list of its folder, and goes with
 * its deletion, whatever the name; and nothing else does. By address and token.
 */
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTarget, type Target } from './target.case.ts'

const numRuns = Number(process.env['PLENUM_FUZZ_RUNS'] ?? 60)
const seed = Number(process.env['PLENUM_FUZZ_SEED'] ?? Date.now() % 2 ** 31)

let vault: Target
let v1: string
let v2: string

beforeAll(async () => {
  vault = await openTarget()
  v1 = vault.unique('names-v1')
  v2 = vault.unique('names-v2')
  await vault.request('POST', `sys/mounts/${v1}`, { body: { type: 'kv', options: { version: '1' } } })
  await vault.request('POST', `sys/mounts/${v2}`, { body: { type: 'kv', options: { version: '2' } } })
})
afterAll(async () => {
  for (const mount of [v1, v2]) await vault.request('DELETE', `sys/mounts/${mount}`)
  await vault.close()
})

const letter = fc.oneof(
  fc.constantFrom(...'abZ09_-.~!$&()*+,;=:@ %?#[]{}|^`"<>\\'),
  fc.constantFrom('é', 'ß', '日', '本', 'Ω', 'ї', '😀', 'e\u0301', '\u00e9', '٣'),
)
const segment = fc
  .array(letter, { minLength: 1, maxLength: 8 })
  .map((letters) => letters.join(''))
  .filter((text) => !/^\.{1,2}$/.test(text))
const name = fc.array(segment, { minLength: 1, maxLength: 3 })

const written = (segments: readonly string[]): string => segments.map(encodeURIComponent).join('/')

it(`S8: any printable name is one secret, in version 1 and 2 (seed ${seed})`, async () => {
  const kinds = [
    { data: v1, list: v1, body: (value: string): object => ({ value }), forget: v1 },
    {
      data: `${v2}/data`,
      list: `${v2}/metadata`,
      body: (value: string): object => ({ data: { value } }),
      forget: `${v2}/metadata`,
    },
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { minLength: 1, maxLength: 3, selector: (one) => one.join('/') }),
      async (names) => {
        for (const { data, list, body, forget } of kinds) {
          for (const [index, one] of names.entries()) {
            const { status } = await vault.request('POST', `${data}/${written(one)}`, { body: body(`of ${index}`) })
            expect([200, 204]).toContain(status)
          }
          for (const [index, one] of names.entries()) {
            const { text } = await vault.request('GET', `${data}/${written(one)}`)
            expect(text).toContain(`"of ${index}"`)
            const folder = one.slice(0, -1)
            const { json } = await vault.request('LIST', `${list}/${folder.length === 0 ? '' : `${written(folder)}/`}`)
            const keys = (json as unknown as { data: { keys: string[] } }).data.keys
            const wanted = names.filter(
              (other) => other.length > folder.length && folder.every((part, at) => part === other[at]),
            )
            const below = wanted.map(
              (other) => `${other[folder.length] ?? ''}${other.length > folder.length + 1 ? '/' : ''}`,
            )
            expect(keys).toEqual([...new Set(below)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
          }
          for (const one of names) await vault.request('DELETE', `${forget}/${written(one)}`)
          for (const one of names) expect((await vault.request('GET', `${data}/${written(one)}`)).status).toBe(404)
        }
      },
    ),
    { numRuns, seed },
  )
})
