import { createHash, randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryStorage, type PhysicalStorage, type StoredEntry, type Write } from '../storage/index.ts'
import { collect, forged, inPieces, pack, unpack } from './archive.case.ts'
import { readSnapshot, SnapshotError, type SnapshotErrorCode, writeSnapshot } from './index.ts'
import { encodeRecords, RecordReader } from './records.ts'
import { BLOCK, fileHeader, parseHeader } from './tar.ts'

const put = (key: string, value: Uint8Array): Write => ({ kind: 'put', key, value })

async function makeStore(entries = 20): Promise<PhysicalStorage> {
  const storage = createMemoryStorage()
  await storage.commit(Array.from({ length: entries }, (_, i) => put(`k/${i}`, randomBytes(10 + i))))
  return storage
}

function save(storage: PhysicalStorage): AsyncGenerator<Uint8Array> {
  return writeSnapshot({
    freeze: () => storage.freeze(),
    seal: (sums) => Buffer.concat([Buffer.from('sealed '), sums]),
    storeId: 'an-id',
    now: () => Date.UTC(2026, 0, 2),
  })
}

async function read(archive: Buffer, pieces?: number) {
  const entries: StoredEntry[] = []
  const found = await readSnapshot(inPieces(archive, pieces), async (batch) => {
    entries.push(...batch.map(({ key, value }) => ({ key, value: Buffer.from(value) })))
  })
  return { ...found, entries }
}

async function refusalOf(archive: Buffer): Promise<SnapshotErrorCode> {
  try {
    await read(archive)
  } catch (error) {
    if (error instanceof SnapshotError) return error.code
    throw error
  }
  throw new Error('it was read')
}

/** Keys and digests, which are compared faster than bytes. */
const digests = (entries: readonly StoredEntry[]): string[] =>
  entries.map(({ key, value }) => `${key} ${value.length} ${createHash('sha256').update(value).digest('hex')}`)
const contentOf = (storage: PhysicalStorage): string[] => digests([...storage.freeze().batches()].flat())

describe('a snapshot', () => {
  it('holds the four files that the clients of Vault look for, in their order', async () => {
    const files = unpack(await collect(save(await makeStore())))
    expect(files.map(({ name }) => name)).toEqual(['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed'])
    const [meta, , sums, sealedSums] = files
    expect(JSON.parse(String(meta?.content))).toEqual({
      format: 'plenum-snapshot',
      version: 1,
      created: '2026-01-02T00:00:00.000Z',
      store: { version: 3, id: 'an-id' },
      entries: 20,
    })
    expect(String(sealedSums?.content)).toBe(`sealed ${String(sums?.content)}`)
  })

  it('comes back as it was, in whatever pieces it arrives', async () => {
    const storage = await makeStore(300)
    await storage.commit([put('large', randomBytes(3_000_000)), put('empty', new Uint8Array(0))])
    const archive = await collect(save(storage))
    for (const size of [701, 65_536, archive.length]) {
      const { entries, manifest, sums, sealedSums } = await read(archive, size)
      expect(digests(entries)).toEqual(contentOf(storage))
      expect(manifest).toEqual({ storeVersion: 3, entries: 302 })
      expect(String(sealedSums)).toBe(`sealed ${String(sums)}`)
    }
  })

  it('is of one moment, however slowly it is taken and whatever is written meanwhile', async () => {
    const storage = createMemoryStorage()
    await storage.commit(
      Array.from({ length: 30 }, (_, i) => put(`k/${String(i).padStart(2, '0')}`, randomBytes(300_000))),
    )
    const before = contentOf(storage)
    const chunks: Uint8Array[] = []
    for await (const chunk of save(storage)) {
      chunks.push(chunk)
      await storage.commit(storage.list('k/').map((name) => put(`k/${name}`, Buffer.from(`later ${chunks.length}`))))
    }
    expect(digests((await read(Buffer.concat(chunks))).entries)).toEqual(before)
  })

  it('holds nothing before it is asked for a byte, and lets go when whoever reads stops or the store fails', async () => {
    const storage = await makeStore(5000)
    let open = 0
    const counted = () =>
      writeSnapshot({
        freeze: () => {
          open += 1
          const frozen = storage.freeze()
          return {
            batches: () => frozen.batches(),
            close: () => {
              open -= 1
              frozen.close()
            },
          }
        },
        seal: () => {
          throw new Error('no key any more')
        },
        storeId: '',
        now: () => 0,
      })
    const untouched = counted()
    expect(open).toBe(0)
    await untouched.return(undefined)
    const left = counted()
    await left.next()
    expect(open).toBe(1)
    await left.return(undefined)
    expect(open).toBe(0)
    await expect(collect(counted())).rejects.toThrow('no key any more')
    expect(open).toBe(0)
  })

  it('is asked for its next piece only when the last one was taken', async () => {
    const storage = createMemoryStorage()
    await storage.commit(Array.from({ length: 64 }, (_, i) => put(`k/${i}`, randomBytes(1_000_000))))
    let given = 0
    const slow = writeSnapshot({
      freeze: () => {
        const frozen = storage.freeze()
        let passes = 0
        return {
          *batches() {
            passes += 1
            for (const batch of frozen.batches()) {
              if (passes > 1) given += 1
              yield batch
            }
          },
          close: () => frozen.close(),
        }
      },
      seal: (sums) => sums,
      storeId: '',
      now: () => 0,
    })
    await slow.next()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(given).toBeLessThan(10)
    await slow.return(undefined)
  })
})

