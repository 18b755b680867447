import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
