import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createShelf, type Shelf } from '../token/shelf.case.ts'
import { Entities } from './index.ts'

const BOB = { accessor: 'auth_userpass_1', alias: 'bob' }
const open = (storage: Shelf): Entities => new Entities({ storage, now: () => 1000, uuid: randomUUID })

describe('entities', () => {
  it('S54: a name has one entity, whoever comes at once, and after a restart', async () => {
    const shelf = createShelf()
    const entities = open(shelf)
    const ids = await Promise.all(Array.from({ length: 5 }, async () => entities.of(BOB)))
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(shelf.commits).toBe(1)
    expect(entities.of(BOB)).toBe(ids[0])
    expect(open(shelf).of(BOB)).toBe(ids[0])
  })

  it('are different for other names and other mounts', async () => {
    const entities = open(createShelf())
    const ids = [
      await entities.of(BOB),
      await entities.of({ ...BOB, alias: 'ann' }),
      await entities.of({ ...BOB, accessor: 'auth_userpass_2' }),
      await entities.of({ ...BOB, alias: 'x/'.repeat(2000) }),
    ]
    expect(new Set(ids).size).toBe(4)
  })

  it('of a mount that is gone are not found again', async () => {
    const shelf = createShelf()
    const entities = open(shelf)
    const other = { ...BOB, accessor: 'auth_userpass_2' }
    const [before, kept] = [await entities.of(BOB), await entities.of(other)]
    await entities.forgetMount(BOB.accessor)
    await entities.forgetMount('auth_userpass_3')
    expect(await entities.of(BOB)).not.toBe(before)
    expect(entities.of(other)).toBe(kept)
  })

  it('are not given out before they are stored', async () => {
    const shelf = createShelf()
    const entities = open(shelf)
    shelf.cutPowerAfter(0)
    await expect(entities.of(BOB)).rejects.toThrow('power cut')
    shelf.restorePower()
    expect(await entities.of(BOB)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('are told by their id, with the name that logged in, until its mount is gone', async () => {
    const shelf = createShelf()
    const entities = open(shelf)
    const id = await entities.of(BOB)
    const entity = entities.byId(id)
    expect(entity).toEqual({
      id,
      name: `entity_${id.slice(0, 8)}`,
      metadata: {},
      aliases: [
        {
          mountAccessor: BOB.accessor,
          id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
          name: 'bob',
          metadata: {},
          customMetadata: {},
        },
      ],
      groups: [],
    })
    expect(entities.byId(id)).toBe(entity)
    expect(open(shelf).byId(id)).toEqual(entity)
    expect([entities.byId(''), entities.byId('nobody')]).toEqual([undefined, undefined])
    await entities.forgetMount(BOB.accessor)
    expect(entities.byId(id)?.aliases).toEqual([])
  })

  it('of the first format find their names', async () => {
    const shelf = createShelf()
    const ids = [await open(shelf).of(BOB), await open(shelf).of({ ...BOB, alias: 'ann' })]
    for (const id of ids) {
      const value = Buffer.from(JSON.stringify({ version: 1, name: `entity_${id.slice(0, 8)}`, creationTime: 1 }))
      await shelf.commit([{ kind: 'put', key: `entity/${id}`, value }])
    }
    expect(
      ids.map((id) =>
        open(shelf)
          .byId(id)
          ?.aliases.map(({ name }) => name),
      ),
    ).toEqual([['bob'], ['ann']])
  })

  it('that cannot be read are an error, not another entity', async () => {
    const shelf = createShelf()
    await open(shelf).of(BOB)
    const key = shelf.keys().find((name) => name.startsWith('alias/')) ?? ''
    await shelf.commit([{ kind: 'put', key, value: Buffer.from('{"version":2}') }])
    expect(() => open(shelf).of(BOB)).toThrow('a stored alias has format version 2, expected 1')
    await shelf.commit([{ kind: 'put', key: 'entity/e', value: Buffer.from('{"version":3}') }])
    expect(() => open(shelf).byId('e')).toThrow('a stored entity has format version 3, expected 2')
  })
})