describe('S46: an archive that is not whole is refused', () => {
  it('cut off anywhere', async () => {
    const archive = await collect(save(await makeStore()))
    for (let bytes = 0; bytes < archive.length; bytes += 13) {
      expect(await refusalOf(archive.subarray(0, bytes)), `${bytes} of ${archive.length}`).toBe('snapshot-damaged')
    }
  })

  it('cut off inside, and compressed again', async () => {
    const plain = gunzipSync(await collect(save(await makeStore())))
    for (let bytes = 0; bytes < plain.length - 1024; bytes += 97) {
      expect(await refusalOf(gzipSync(plain.subarray(0, bytes))), `${bytes}`).toBe('snapshot-damaged')
    }
  })

  it('with any byte of a file altered', async () => {
    const plain = gunzipSync(await collect(save(await makeStore(4))))
    const sealedAt = plain.indexOf('SHA256SUMS.sealed')
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(sealedAt - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const altered = Buffer.from(plain)
        altered[at] = (altered[at] ?? 0) ^ mask
        const code = await refusalOf(gzipSync(altered)).catch((error: unknown) => String(error))
        // A header can say some things in two ways; none of them changes what is stored.
        if (isHeaderByte(at, plain) && code === 'Error: it was read') return
        expect(code).toMatch(/^snapshot-(?:damaged|version)$/)
        refused += 1
      }),
      { numRuns: 300 },
    )
    expect(refused).toBeGreaterThan(100)
  })

  it('with files missing, in another order, twice, or of another snapshot', async () => {
    const files = unpack(await collect(save(await makeStore())))
    const others = unpack(await collect(save(await makeStore())))
    const [meta, state, sums, sealedSums] = files
    if (!meta || !state || !sums || !sealedSums) throw new Error('files are missing')
    const wrong = [
      [],
      [meta, state, sums],
      [meta, state],
      [state, meta, sums, sealedSums],
      [...files, state],
      [meta, meta, state, sums, sealedSums],
      ...[0, 1, 2].map((swapped) => files.map((file, index) => (index === swapped ? (others[index] ?? file) : file))),
      [meta, state, others[2] ?? sums, others[3] ?? sealedSums],
      [{ name: '../meta.json', content: meta.content }, state, sums, sealedSums],
    ]
    for (const [index, archive] of wrong.entries()) {
      // Swapping meta.json of two stores that hold as much changes nothing.
      if (index === 6) continue
      expect(await refusalOf(pack(archive)), `case ${index}`).toBe('snapshot-damaged')
    }
  })

  it('with entries missing, in another order, or under names that no store has', async () => {
    const archive = await collect(save(await makeStore(3)))
    const records = (...entries: [string, string][]) =>
      encodeRecords(entries.map(([key, value]) => ({ key, value: Buffer.from(value) })))
    const states = [
      records(['k/0', ''], ['k/1', '']),
      records(['k/1', ''], ['k/0', ''], ['k/2', '']),
      records(['k/0', ''], ['k/0', ''], ['k/2', '']),
      records(['../x', ''], ['k/0', ''], ['k/2', '']),
      records(['a', ''], ['b', ''], ['c', '']).subarray(0, -1),
      Buffer.from('ffffffffffffffff', 'hex'),
      Buffer.alloc(0),
    ]
    for (const state of states)
      expect(await refusalOf(forged(archive, 'state.bin', () => state))).toBe('snapshot-damaged')
  })

  it('of a later Plenum, of a raft cluster, or nothing of the kind', async () => {
    const archive = await collect(save(await makeStore(3)))
    const withMeta = (text: string) => forged(archive, 'meta.json', () => Buffer.from(text))
    const meta = (fields: object) =>
      JSON.stringify({ format: 'plenum-snapshot', version: 1, store: { version: 3, id: '' }, entries: 3, ...fields })
    expect(await refusalOf(withMeta(meta({ version: 2 })))).toBe('snapshot-version')
    expect(await refusalOf(withMeta(meta({ store: { version: 4, id: '' } })))).toBe('snapshot-version')
    expect(await refusalOf(withMeta('{"Version":1,"ID":"bolt-snapshot","Index":29,"Term":3}'))).toBe('snapshot-foreign')
    expect(await refusalOf(withMeta(meta({ store: null })))).toBe('snapshot-damaged')
    expect(await refusalOf(withMeta(meta({ store: { version: 0 } })))).toBe('snapshot-damaged')
    expect(await refusalOf(withMeta(meta({ entries: 4 })))).toBe('snapshot-damaged')
    expect(await refusalOf(withMeta('null'))).toBe('snapshot-damaged')
    expect(await refusalOf(Buffer.from('{"key":"value"}'))).toBe('snapshot-damaged')
    expect(await refusalOf(gzipSync(randomBytes(5000)))).toBe('snapshot-damaged')
    // The store's version before this one had the same entries.
    expect((await read(withMeta(meta({ store: { version: 1, id: '' } })))).manifest.storeVersion).toBe(1)
  })

  it('that unpacks to more than it holds', async () => {
    const plain = gunzipSync(await collect(save(await makeStore(3))))
    expect(await refusalOf(gzipSync(Buffer.concat([plain, Buffer.alloc(50_000_000)])))).toBe('snapshot-damaged')
    expect(await refusalOf(gzipSync(Buffer.concat([plain, Buffer.from('more')])))).toBe('snapshot-damaged')
  })

  it('lets the errors of the upload and of the store through', async () => {
    const archive = await collect(save(await makeStore()))
    const broken = async function* () {
      yield archive.subarray(0, 100)
      throw new Error('the line is dead')
    }
    await expect(readSnapshot(broken(), async () => undefined)).rejects.toThrow('the line is dead')
    await expect(readSnapshot(inPieces(archive), () => Promise.reject(new Error('disk')))).rejects.toThrow('disk')
  })
})

