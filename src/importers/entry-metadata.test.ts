import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OWN_KEYS } from '../hub/index.ts'
import { entryMetadata } from './entry-metadata.ts'
import { connection, variable } from './found.case.ts'

describe('entryMetadata', () => {
  it('keeps description and team of a variable', () => {
    const one = variable('x', 'v', { description: 'ours', team: 'a-team' })
    expect(entryMetadata([one])).toEqual({ metadata: { description: 'ours', team: 'a-team' }, notes: [] })
  })

  it('leaves the description of a connection in its data, and empty ones out', () => {
    expect(entryMetadata([connection('x', {}, { description: 'ours' })]).metadata).toEqual({})
    expect(entryMetadata([variable('x', 'v', { description: '' })])).toEqual({ metadata: {}, notes: [] })
  })

  it('takes the first that is there', () => {
    const all = [variable('x'), variable('x', 'v', { description: 'one' }), variable('x', 'v', { description: 'two' })]
    expect(entryMetadata(all).metadata).toEqual({ description: 'one' })
  })

  it('says what it cuts', () => {
    const { metadata, notes } = entryMetadata([variable('x', 'v', { description: 'ü'.repeat(300) })])
    expect(metadata['description']).toBe('ü'.repeat(256))
    expect(notes).toEqual([
      { kind: 'kept-aside', text: 'its description is cut to 512 bytes, which Vault keeps of it' },
    ])
    expect(entryMetadata([variable('x', 'v', { description: 'a\nb' })]).notes).toHaveLength(1)
  })

  it('brings what others had put there, the first of each key, beside its own', () => {
    const one = { ...variable('x', 'v', { team: 'ours' }), customMetadata: { team: 'theirs', ticket: 'OPS-1' } }
    const two = { ...variable('x', 'v'), customMetadata: { ticket: 'OPS-2', 'rotated-by': 'somebody' } }
    expect(entryMetadata([one, two])).toEqual({
      metadata: { team: 'ours', ticket: 'OPS-1', 'rotated-by': 'somebody' },
      notes: [],
    })
    const connected = { ...connection('c'), customMetadata: { description: 'theirs' } }
    expect(entryMetadata([connected]).metadata).toEqual({ description: 'theirs' })
  })

  it('leaves and names what Vault would refuse', () => {
    const long = 'k'.repeat(129)
    const customMetadata = {
      ['ü'.repeat(64)]: 'v'.repeat(512),
      [long]: 'planted',
      wide: `planted${'ü'.repeat(256)}`,
      hidden: 'planted\u0007',
      empty: '',
    }
    const { metadata, notes } = entryMetadata([{ ...variable('x'), customMetadata }])
    expect(Object.keys(metadata)).toEqual(['ü'.repeat(64)])
    expect(notes).toEqual([
      {
        kind: 'kept-aside',
        text: `its custom metadata "${'k'.repeat(128)}", "wide", "hidden", "empty" is not brought: Vault keeps 128 bytes of a key and 512 visible ones of a value`,
      },
    ])
    expect(JSON.stringify(notes)).not.toContain('planted')
  })

  it('leaves room for its own among 64 keys', () => {
    const customMetadata = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`key-${at}`, 'v']))
    const { metadata, notes } = entryMetadata([{ ...variable('x', 'v', { description: 'ours' }), customMetadata }])
    expect(Object.keys(metadata)).toHaveLength(64 - OWN_KEYS.length - 1)
    expect(metadata).toMatchObject({ description: 'ours', 'key-0': 'v' })
    expect(notes.map(({ text }) => text)).toEqual([
      `its custom metadata "key-56", "key-57", "key-58", "key-59", "key-60", "key-61", "key-62", "key-63" is not brought: Vault keeps 64 keys, Plenum's own among them`,
    ])
  })

  it('gives what Vault takes, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (description) => {
        const { metadata } = entryMetadata([variable('x', 'v', { description })])
        const kept = metadata['description']
        if (kept === undefined) return
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(512)
        expect(kept).toMatch(/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u)
      }),
      { numRuns: 40 },
    )
  })
})
