import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ImportError } from '../../importers/index.ts'
import { reading } from './reading.ts'

const thrownBy = (read: () => unknown): unknown => {
  try {
    return reading('some/path', read)
  } catch (error) {
    return error
  }
}

describe('reading', () => {
  it('hands on what was read', () => {
    expect(reading('x', () => 7)).toBe(7)
  })

  it('says which path cannot be read, why, and what to do', () => {
    const missing = thrownBy(() => readFileSync('/no/such/file'))
    expect(missing).toBeInstanceOf(ImportError)
    expect(missing).toMatchObject({
      code: 'import-unreadable',
      message: expect.stringMatching(/^some\/path cannot be read: ENOENT/) as string,
      hint: 'is the path right?',
    })
    const denied = thrownBy(() => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' })
    })
    expect(denied).toMatchObject({ hint: expect.stringContaining('owns') as string })
  })

  it('leaves other errors as they are', () => {
    const own = new ImportError('import-too-large', 'too large')
    expect(
      thrownBy(() => {
        throw own
      }),
    ).toBe(own)
  })
})