describe('records', () => {
  it('come out of any pieces as they went in', () => {
    const entry = fc.record({ value: fc.uint8Array({ maxLength: 50 }) })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), (values, size) => {
        const entries = values.map(({ value }, i) => ({
          key: `k/${String(i).padStart(3, '0')}`,
          value: Buffer.from(value),
        }))
        const bytes = encodeRecords(entries)
        const reader = new RecordReader()
        const seen: StoredEntry[] = []
        for (let at = 0; at < bytes.length; at += size) seen.push(...reader.read(bytes.subarray(at, at + size)))
        expect(seen).toEqual(entries)
        expect(reader.isComplete).toBe(true)
      }),
    )
  })
})

describe('a header', () => {
  it('is read back, up to the largest file, and is nothing with any bit of its name, size or sum turned', () => {
    const header = fileHeader({ name: 'state.bin', size: 0o77777777777 }, 1_700_000_000_000)
    expect(header).toHaveLength(BLOCK)
    expect(parseHeader(header)).toEqual({ name: 'state.bin', size: 0o77777777777 })
    for (const at of [0, 8, 124, 134, 150]) {
      const altered = Buffer.from(header)
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(parseHeader(altered), `byte ${at}`).toBeUndefined()
    }
    expect(parseHeader(Buffer.alloc(BLOCK))).toBe('end')
  })
})

/** Of one of the first three headers, whose places follow from the sizes in them. */
function isHeaderByte(at: number, plain: Buffer): boolean {
  let start = 0
  for (let file = 0; file < 4; file += 1) {
    const head = parseHeader(plain.subarray(start, start + BLOCK))
    if (head === undefined || head === 'end') return false
    if (at >= start && at < start + BLOCK) return true
    start += BLOCK + Math.ceil(head.size / BLOCK) * BLOCK
  }
  return false
}
